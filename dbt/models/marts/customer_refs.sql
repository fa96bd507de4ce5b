select customer_id, source, ref_kind, ref, linked_at
from {{ ref('int_customer_refs') }}
where ref_kind <> 'subscriber'  -- its ref is made from an e-mail, and no such thing leaves the warehouse
