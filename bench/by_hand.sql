-- Three segments by hand, as an engineer would write them for one shop, one day and one source: no models, nothing that
-- another segment or a column beyond these would need. It begins with the staging views and with `int_contacts_normalised`
-- (clean e-mails and phones: nobody writes those recipes twice), and has the rows that dbt has, to the last column.
-- Given as variables: as_of (UTC), zone.

create temp macro shop_day(instant) as (instant at time zone 'UTC' at time zone getvariable('zone'))::date;
create temp macro midnight(day) as day::timestamp at time zone getvariable('zone') at time zone 'UTC';
create temp macro days_since(day) as date_diff('day', day, shop_day(getvariable('as_of')));
create temp macro ago(days) as if(days = 0, 'today', if(days = 1, '1 day ago', days || ' days ago'));

-- who is who: references that carry the same e-mail, phone or visitor id are one customer
create temp table signed_in as
select customer_ref, visitor_ref, min(seen_at) as seen_at
from (
    select customer_ref, visitor_ref, occurred_at as seen_at from stg_files__events
    union all
    select customer_ref, visitor_ref, added_at from stg_files__wishlist_items
    union all
    select customer_ref, null, enrolled_at from stg_files__loyalty
)
where customer_ref is not null and (seen_at is null or seen_at <= getvariable('as_of'))
group by all;

create temp table keys as
with carried as (
    select ref_kind as kind, ref, email_key as key from int_contacts_normalised
    union
    select ref_kind, ref, phone_key from int_contacts_normalised
    union
    select 'customer', customer_ref, 'visitor ' || visitor_ref from signed_in
    union
    select 'visitor', visitor_ref, 'visitor ' || visitor_ref from signed_in
)
select *
from carried
where key is not null
qualify count(*) filter (where kind = 'customer') over (partition by key) <= 3;

create temp table refs as
select kind, ref, row_number() over (order by min(seen_at) nulls last, ref, kind) as number
from (
    select ref_kind as kind, ref, first_seen_at as seen_at from int_contacts_normalised
    union all
    select 'customer', customer_ref, seen_at from signed_in
    union all
    select 'visitor', visitor_ref, seen_at from signed_in where visitor_ref is not null
)
where kind = 'customer' or (kind, ref) in (select kind, ref from keys)
group by kind, ref;

create temp table edges as
with numbered as (
    select number, min(number) over (partition by key) as least from keys inner join refs using (kind, ref)
)
select number as a, least as b from numbered where number <> least
union
select least, number from numbered where number <> least;

create temp table people as
with recursive labels (number, label) using key (number) as (
    select number, number from refs
    union
    select edges.a, min(near.label)
    from labels as near
    inner join edges on edges.b = near.number
    inner join recurring.labels as far on far.number = edges.a
    where near.label < far.label
    group by edges.a
)
select
    refs.kind, refs.ref, substr(sha256('files|' || earliest.kind || '|' || earliest.ref), 1, 32) as customer_id
from labels
inner join refs using (number)
inner join refs as earliest on earliest.number = labels.label;

-- orders that count
create temp table lines as
select
    lines.order_ref, lines.line_number, lines.product_ref, lines.quantity,
    coalesce(lines.unit_price, 0) as unit_price,
    coalesce(lines.discount_amount, 0) as discount_amount,
    (lines.quantity * coalesce(lines.unit_price, 0) - coalesce(lines.discount_amount, 0))::decimal(18, 4) as amount,
    coalesce(returns.quantity, 0) as returned_quantity,
    returns.returned_at
from stg_files__order_lines as lines
left join stg_files__returns as returns
    on returns.order_ref = lines.order_ref and returns.line_number = lines.line_number
    and returns.returned_at <= getvariable('as_of')
where lines.quantity > 0
    and lines.product_ref not in (select product_ref from stg_files__products where not is_product);

create temp table orders as
with goods as (
    select
        order_ref,
        bool_and(returned_quantity >= quantity) as is_returned,
        max(returned_at) as returned_at,
        sum(quantity * unit_price) as goods_amount,
        sum(discount_amount) as discount_amount,
        sum(amount * least(returned_quantity, quantity) / quantity) as returned_amount
    from lines group by order_ref
)
select
    orders.order_ref, people.customer_id, orders.ordered_at, shop_day(orders.ordered_at) as day,
    coalesce(orders.is_subscription, false) as is_subscription,
    not goods.is_returned as is_valid,
    (goods.goods_amount - coalesce(orders.discount_amount, goods.discount_amount, 0)
        - coalesce(nullif(goods.returned_amount, 0), orders.refunded_amount, 0))::decimal(18, 4) as net_amount
