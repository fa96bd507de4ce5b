with orders as (
    select * from {{ ref('int_orders_valid') }}
),

refs as (
    select * from {{ ref('int_customer_refs') }}
),

rates as (
    select
        currency,
        rate,
        valid_from,
        lead(valid_from) over (partition by currency order by valid_from) as valid_until
    from {{ ref('exchange_rates') }}
),

goods as (
    select
        order_id,
        count(*) as line_count,
        sum(quantity * unit_price) as goods_amount,
        sum(discount_amount) as discount_amount,
        sum(line_amount * least(returned_quantity, quantity) / quantity) as returned_amount
    from {{ ref('int_order_lines') }}
    where is_goods
    group by order_id
),

amounts as (
    select
        orders.order_id,
        coalesce(goods.line_count, 0) as line_count,
        coalesce(goods.goods_amount, orders.goods_amount, 0) as goods_amount,
        coalesce(orders.discount_amount, goods.discount_amount, 0) as discount_amount,
        coalesce(nullif(goods.returned_amount, 0), orders.refunded_amount, 0) as refunded_amount,
        case when coalesce(orders.currency, '{{ var("shop_currency") }}') = '{{ var("shop_currency") }}' then 1 else rates.rate end as rate
    from orders
    left join goods on orders.order_id = goods.order_id
    left join rates
        on orders.currency = rates.currency
        and orders.ordered_date >= rates.valid_from
        and (rates.valid_until is null or orders.ordered_date < rates.valid_until)
)

select
    orders.order_id,
    refs.customer_id,
    orders.source,
    orders.ordered_at,
    orders.ordered_date,
    orders.is_valid,
    orders.invalid_reason,
    orders.is_recent_exclusion,
    orders.returned_at,
    orders.customer_ref is null as is_guest,
    orders.is_subscription,
    orders.channel,
    orders.currency,
    orders.country,
    amounts.line_count,
    {{ money('amounts.goods_amount * amounts.rate') }} as goods_amount,
    {{ money('amounts.discount_amount * amounts.rate') }} as discount_amount,
    {{ money('amounts.refunded_amount * amounts.rate') }} as refunded_amount,
    {{ money('(amounts.goods_amount - amounts.discount_amount - amounts.refunded_amount) * amounts.rate') }} as net_amount,
    orders.delivered_at,
    orders.cancelled_at
from orders
inner join amounts on orders.order_id = amounts.order_id
left join refs
    on orders.source = refs.source
    and refs.ref_kind = case when orders.customer_ref is null then 'guest_order' else 'customer' end
    and refs.ref = coalesce(orders.customer_ref, orders.order_ref)
