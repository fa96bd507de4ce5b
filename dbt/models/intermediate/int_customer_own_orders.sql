{# Renewals of a subscription say nothing about what a customer decides, so they are no purchases here. #}
with orders as (
    select * from {{ ref('fct_orders') }} where is_valid and customer_id is not null
),

active_subscribers as (
    select distinct customer_id
    from orders
    where is_subscription and {{ days_since_date('ordered_date') }} <= {{ var('lapsed_days') }}
)

select
    orders.customer_id,
    orders.order_id,
    orders.ordered_at,
    orders.ordered_date,
    active_subscribers.customer_id is not null as is_active_subscriber
from orders
left join active_subscribers on orders.customer_id = active_subscribers.customer_id
where not orders.is_subscription
