select
    customer_id,
    source,
    ref_kind,
    case when ref_kind = 'subscriber' then own_id else ref end as ref,  -- else its ref is made from an e-mail
    own_id,
    linked_at
from {{ ref('int_customer_refs') }}