from stg_files__orders as orders
inner join goods using (order_ref)
inner join people
    on people.kind = if(orders.customer_ref is null, 'guest_order', 'customer')
    and people.ref = coalesce(orders.customer_ref, orders.order_ref)
where orders.ordered_at <= getvariable('as_of')
    and not coalesce(orders.is_test, false)
    and coalesce(orders.status, '') not in ('void', 'voided', 'failed', 'declined', 'expired', 'draft', 'checkout-draft', 'trash')
    and coalesce(orders.cancelled_at > getvariable('as_of'), orders.status is null or orders.status not in ('cancelled', 'canceled'))
    and (not goods.is_returned or days_since(shop_day(goods.returned_at)) <= 30);

-- recent buyers
create table seg_recent_buyers as
select
    customer_id,
    max(ordered_at) as qualified_at,
    'last ordered ' || ago(days_since(max(day))) as reason,
    days_since(max(day)) as days_since_last_order
from orders group by customer_id having days_since(max(day)) < 14;

-- lapsed buyers
create temp table purchases as
select customer_id, order_ref, ordered_at, day from orders where is_valid and not is_subscription;

create temp table buyers as
select
    customer_id, count(*) as order_count, max(day) as last_day,
    arg_max(order_ref, (ordered_at, order_ref)) as last_order_ref,
    count(*) filter (where days_since(day) < 365) as orders_365
from purchases group by customer_id;

create temp macro recency_cell(days) as
    1 + list_sum(list_transform([14, 30, 60, 90, 120, 180, 270, 365], lambda last_day: (days > last_day)::int));
create temp macro frequency_cell(orders) as
    1 + list_sum(list_transform([0, 1, 2, 4, 7, 12], lambda most: (orders > most)::int));

create temp table curve as
with look_backs as (
    select unnest([90, 120, 150, 180, 365]) as days_back, shop_day(getvariable('as_of')) - days_back::int as looked_on
),
seen as (
    select
        days_back, customer_id,
        min(date_diff('day', day, looked_on)) filter (where day <= looked_on) as silent_days,
        count(*) filter (where day <= looked_on and date_diff('day', day, looked_on) < 365) as order_count,
        bool_or(day > looked_on and date_diff('day', looked_on, day) <= 90) as has_returned
    from purchases, look_backs
    where days_back < 365 or (select days_since(min(day)) from purchases) >= 365 + days_back
    group by all
    having silent_days is not null
),
counts as (
    select
        recency_cell(silent_days) as recency, frequency_cell(order_count) as frequency, count(*) as people,
        count(*) filter (where has_returned) as returned
    from seen group by all
),
by_frequency as (
    select frequency, sum(people) as people, sum(returned) as returned from counts group by frequency
)
select
    recency, frequency,
    round(
        (coalesce(counts.returned, 0) + 10::double * by_frequency.returned / by_frequency.people) / (coalesce(counts.people, 0) + 10), 6
    ) as p_return
from range(1, 10) as recencies (recency)
cross join by_frequency
left join counts using (recency, frequency);

create temp table rhythm as
with gaps as (
    select customer_id, day - lag(day) over (partition by customer_id order by day) as gap
    from (select distinct customer_id, day from purchases)
)
select
    customer_id, count(*) as day_count, max(gap) as longest_gap,
    (select round(quantile_cont(gap, 0.8), 6) from gaps) as shop_gap
from gaps group by customer_id;

create temp table worth as
with summed as (
    select customer_id, sum(net_amount) as value, if(value > 0, value, 0) as ranked_value
    from orders where is_valid group by customer_id
),
ranked as (
    select *, rank() over (order by ranked_value desc) as place, count(*) filter (where value > 0) over () as people from summed
)
select
    customer_id, coalesce(value, 0)::decimal(18, 4) as lifetime_value,
    case
        when not coalesce(value > 0, false) then 'none'
        when place * 10 <= people + 9 then 'top'
        when place * 2 <= people + 1 then 'middle'
        else 'low'
    end as value_tier
from ranked;

