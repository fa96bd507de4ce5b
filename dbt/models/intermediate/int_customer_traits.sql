with refs as (
    select * from {{ ref('int_customer_refs') }}
),

known as (
    select *
    from ({{ union_sources('customers') }}) as customers
    where created_at is null or created_at <= {{ as_of() }}
),

accounts as (
    select refs.customer_id, known.*
    from refs
    left join known on refs.source = known.source and refs.ref = known.customer_ref
    where refs.ref_kind = 'customer'
),

places as (
    select refs.customer_id, contacts.country, contacts.state, contacts.city
    from {{ ref('int_contacts_normalised') }} as contacts
    inner join refs
        on contacts.source = refs.source and contacts.ref_kind = refs.ref_kind and contacts.ref = refs.ref
    where contacts.country is not null
    {{ keep_newest(['refs.customer_id'], ['contacts.seen_at', 'contacts.country', 'contacts.state', 'contacts.city']) }}
),

genders as (
    select customer_id, gender
    from accounts
    where gender is not null
    {{ keep_newest(['customer_id'], ['updated_at', 'created_at', 'gender']) }}
),

flags as (
    select
        customer_id,
        max(case when coalesce(has_account, true) then 1 else 0 end) = 1 as has_account,
        max(case when is_staff then 1 else 0 end) = 1 as is_staff,
        max(case when is_business then 1 else 0 end) = 1 as is_business,
        max(case when {{ is_minor('birth_date') }} then 1 else 0 end) = 1 as is_minor
    from accounts
    group by customer_id
),

customers as (
    select distinct customer_id from refs
)

select
    customers.customer_id,
    places.country,
    places.state,
    places.city,
    genders.gender,
    coalesce(flags.has_account, false) as has_account,
    coalesce(flags.is_staff, false) as is_staff,
    coalesce(flags.is_business, false) as is_business,
    coalesce(flags.is_minor, false) as is_minor
from customers
left join places on customers.customer_id = places.customer_id
left join genders on customers.customer_id = genders.customer_id
left join flags on customers.customer_id = flags.customer_id
