with consents as (
    select
        source,
        customer_ref,
        {{ email_key(normalise_email('email')) }} as email_key,
        purpose,
        case when status in ('granted', 'denied') then status else 'unknown' end as status,
        occurred_at
    from ({{ union_sources('consents') }}) as all_consents
    where occurred_at <= {{ as_of() }}
),

refs as (
    select * from {{ ref('int_customer_refs') }}
),

holders as (
    select distinct refs.customer_id, keys.identity_key as email_key, keys.is_shared
    from {{ ref('int_identity_keys') }} as keys
    inner join refs on keys.source = refs.source and keys.ref_kind = refs.ref_kind and keys.ref = refs.ref
    where keys.key_kind = 'email'
),

statements as (
    select refs.customer_id, consents.purpose, consents.status, consents.occurred_at
    from consents
    inner join refs
        on refs.ref_kind = 'customer' and consents.source = refs.source and consents.customer_ref = refs.ref

    union all

    select holders.customer_id, consents.purpose, consents.status, consents.occurred_at
    from consents
    inner join holders on consents.email_key = holders.email_key
    where not holders.is_shared or consents.status = 'denied'

    union all

    select customer_id, 'email', 'granted', subscribed_at
    from {{ ref('int_customer_subscriptions') }}
    where subscribed_at is not null
)

select customer_id, purpose, status as consent_status, occurred_at as stated_at
from statements
qualify row_number() over (
    partition by customer_id, purpose
    order by occurred_at desc, case status when 'denied' then 1 when 'unknown' then 2 else 3 end
) = 1