create temp table products as
select
    product_ref, name, price, trim(split_part(category_path, '>', 1)) as category,
    coalesce(is_active, true) and coalesce(launched_at <= getvariable('as_of'), true) and coalesce(stock > 0, true) as in_stock
from stg_files__products;

create table seg_lapsed_buyers as
with silent as (
    select *, days_since(last_day) as silent_days
    from buyers
    where days_since(last_day) between 181 and 365
        and customer_id not in (select customer_id from orders where is_valid and is_subscription and days_since(day) <= 180)
),
last_products as (
    select silent.customer_id, lines.product_ref, products.category
    from silent
    inner join lines on lines.order_ref = silent.last_order_ref
    inner join products using (product_ref)
    qualify row_number() over (
        partition by silent.customer_id order by lines.amount desc nulls last, lines.product_ref, lines.line_number
    ) = 1
)
select
    silent.customer_id,
    midnight(silent.last_day + 181) as qualified_at,
    'last ordered ' || ago(silent.silent_days) as reason,
    silent.silent_days as days_since_last_order,
    silent.order_count,
    worth.value_tier,
    worth.lifetime_value,
    curve.p_return as p_return_90,
    rhythm.day_count >= 4 and silent.silent_days > coalesce(rhythm.longest_gap, silent.silent_days)
        and silent.silent_days > rhythm.shop_gap as is_late,
    last_products.product_ref as last_product_id,
    last_products.category as last_category
from silent
inner join worth using (customer_id)
inner join rhythm using (customer_id)
left join curve on curve.recency = recency_cell(silent.silent_days) and curve.frequency = frequency_cell(silent.orders_365)
left join last_products using (customer_id);

-- wishlisters
create table seg_wishlisters as
with listed as (
    select
        coalesce(accounts.customer_id, visitors.customer_id) as customer_id,
        items.visitor_ref, items.product_ref, items.added_at, items.removed_at, items.price_at_add
    from stg_files__wishlist_items as items
    left join people as accounts on accounts.kind = 'customer' and accounts.ref = items.customer_ref
    left join people as visitors on visitors.kind = 'visitor' and visitors.ref = items.visitor_ref
),
moves as (
    select customer_id, product_ref, added_at as moved_at, price_at_add as price, true as is_add from listed
    union all
    select customer_id, product_ref, removed_at, null, false from listed
    union all
    select coalesce(accounts.customer_id, visitors.customer_id), events.product_ref, events.occurred_at, events.value,
        events.event_type = 'add_to_wishlist'
    from stg_files__events as events
    left join people as accounts on accounts.kind = 'customer' and accounts.ref = events.customer_ref
    left join people as visitors on visitors.kind = 'visitor' and visitors.ref = events.visitor_ref
    where events.event_type = 'remove_from_wishlist' or (events.event_type = 'add_to_wishlist' and events.consent_targeting)
),
known as (
    from moves where moved_at <= getvariable('as_of') and customer_id is not null and product_ref is not null
),
wished as (
    select customer_id, product_ref, moved_at as added_at, price as price_at_add
    from known
    where is_add
    qualify row_number() over (partition by customer_id, product_ref order by moved_at desc, price desc nulls last) = 1
),
ended as (
    select customer_id, product_ref, max(moved_at) as ended_at
    from (
        select customer_id, product_ref, moved_at from known where not is_add
        union all
        select orders.customer_id, lines.product_ref, orders.ordered_at
        from orders inner join lines using (order_ref) where orders.is_valid
    )
    group by all
),
standing as (
    select
        wished.*, products.name, products.category, products.price, coalesce(products.in_stock, false) as in_stock,
        coalesce(round(greatest(price_at_add - products.price, 0) / nullif(price_at_add, 0), 6), 0) as price_drop
    from wished
    left join products using (product_ref)
    left join ended using (customer_id, product_ref)
    where days_since(shop_day(added_at)) < 30 and coalesce(ended.ended_at < added_at, true)
)
select
    customer_id,
    added_at as qualified_at,
    'put ' || coalesce(name, product_ref) || ' on the wishlist ' || ago(days_since(shop_day(added_at)))
        || if(price_drop >= 0.01, ', now ' || floor(price_drop * 100)::int || ' % cheaper', '') as reason,
    row_number() over (
        partition by customer_id order by if(in_stock, 0, 1), price_drop desc, added_at desc, product_ref
    ) as rank,
    product_ref as product_id,
    category,
    price,
    price_at_add,
    added_at,
    in_stock
from standing;
