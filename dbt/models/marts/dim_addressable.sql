with customers as (
    select * from {{ ref('int_customer_traits') }}
),

purposes as (
    select 'ad_user_data' as purpose union all select 'ad_personalization' union all select 'email'
),

regions as (
    select * from {{ ref('consent_regions') }}
),

subscriptions as (
    select * from {{ ref('int_customer_subscriptions') }}
),

gathered as (
    select
        customers.customer_id,
        purposes.purpose,
        customers.is_staff,
        customers.is_minor,
        coalesce(regions.needs_grant, true) as needs_grant,
        coalesce(statements.consent_status, 'unknown') as consent_status,
        statements.stated_at,
        purposes.purpose = 'email' and coalesce(subscriptions.is_unsubscribed, false) as is_unsubscribed,
        purposes.purpose = 'email' and coalesce(subscriptions.is_bounced, false) as is_bounced,
        subscriptions.unsubscribed_at,
        subscriptions.bounced_at
    from customers
    cross join purposes
    left join regions on customers.country = regions.country
    left join {{ ref('int_consent_statements') }} as statements
        on customers.customer_id = statements.customer_id
        and purposes.purpose = statements.purpose
    left join subscriptions on customers.customer_id = subscriptions.customer_id
),

judged as (
    select
        *,
        case
            when is_staff then 'staff'
            when is_minor then 'minor'
            when consent_status = 'denied' then 'consent_denied'
            when is_unsubscribed then 'unsubscribed'
            when is_bounced then 'bounced'
            when needs_grant and consent_status != 'granted' then 'consent_unknown'
        end as why_not
    from gathered
)

select
    customer_id,
    purpose,
    why_not is null as is_addressable,
    why_not,
    consent_status,
    case why_not when 'unsubscribed' then unsubscribed_at when 'bounced' then bounced_at else stated_at end as decided_at
from judged
