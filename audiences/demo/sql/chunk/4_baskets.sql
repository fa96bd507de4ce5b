-- What lies in each basket: the main product, its companions, things picked up beside it, now and then a fee or a voucher.
create or replace table baskets as
with companions_taken as (
    select
        order_key, 1 + companions.position as position,
        case
            when pick(basket_bits, companions.position, 1000) * 4 < chance * 3 then first_favourite
            else second_favourite
        end as product_number
    from order_heads
    inner join companions on companions.product_number = order_heads.main_product
    where pick(basket_bits, companions.position, 1000) < chance
      and habit <> 'strings_club'
),

beside as (
    select
        order_key, 10 + extra as position, interest, dice(concat('extra', extra, '-', order_key)) as bits
    from (select *, unnest([0, 1]) as extra from order_heads where habit <> 'strings_club' and leaf not like 'Services%')
    where pick(fate_bits, extra, 1000) < case extra when 0 then 540 else 380 end
),

beside_taken as (
    select beside.order_key, beside.position, tickets.product_number
    from beside
    inner join tastes on tastes.interest = beside.interest and tastes.place = pick(beside.bits, 0, 100)
    inner join tickets on tickets.leaf = tastes.leaf and tickets.ticket = pick(beside.bits, 1, 1000)
),

fees as (
    select order_key, 20 as position, product_number
    from order_heads
    inner join tickets on tickets.ticket = 0
        and tickets.leaf = case
            when pick(fate_bits, 2, 1000) < 60 then 'Services > Shipping'
            when pick(fate_bits, 2, 1000) < 68 then 'Services > Vouchers'
        end
    where channel = 'online'
),

put as (
    select order_key, 0 as position, main_product as product_number from order_heads
    union all
    select * from companions_taken
    union all
    select * from beside_taken
    union all
    select * from fees
),

once as (
    select order_key, product_number, min(position) as position
    from put
    group by order_key, product_number
)

select
    order_key, product_number, position,
    row_number() over (partition by order_key order by position, product_number) as line_number
from once;

create or replace table lines as
with priced as (
    select
        baskets.*, order_heads.number, order_heads.days_ago,
        products.product_ref, products.leaf, products.is_product,
        case
            when products.is_consumable and contact = 'business' then 4 + pick(order_bits, 3, 16)
            when products.is_consumable and baskets.line_number = 1 then 1 + pick(order_bits, 3, 300) // 140
            else 1
        end as quantity,
        case when products.is_product
            then round(products.price * (1 - 0.03 * (greatest(order_heads.days_ago, 0) // 365))::decimal(4, 2), 2)::decimal(18, 4)
            else products.price end as unit_price,
        case
            when order_heads.is_first and pick(order_bits, 2, 100) >= 86 then 'WELCOME10'
            when promotion_days.depth_percent is not null and pick(stance_bits, 2, 100) < 55 then promotion_days.code
        end as coupon,
        case
            when not products.is_product then 0
            when order_heads.is_first and pick(order_bits, 2, 100) >= 86 then 10
            when pick(stance_bits, 2, 100) < 55 and starts_with(products.leaf, coalesce(promotion_days.leaf_prefix, ''))
                then coalesce(promotion_days.depth_percent, 0)
            else 0
        end as depth_percent
    from baskets
    inner join order_heads using (order_key)
    inner join products on products.product_number = baskets.product_number
    left join promotion_days on promotion_days.days_ago = order_heads.days_ago
    where products.launched_days_ago >= order_heads.days_ago
)

select *, round(quantity * unit_price * depth_percent * 0.01, 2)::decimal(18, 4) as discount_amount from priced;
