-- Which orders are placed when, and what each is mainly about. Order 0 of a habit is the latest one.
create or replace table order_starts as
with by_habit as (
    select
        number, order_number, false as is_extra, null::bigint as wanted_product,
        silent_days + order_number * gap_days
            + case
                when order_number = 0 then 0
                else pick(dice(concat('gap', number, '-', order_number)), 0, gap_days // 2 + 1) - gap_days // 4
            end as days_ago
    from (select *, unnest(range(order_count)) as order_number from people)
),

-- Beside the habit: what comes after `until`, a wish or a cart that was bought in the end, and the cases that must be there.
beside_habit as (
    select number, 900 as order_number, true as is_extra, null::bigint as wanted_product, -1 - pick(stance_bits, 0, 3) as days_ago
    from people
    where pick(stance_bits, 1, 1000) < 12 and situation = 'nothing'
    union all
    select number, 910 + wish_number, true, product_number, days_ago - 1 - pick(wish_bits, 3, 5)
    from wishes
    where situation = 'wish_bought'
    union all
    select
        number, 920, true,
        case when situation = 'cart_bought_later' then (
            select min(sold_then(tickets, 1)) from tickets
            where tickets.leaf = people.guitar_leaf and tickets.ticket = people.favourite_ticket
        ) end,
        case situation when 'returns_soon' then 16 when 'only_voucher' then 40 when 'cart_bought_later' then 1 else 0 end
    from people
    where situation in ('cancels_tomorrow', 'returns_soon', 'only_voucher', 'cart_bought_later')
)

select * from by_habit
where days_ago <= 1095
union all
select * from beside_habit;

create or replace table order_heads as
with drawn as (
    select
        order_starts.*,
        order_starts.number * 1000 + order_number as order_key,
        people.habit, people.situation, people.contact, people.interest, people.guitar_leaf, people.amp_leaf, people.strings_leaf,
        people.favourite_ticket, people.order_count, people.stance_bits, people.is_guest_only,
        dice(concat('order', order_key)) as order_bits,
        dice(concat('basket', order_key)) as basket_bits,
        dice(concat('fate', order_key)) as fate_bits,
        (order_number = order_count - 1) as is_first
    from order_starts
    inner join people on people.number = order_starts.number
),

themed as (
    select
        drawn.*,
        case
            when situation = 'only_voucher' and order_number = 920 then 'Services > Vouchers'
            when habit in ('string_changer', 'strings_club') then strings_leaf
            when habit = 'hand_cream' then 'Cosmetics > Hand Care > Creams'
            when is_extra or drawn.interest = 'care' then tastes.leaf
            when is_first and pick(order_bits, 0, 100) < 38 then guitar_leaf
            when order_number = order_count - 2 and pick(order_bits, 0, 100) < 22 then amp_leaf
            when order_number = order_count // 2 and not is_first and pick(order_bits, 0, 100) < 30 then guitar_leaf
            else tastes.leaf
        end as leaf
    from drawn
    inner join tastes on tastes.interest = drawn.interest and tastes.place = pick(order_bits, 1, 100)
),

ticketed as (
    select
        *,
        case
            -- nobody buys the same guitar twice: the second one is 370 tickets further, more than the widest product
            when leaf like 'Guitars%' or leaf like 'Amps%' then (favourite_ticket + case when is_first then 0 else 370 end) % 1000
            when habit in ('string_changer', 'strings_club', 'hand_cream') or pick(order_bits, 2, 100) < 45 then favourite_ticket
            else pick(basket_bits, 3, 1000)
        end as ticket
    from themed
)

select
    ticketed.* exclude (wanted_product, guitar_leaf, amp_leaf, strings_leaf, favourite_ticket, order_count, ticket),
    moment(days_ago, seconds) as ordered_at,
    coalesce(wanted_product, sold_then(tickets, days_ago)) as main_product,
    case when habit <> 'strings_club' and pick(order_bits, 3, 100) < 12 and not is_extra then 'store' else 'online' end as channel
from (select *, daytime(fate_bits, 3) as seconds from ticketed) as ticketed
inner join tickets on tickets.leaf = ticketed.leaf and tickets.ticket = ticketed.ticket;
