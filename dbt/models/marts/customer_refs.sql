with refs as (
    select source, 'customer' as ref_kind, customer_ref as ref, min(ordered_at) as linked_at
    from {{ ref('int_orders_valid') }}
    where customer_ref is not null
    group by 1, 2, 3
)

select
    {{ hash_key("source || '|' || ref_kind || '|' || ref") }} as customer_id,
    source,
    ref_kind,
    ref,
    linked_at
from refs
