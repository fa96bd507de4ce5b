-- What lies, or lay, on wishlists. Somebody who wishes has one to three wishes.
create or replace table wishes as
with wishers as (
    select *, unnest(range(1 + case when situation = 'wishes' then pick(stance_bits, 2, 3) else 0 end)) as wish_number
    from people
    where situation_kind = 'wish'
),

dated as (
    select
        number, situation, customer_ref, wish_number,
        case
            when pick(bits, 0, 3) = 0 then guitar_leaf
            when pick(bits, 0, 3) = 1 then amp_leaf
            when interest = 'care' then 'Cosmetics > Nail Care'
            else 'Pedals > Echo'
        end as leaf,
        dice(concat('wish', number, '-', wish_number)) as wish_bits,
        min_days, max_days
    from wishers
)

select
    dated.number, dated.situation, dated.customer_ref, dated.wish_number, dated.leaf, wish_bits,
    tickets.product_number, products.product_ref, products.price,
    min_days + pick(wish_bits, 1, max_days - min_days + 1) as days_ago,
    daytime(wish_bits, 2) as seconds
from dated
inner join tickets on tickets.leaf = dated.leaf and tickets.ticket = (pick(wish_bits, 0, 1000) + dated.wish_number * 430) % 1000
inner join products on products.product_number = tickets.product_number;
