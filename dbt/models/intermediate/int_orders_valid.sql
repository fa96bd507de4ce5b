{% set void_statuses = ['void', 'voided', 'failed', 'declined', 'expired', 'draft', 'checkout-draft', 'trash'] %}

with orders as (
    select {{ order_id() }} as order_id, *
    from ({{ union_sources('orders') }}) as all_orders
    where ordered_at <= {{ as_of() }}
),

goods as (
    select
        order_id,
        count(*) = sum(case when is_returned then 1 else 0 end) as is_all_returned,
        max(returned_at) as returned_at
    from {{ ref('int_order_lines') }}
    where is_goods
    group by order_id
),

judged as (
    select
        orders.*,
        case
            when orders.is_test then 'test'
            when orders.status in ('{{ void_statuses | join("', '") }}') then 'void'
            when orders.cancelled_at <= {{ as_of() }} then 'cancelled'
            when orders.cancelled_at is null and orders.status in ('cancelled', 'canceled') then 'cancelled'
            when goods.order_id is null then 'no_product'
            when goods.is_all_returned then 'returned'
        end as invalid_reason,
        case when goods.is_all_returned then goods.returned_at end as returned_at
    from orders
    left join goods on orders.order_id = goods.order_id
)

select
    order_id,
    source,
    order_ref,
    customer_ref,
    ordered_at,
    {{ shop_date('ordered_at') }} as ordered_date,
    coalesce(is_subscription, false) as is_subscription,
    channel,
    currency,
    country,
    goods_amount,
    discount_amount,
    refunded_amount,
    case when delivered_at <= {{ as_of() }} then delivered_at end as delivered_at,
    case when cancelled_at <= {{ as_of() }} then cancelled_at end as cancelled_at,
    returned_at,
    invalid_reason is null as is_valid,
    invalid_reason,
    invalid_reason is null or (
        invalid_reason = 'returned' and {{ days_since('returned_at') }} <= {{ var('return_exclusion_days') }}
    ) as is_recent_exclusion
from judged
