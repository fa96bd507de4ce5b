with refs as (
    select * from {{ ref('int_identity_refs') }}
),

components as (
    select * from {{ ref('int_identity_components') }}
)

select
    {{ ref_hash('earliest.source', 'earliest.ref_kind', 'earliest.ref') }} as customer_id,
    {{ ref_hash('refs.source', 'refs.ref_kind', 'refs.ref') }} as own_id,
    refs.source,
    refs.ref_kind,
    refs.ref,
    refs.first_seen_at as linked_at
from refs
inner join components on refs.ref_number = components.ref_number
inner join refs as earliest on components.first_ref_number = earliest.ref_number
