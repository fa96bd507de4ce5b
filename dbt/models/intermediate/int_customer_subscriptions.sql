with given as (
    select
        {{ email_key(normalise_email('email')) }} as email_key,
        subscribed_at, unsubscribed_at, bounced_at
    from ({{ union_sources('subscriptions') }}) as subscriptions
),

addresses as (
    select
        email_key,
        max(case when subscribed_at <= {{ as_of() }} then subscribed_at end) as subscribed_at,
        max(case when unsubscribed_at <= {{ as_of() }} then unsubscribed_at end) as unsubscribed_at,
        max(case when bounced_at <= {{ as_of() }} then bounced_at end) as bounced_at
    from given
    where email_key is not null
    group by email_key
),

standing as (
    select
        *,
        unsubscribed_at is not null and coalesce(unsubscribed_at >= subscribed_at, true) as is_unsubscribed,
        bounced_at is not null and coalesce(bounced_at >= subscribed_at, true) as is_bounced
    from addresses
),

holders as (
    select distinct refs.customer_id, keys.identity_key as email_key, keys.is_shared
    from {{ ref('int_identity_keys') }} as keys
    inner join {{ ref('int_customer_refs') }} as refs
        on keys.source = refs.source and keys.ref_kind = refs.ref_kind and keys.ref = refs.ref
    where keys.key_kind = 'email'
)

select
    holders.customer_id,
    max(case when not holders.is_shared then standing.subscribed_at end) as subscribed_at,
    max(case when is_unsubscribed then unsubscribed_at end) as unsubscribed_at,
    max(case when is_bounced then bounced_at end) as bounced_at,
    max(case when is_unsubscribed then 1 else 0 end) = 1 as is_unsubscribed,
    min(case when is_bounced then 1 else 0 end) = 1 as is_bounced
from standing
inner join holders on standing.email_key = holders.email_key
group by holders.customer_id
