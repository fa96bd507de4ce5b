with refs as (
    select customer_id, min(linked_at) as first_seen_at, count(distinct source) as source_count
    from {{ ref('int_customer_refs') }}
    group by customer_id
),

traits as (
    select * from {{ ref('int_customer_traits') }}
),

subscriptions as (
    select * from {{ ref('int_customer_subscriptions') }}
),

tiers as (
    select refs.customer_id, loyalty.tier
    from ({{ union_sources('loyalty') }}) as loyalty
    inner join {{ ref('int_customer_refs') }} as refs
        on refs.ref_kind = 'customer' and loyalty.source = refs.source and loyalty.customer_ref = refs.ref
    where loyalty.enrolled_at is null or loyalty.enrolled_at <= {{ as_of() }}
    {{ keep_newest(['refs.customer_id'], ['loyalty.enrolled_at', 'loyalty.points', 'loyalty.tier']) }}
),

purchases as (
    select
        customer_id,
        count(*) as order_count,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at,
        coalesce(sum(net_amount), 0) as lifetime_value,
        sum(net_amount) > 0 as has_value
    from {{ ref('fct_orders') }}
    where is_valid and customer_id is not null
    group by customer_id
),

ranked as (
    select
        *,
        rank() over (order by case when has_value then lifetime_value else 0 end desc) as value_rank,
        sum(case when has_value then 1 else 0 end) over () as customer_count
    from purchases
)

select
    refs.customer_id,
    refs.first_seen_at,
    refs.source_count,
    traits.country,
    traits.state,
    traits.city,
    traits.has_account,
    traits.is_staff,
    traits.is_business or coalesce(ranked.has_value and ranked.value_rank * 200 <= ranked.customer_count, false) as is_business,
    not traits.has_account and coalesce(ranked.order_count, 0) > 0 as is_guest_only,
    traits.gender,
    coalesce(ranked.order_count, 0) as order_count,
    ranked.first_ordered_at,
    ranked.last_ordered_at,
    {{ money('coalesce(ranked.lifetime_value, 0)') }} as lifetime_value,
    case
        when not coalesce(ranked.has_value, false) then 'none'
        when ranked.value_rank * 10 <= ranked.customer_count + 9 then 'top'
        when ranked.value_rank * 2 <= ranked.customer_count + 1 then 'middle'
        else 'low'
    end as value_tier,
    tiers.tier as loyalty_tier,
    coalesce(subscriptions.subscribed_at is not null and not subscriptions.is_unsubscribed and not subscriptions.is_bounced, false) as is_subscribed
from refs
inner join traits on refs.customer_id = traits.customer_id
left join subscriptions on refs.customer_id = subscriptions.customer_id
left join tiers on refs.customer_id = tiers.customer_id
left join ranked on refs.customer_id = ranked.customer_id
