with buyers as (
    select customer_id, max(ordered_at) as last_ordered_at
    from {{ ref('fct_orders') }}
    where is_recent_exclusion and customer_id is not null
    group by customer_id
),

silent as (
    select customer_id, last_ordered_at, {{ days_since('last_ordered_at') }} as days_since_last_order from buyers
)

select
    customer_id,
    last_ordered_at as qualified_at,
    'last ordered ' || {{ days_ago('days_since_last_order') }} as reason,
    days_since_last_order
from silent
where days_since_last_order < {{ var('recent_days') }}
