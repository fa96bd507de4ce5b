-- Who looked at what: one row per visit or letter, with the moment of its turning point (wish, purchase) or its start.
create or replace table visits as
with usual as (
    select
        people.*, visit_number,
        dice(concat('visit', people.number, '-', visit_number)) as visit_bits
    from (select *, unnest(range(visit_count)) as visit_number from people) as people
),

usual_visits as (
    select
        number, visit_number,
        ['bounce', 'search', 'search', 'browse', 'browse', 'look_again', 'cart', 'cart_emptied'][1 + pick(visit_bits, 0, 8)] as kind,
        pick(visit_bits, 1, 1000) * pick(visit_bits, 3, 1000) * 184 // 1000000 - 3 as days_ago,  -- more of them lately
        daytime(visit_bits, 2) as seconds,
        tastes.leaf,
        pick(dice(concat('look', number, '-', visit_number)), 0, 1000) as ticket,
        null::bigint as product_number,
        null::decimal(18, 4) as amount,
        pick(visit_bits, 2, 10) < 6 as is_signed_in
    from usual
    inner join tastes on tastes.interest = usual.interest and tastes.place = pick(visit_bits, 2, 100)
),

situation_visits as (
    select
        number, 100 + visit_number,
        case situation when 'wishes_as_visitor' then 'bounce' else situation_kind end,
        greatest(min_days + pick(dice(concat('when', number)), 0, max_days - min_days + 1) - visit_number, -3),
        36000 + pick(stance_bits, 0, 30000),
        case when situation = 'cart_bought_later' or pick(trait_bits, 0, 2) = 0 then guitar_leaf else strings_leaf end,
        favourite_ticket,
        null,
        null,
        situation = 'wishes_as_visitor' or pick(trait_bits, 0, 100) < 85
    from (select *, unnest(range(situation_visits)) as visit_number from people)
),

wish_visits as (
    select number, 200 + wish_number, 'wish', days_ago, seconds, leaf, 0, product_number, price, situation <> 'wishes_as_visitor'
    from wishes
    union all
    select number, 210 + wish_number, 'unwish', days_ago - 3, seconds, leaf, 0, product_number, price, true
    from wishes
    where situation = 'wish_removed'
),

purchases as (
    select number, 1000 + order_number, 'purchase', days_ago, seconds, leaf, 0, main_product, goods_amount - discount_amount, not is_guest
    from order_fates
    where channel = 'online' and days_ago < 180 and not is_unknown
),

arrivals as (
    select number, 300, 'sign_up', joined_days_ago, daytime(bits, 3), null, null, null, null, true
    from people
    where joined_days_ago < 180 and not is_guest_only
    union all
    select number, 301, 'subscribe', days_ago, daytime(mail_bits, 3), null, null, null, null, customer_ref is not null
    from newsletter
    where days_ago < 180
),

letters as (
    select *, 2 + letter * 14 as sent_days_ago, dice(concat('letter', number, '-', letter)) as letter_bits
    from (select *, unnest(range(13)) as letter from newsletter where customer_ref is not null)
),

opened as (
    select number, 400 + letter, 'mail', sent_days_ago, 30000 + pick(letter_bits, 1, 40000), null, null, null, null, true
    from letters
    where pick(letter_bits, 0, 1000) < opens
      and sent_days_ago < days_ago
      and sent_days_ago > greatest(coalesce(left_days_ago, -4), coalesce(bounced_days_ago, -4))
),

-- People who only look: no account, no order, numbers of their own.
strangers as (
    select
        -number, 0, ['bounce', 'search', 'browse', 'cart'][1 + pick(stranger_bits, 0, 4)],
        pick(stranger_bits, 1, 184) - 3, daytime(stranger_bits, 2),
        strings_leaf, pick(stranger_bits, 3, 1000), null, null, false
    from (select *, dice(concat('stranger', number)) as stranger_bits from people)
    where number % 2 = 0
),

every_visit as (
    select * from usual_visits
    union all select * from situation_visits
    union all select * from wish_visits
    union all select * from purchases
    union all select * from arrivals
    union all select * from opened
    union all select * from strangers
)

select
    every_visit.* exclude (is_signed_in, seconds),
    dice(concat('steps', every_visit.number, '-', visit_number)) as step_bits,
    moment(days_ago, every_visit.seconds) as turned_at,
    is_signed_in and customer_ref is not null as is_signed_in,
    case when kind <> 'mail' then visitor_name(every_visit.number, visit_number % 5 = 4) end as visitor_ref,
    customer_ref,
    case
        when region = 'asks' then pick(stance_bits, 0, 1000) < 800
        when pick(stance_bits, 0, 1000) < 970 then pick(stance_bits, 0, 1000) >= 80
    end as consent_targeting
from every_visit
inner join people on people.number = abs(every_visit.number);
