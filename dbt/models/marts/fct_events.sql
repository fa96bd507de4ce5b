with events as (
    select *
    from ({{ union_sources('events') }}) as all_events
    where occurred_at <= {{ as_of() }}
),

accounts as (
    select source, ref, customer_id from {{ ref('int_customer_refs') }} where ref_kind = 'customer'
),

visitors as (
    select source, ref, customer_id from {{ ref('int_customer_refs') }} where ref_kind = 'visitor'
)

select
    events.source || ':' || events.event_ref as event_id,
    coalesce(accounts.customer_id, visitors.customer_id) as customer_id,
    events.source,
    events.visitor_ref,
    events.session_ref,
    events.occurred_at,
    {{ shop_date('events.occurred_at') }} as occurred_date,
    events.event_type,
    events.product_ref as product_id,
    events.category,
    events.value,
    events.seconds,
    coalesce(events.consent_targeting, false) as consent_targeting
from events
left join accounts on events.source = accounts.source and events.customer_ref = accounts.ref
left join visitors on events.source = visitors.source and events.visitor_ref = visitors.ref
