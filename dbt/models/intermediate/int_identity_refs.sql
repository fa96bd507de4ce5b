with seen as (
    select source, ref_kind, ref, first_seen_at from {{ ref('int_contacts_normalised') }}
    union all
    select source, 'customer', customer_ref, first_seen_at from {{ ref('int_visitors_signed_in') }}
    union all
    select source, 'visitor', visitor_ref, first_seen_at from {{ ref('int_visitors_signed_in') }} where visitor_ref is not null
),

refs as (
    select source, ref_kind, ref, min(first_seen_at) as first_seen_at
    from seen
    group by source, ref_kind, ref
),

recognised as (
    select distinct source, ref_kind, ref
    from {{ ref('int_identity_keys') }}
    where not is_shared
)

select
    refs.source,
    refs.ref_kind,
    refs.ref,
    refs.first_seen_at,
    row_number() over (
        order by case when refs.first_seen_at is null then 1 else 0 end, refs.first_seen_at, refs.source, refs.ref, refs.ref_kind
    ) as ref_number
from refs
left join recognised
    on refs.source = recognised.source
    and refs.ref_kind = recognised.ref_kind
    and refs.ref = recognised.ref
where refs.ref_kind = 'customer' or recognised.ref is not null
