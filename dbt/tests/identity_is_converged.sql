{# A key whose holders are not one customer: identity_rounds was too small for the longest chain of references. #}
select keys.identity_key
from {{ ref('int_identity_keys') }} as keys
inner join {{ ref('int_customer_refs') }} as refs
    on keys.source = refs.source
    and keys.ref_kind = refs.ref_kind
    and keys.ref = refs.ref
where not keys.is_shared
group by keys.identity_key
having min(refs.customer_id) != max(refs.customer_id)
