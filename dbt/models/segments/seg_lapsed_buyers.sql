with buyers as (
    select
        customer_id,
        count(*) as order_count,
        max(ordered_date) as last_ordered_date,
        {{ days_since_date('max(ordered_date)') }} as days_since_last_order
    from {{ ref('int_customer_own_orders') }}
    where not is_active_subscriber
    group by customer_id
),

customers as (
    select * from {{ ref('dim_customers') }}
),

returns as (
    select * from {{ ref('int_customer_return') }}
),

rhythm as (
    select * from {{ ref('int_customer_rhythm') }}
),

last_products as (
    select * from {{ ref('int_customer_last_products') }}
)

select
    buyers.customer_id,
    {{ midnight_after('buyers.last_ordered_date', var('lapsed_days') + 1) }} as qualified_at,
    'last ordered ' || {{ days_ago('buyers.days_since_last_order') }} as reason,
    buyers.days_since_last_order,
    buyers.order_count,
    customers.value_tier,
    customers.lifetime_value,
    returns.p_return_90,
    coalesce(
        rhythm.purchase_day_count >= 4
        and buyers.days_since_last_order > rhythm.longest_gap_days
        and buyers.days_since_last_order > rhythm.shop_gap_p80,
        false
    ) as is_late,
    last_products.product_id as last_product_id,
    last_products.category as last_category
from buyers
inner join customers on buyers.customer_id = customers.customer_id
left join returns on buyers.customer_id = returns.customer_id
left join rhythm on buyers.customer_id = rhythm.customer_id
left join last_products on buyers.customer_id = last_products.customer_id
where buyers.days_since_last_order > {{ var('lapsed_days') }}
    and buyers.days_since_last_order <= {{ var('lost_days') }}
