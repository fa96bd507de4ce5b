with contacts as (
    select refs.customer_id, contacts.*
    from {{ ref('int_contacts_normalised') }} as contacts
    inner join {{ ref('int_customer_refs') }} as refs
        on contacts.source = refs.source and contacts.ref_kind = refs.ref_kind and contacts.ref = refs.ref
),

shared_keys as (
    select distinct identity_key from {{ ref('int_identity_keys') }} where is_shared
),

{% for kind in ['email', 'phone'] -%}
newest_{{ kind }}s as (
    select customer_id, {{ kind }}, {{ kind }}_key, max(seen_at) as seen_at
    from contacts
    where {{ kind }} is not null and {{ kind }}_key not in (select identity_key from shared_keys)
    group by customer_id, {{ kind }}, {{ kind }}_key
),

{{ kind }}s as (
    select
        customer_id, {{ kind }},
        row_number() over (partition by customer_id order by seen_at desc nulls last, {{ kind }}_key) as position
    from newest_{{ kind }}s
    qualify position <= {{ var('identifier_positions') }}
),

{% endfor -%}
paired as (
    select
        coalesce(emails.customer_id, phones.customer_id) as customer_id,
        coalesce(emails.position, phones.position) as position,
        emails.email,
        phones.phone
    from emails
    full outer join phones on emails.customer_id = phones.customer_id and emails.position = phones.position
),

names as (
    select customer_id, first_name, last_name
    from contacts
    where first_name is not null or last_name is not null
    {{ keep_newest(['customer_id'], ['last_name is not null', 'seen_at', 'last_name', 'first_name']) }}
),

places as (
    select customer_id, city, state, postcode, country
    from contacts
    where country is not null or postcode is not null
    {{ keep_newest(['customer_id'], ['country is not null', 'seen_at', 'country', 'state', 'city', 'postcode']) }}
)

select
    paired.customer_id,
    paired.position,
    {{ sha256_hex(email_plain('paired.email')) }} as email_plain,
    {{ sha256_hex(email_gmail('paired.email')) }} as email_gmail,
    {{ sha256_hex(email_stripped('paired.email')) }} as email_stripped,
    {{ sha256_hex(email_canonical('paired.email')) }} as email_canonical,
    {{ sha256_hex(phone_digits('paired.phone')) }} as phone_digits,
    {{ sha256_hex('paired.phone') }} as phone_plus,
    {{ sha256_hex(meta_name('names.first_name')) }} as meta_first_name,
    {{ sha256_hex(meta_name('names.last_name')) }} as meta_last_name,
    {{ sha256_hex(meta_city('places.city')) }} as meta_city,
    {{ sha256_hex(meta_state('places.state', 'places.country')) }} as meta_state,
    {{ sha256_hex(meta_postcode('places.postcode', 'places.country')) }} as meta_postcode,
    {{ sha256_hex(meta_country('places.country')) }} as meta_country,
    {{ sha256_hex(google_name('names.first_name')) }} as google_given_name,
    {{ sha256_hex(google_name('names.last_name')) }} as google_family_name,
    {{ google_region('places.country') }} as google_region,
    {{ google_postcode('places.postcode', 'places.country') }} as google_postcode,
    cast({{ recipe_version() }} as {{ dbt.type_bigint() }}) as recipe_version
from paired
left join names on paired.customer_id = names.customer_id
left join places on paired.customer_id = places.customer_id
