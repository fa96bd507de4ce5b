{% set columns = ['email', 'phone', 'first_name', 'last_name', 'city', 'state', 'postcode', 'country'] %}

with sightings as (
    select
        source, 'customer' as ref_kind, customer_ref as ref, created_at as first_seen_at,
        case when updated_at <= {{ as_of() }} then updated_at else created_at end as seen_at, {{ columns | join(', ') }}
    from ({{ union_sources('customers') }}) as customers
    where created_at is null or created_at <= {{ as_of() }}

    union all

    select
        source, case when customer_ref is null then 'guest_order' else 'customer' end, coalesce(customer_ref, order_ref),
        ordered_at, ordered_at, {{ columns | join(', ') }}
    from ({{ union_sources('orders') }}) as orders
    where ordered_at <= {{ as_of() }} and not coalesce(is_test, false)

    union all

    select
        source, 'subscriber', email, coalesce(subscribed_at, unsubscribed_at, bounced_at), subscribed_at, email,
        null, null, null, null, null, null, null
    from ({{ union_sources('subscriptions') }}) as subscriptions
    where coalesce(subscribed_at, unsubscribed_at, bounced_at, {{ as_of() }}) <= {{ as_of() }}

    union all

    select
        source, 'customer', customer_ref, occurred_at, occurred_at, email,
        null, null, null, null, null, null, null
    from ({{ union_sources('consents') }}) as consents
    where customer_ref is not null and occurred_at <= {{ as_of() }}
),

emails as (
    select email, {{ normalise_email('email') }} as normalised
    from (select distinct email from sightings) as given
),

phones as (
    select phone, country, {{ phone_e164('phone', 'country', "'" ~ var('shop_country') ~ "'") }} as normalised
    from (select distinct phone, coalesce(country, '') as country from sightings where phone is not null) as given
)

select
    sightings.source,
    sightings.ref_kind,
    case when sightings.ref_kind = 'subscriber' then {{ email_key('emails.normalised') }} else sightings.ref end as ref,
    sightings.first_seen_at,
    sightings.seen_at,
    emails.normalised as email,
    phones.normalised as phone,
    {{ email_key('emails.normalised') }} as email_key,
    {{ phone_key('phones.normalised') }} as phone_key,
    {% for column in columns[2:] %}sightings.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
from sightings
left join emails on sightings.email = emails.email
left join phones
    on sightings.phone = phones.phone
    and coalesce(sightings.country, '') = phones.country
where sightings.ref_kind != 'subscriber' or emails.normalised is not null
