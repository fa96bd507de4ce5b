with contacts as (
    select * from {{ ref('int_contacts_normalised') }}
),

signed_in as (
    select source, customer_ref, visitor_ref, {{ hash_key("'visitor:' || source || '|' || visitor_ref") }} as visitor_key
    from {{ ref('int_visitors_signed_in') }}
    where visitor_ref is not null
),

carried as (
    select source, ref_kind, ref, 'email' as key_kind, email_key as identity_key from contacts
    union all
    select source, ref_kind, ref, 'phone', phone_key from contacts
    union all
    select source, 'customer', customer_ref, 'visitor', visitor_key from signed_in
    union all
    select source, 'visitor', visitor_ref, 'visitor', visitor_key from signed_in
),

keys as (
    select distinct source, ref_kind, ref, key_kind, identity_key
    from carried
    where identity_key is not null
),

holders as (
    select
        identity_key,
        count(*) as ref_count,
        sum(case when ref_kind = 'customer' then 1 else 0 end) as account_count
    from keys
    group by identity_key
)

select
    keys.source,
    keys.ref_kind,
    keys.ref,
    keys.key_kind,
    keys.identity_key,
    holders.account_count > {{ var('max_accounts_per_key') }} as is_shared,
    holders.ref_count
from keys
inner join holders on keys.identity_key = holders.identity_key
