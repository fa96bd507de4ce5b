-- What becomes of each order: paid, sent, cancelled, void, sent back. A moment after the horizon has not been recorded yet.
create or replace table order_fates as
with totals as (
    select
        order_key,
        sum(quantity * unit_price)::decimal(18, 4) as goods_amount,
        sum(discount_amount)::decimal(18, 4) as discount_amount,
        max(coupon) as coupon
    from lines
    group by order_key
),

drawn as (
    select
        order_heads.*, totals.* exclude (order_key),
        dice(concat('care', order_key)) as care_bits,
        dice(concat('way', order_key)) as way_bits
    from order_heads
    inner join totals using (order_key)
),

decided as (
    select
        *,
        pick(care_bits, 0, 1000) < 4 as is_test,
        order_number < 900 and pick(care_bits, 0, 1000) between 4 and 6 as is_void,
        situation = 'cancels_tomorrow' and order_number = 920 or pick(care_bits, 1, 1000) < 25 as is_cancelled,
        case
            when situation = 'returns_soon' and order_number = 920 then 'whole'
            when pick(care_bits, 2, 1000) < 30 then 'whole'
            when pick(care_bits, 2, 1000) < 60 then 'part'
        end as sent_back,
        86400 * (1 + pick(way_bits, 0, 3)) + pick(way_bits, 3, 30000) as seconds_to_ship,
        86400 * (1 + pick(way_bits, 1, 6)) as seconds_to_arrive,
        case
            when situation = 'cancels_tomorrow' and order_number = 920 then 86400 + 3600
            else 3600 + pick(way_bits, 2, 60000)
        end as seconds_to_cancel
    from drawn
),

sent as (
    select
        *,
        case when is_cancelled then until_horizon(ordered_at + to_seconds(seconds_to_cancel)) end as cancelled_at,
        case when not is_cancelled and not is_void and channel = 'online'
            then until_horizon(ordered_at + to_seconds(seconds_to_ship)) end as shipped_at,
        case
            when is_cancelled or is_void then null
            when channel = 'store' then ordered_at
            else until_horizon(ordered_at + to_seconds(seconds_to_ship + seconds_to_arrive))
        end as delivered_at
    from decided
)

-- How the customer is known in this order: by account, by contact data as a guest, or in a store often not at all.
select
    *,
    until_horizon(delivered_at + to_seconds(86400 * (1 + pick(care_bits, 3, 8)))) as back_asked_at,
    until_horizon(delivered_at + to_seconds(86400 * (4 + pick(care_bits, 3, 14)))) as back_at,
    channel = 'store' and pick(way_bits, 2, 100) < 15 as is_unknown,
    is_guest_only or channel = 'online' and habit <> 'strings_club' and pick(way_bits, 2, 100) >= 92 as is_guest
from sent;

create or replace table sent_back as
select
    lines.order_key, lines.line_number, lines.quantity, back_asked_at, back_at,
    lines.quantity * lines.unit_price - lines.discount_amount as refund
from order_fates
inner join lines using (order_key)
where (sent_back = 'whole' or sent_back = 'part' and lines.line_number = 1)
  and lines.is_product
  and not is_test
  and back_asked_at is not null;
