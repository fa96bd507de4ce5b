"""Every habit that a segment looks for is there, in the shop of 2,000 customers, as seen at the end of 23 November."""

import duckdb
import pytest

PREPARED = """
create macro as_of() as timestamp '2026-11-24 05:00:00';
create macro shop_day(happened_at) as (happened_at - interval 5 hour)::date;
create macro days_since(happened_at) as date '2026-11-23' - shop_day(happened_at);
create macro is_lately(happened_at) as days_since(happened_at) between 0 and 13;
create macro asks(country) as trim(upper(country)) in ('DE', 'GB', 'CH');
create macro mail_key(email) as lower(trim(email));

create table bought as
select orders.*, substr(order_ref, 2, 8) as person, days_since(ordered_at) as days_ago
from orders
where ordered_at < as_of()
  and not is_test
  and status <> 'void'
  and (cancelled_at is null or cancelled_at >= as_of());

create table bought_lines as
select bought.person, bought.order_ref, bought.days_ago, bought.ordered_at, order_lines.quantity, products.*
from bought
join order_lines using (order_ref)
join products using (product_ref)
where is_product;

create table persons as
select person, min(days_ago) as silent, count(distinct order_ref) as orders, max(is_subscription) as has_club
from bought_lines join bought using (person, order_ref, days_ago)
group by person;

create table carted as
select customer_ref, product_ref, max(occurred_at) as carted_at
from events where event_type = 'add_to_cart' and occurred_at < as_of() and customer_ref is not null
group by all;
"""

HABITS = {
    "lapsed": "from persons where silent between 181 and 365",
    "silent for exactly 180 days": "from persons where silent = 180",
    "silent for exactly 181 days": "from persons where silent = 181",
    "silent for exactly 365 days": "from persons where silent = 365",
    "silent for exactly 366 days": "from persons where silent = 366",
    "lost": "from persons where silent > 365",
    "bought 13 days ago": "from persons where silent = 13",
    "bought 14 days ago": "from persons where silent = 14",
    "bought once": "from persons where orders = 1",
    "bought twice": "from persons where orders = 2",
    "loyal": "from persons where orders >= 8 and silent < 60",
    "never bought": "from customers where substr(customer_ref, 2, 8) not in (select person from persons)",
    "spent more than 2,000": "from (select person from bought group by person having sum(goods_amount) > 2000)",
    "changes strings every two months": """from (
        select person, count(distinct order_ref) as n, max(days_ago) - min(days_ago) as span
        from bought_lines where category_path like 'Strings%' group by person
    ) where n >= 6 and span / (n - 1) between 50 and 70""",
    "uses up hand cream": """from (select person from bought_lines where category_path like 'Cosmetics%'
        group by person having count(distinct order_ref) >= 5)""",
    "subscribed to strings": "from persons where has_club",
    "guitar and cable together": """from (select order_ref from bought_lines group by order_ref
        having bool_or(category_path like 'Guitars%') and bool_or(category_path like 'Cables%'))""",
    "guitar, but no cable yet": """from (select person from bought_lines where days_ago < 730 group by person
        having bool_or(category_path = 'Guitars > Electric') and not bool_or(category_path like 'Cables%'))""",
    "wished in the last 30 days": """from wishlist_items
        where days_since(added_at) between 0 and 29 and removed_at is null""",
    "wished exactly 29 days ago": "from wishlist_items where days_since(added_at) = 29",
    "wished exactly 30 days ago": "from wishlist_items where days_since(added_at) = 30",
    "took the wish back": "from wishlist_items where removed_at < as_of() and days_since(added_at) < 30",
    "bought the wish since": """from wishlist_items
        join bought_lines on bought_lines.person = substr(customer_ref, 2, 8)
            and bought_lines.product_ref = wishlist_items.product_ref and ordered_at > added_at
        where days_since(added_at) < 30""",
    "wished before signing in": """from wishlist_items join events using (visitor_ref)
        where wishlist_items.customer_ref is null and events.customer_ref is not null""",
    "wish that has become cheaper": "from wishlist_items join products using (product_ref) where price <= 0.95 * price_at_add",
    "wish that is out of stock": "from wishlist_items join products using (product_ref) where stock = 0",
    "left a cart": """from carted left join bought_lines on person = substr(customer_ref, 2, 8)
            and bought_lines.product_ref = carted.product_ref and ordered_at >= carted_at
        where days_since(carted_at) between 2 and 13 and person is null""",
    "bought the cart later": """from events as carts join bought_lines on person = substr(carts.customer_ref, 2, 8)
            and bought_lines.product_ref = carts.product_ref
        where event_type = 'add_to_cart' and days_ago <= 1 and shop_day(occurred_at) < shop_day(ordered_at)""",
    "emptied the cart": "from events where event_type = 'remove_from_cart' and is_lately(occurred_at)",
    "stopped at checkout": """from events where event_type = 'begin_checkout' and session_ref not in
        (select session_ref from events where event_type = 'purchase')""",
    "payment failed": "from events where event_type = 'payment_failed' and is_lately(occurred_at)",
    "browses a category": """from (select customer_ref, category from events
        where event_type in ('view_product', 'view_category') and is_lately(occurred_at) and customer_ref is not null
        group by all having count(*) >= 3 and count(distinct product_ref) >= 3)""",
    "looks at a product again and again": """from (select customer_ref, product_ref from events
        where event_type = 'view_product' and is_lately(occurred_at) and customer_ref is not null
        group by all having count(*) >= 2)""",
    "only visits": """from (select visitor_ref from events where visitor_ref is not null
        group by visitor_ref having count(customer_ref) = 0)""",
    "guest with an account": """from orders join customers on mail_key(orders.email) = mail_key(customers.email)
        where orders.customer_ref is null and orders.email <> customers.email and has_account""",
    "guest known by phone": """from orders join customers on orders.phone = customers.phone
        where orders.customer_ref is null and mail_key(orders.email) <> mail_key(customers.email)""",
    "guest without account": """from orders where customer_ref is null and email is not null
        and mail_key(email) not in (select mail_key(email) from customers where email is not null)""",
    "two accounts, one mailbox": """from (select mail_key(email) from customers where email like '%@%'
        group by 1 having count(*) = 2)""",
    "mailbox of more than three": """from (select mail_key(email) from customers where email like '%@%'
        group by 1 having count(*) > 3)""",
    "phone of more than three": """from (select right(regexp_replace(replace(phone, '.0', ''), '[^0-9]', '', 'g'), 10) as digits
        from customers where length(digits) = 10 group by digits having count(*) > 3)""",
    "profile without account": "from customers where not has_account",
    "staff": "from customers where is_staff",
    "business": "from customers where is_business",
    "returned in whole": """from (select order_ref from order_lines join products using (product_ref)
            left join returns using (order_ref, line_number) where is_product
        group by order_ref having count(*) = count(returned_at) and max(returned_at) < as_of())""",
    "returned in part": """from (select order_ref from order_lines left join returns using (order_ref, line_number)
        group by order_ref having count(returned_at) between 1 and count(*) - 1)""",
    "asked to return, not yet back": """from returns
        where requested_at < as_of() and (returned_at is null or returned_at >= as_of())""",
    "cancelled before": "from orders where cancelled_at < as_of()",
    "cancelled only after": "from orders where ordered_at < as_of() and cancelled_at >= as_of()",
    "void": "from orders where status = 'void'",
    "test order": "from orders where is_test",
    "order of vouchers only": """from (select order_ref from order_lines join products using (product_ref)
        group by order_ref having not bool_or(is_product))""",
    "bought in a store": "from orders where channel = 'store'",
    "unknown buyer": "from orders where customer_ref is null and email is null and phone is null",
    "delivered late": "from orders where delivered_at > promised_at",
    "bought with a code": "from orders where coupon is not null and discount_amount > 0",
    "takes the newsletter": "from subscriptions where unsubscribed_at is null and bounced_at is null",
    "left the newsletter": "from subscriptions where unsubscribed_at < as_of()",
    "newsletter bounced": "from subscriptions where bounced_at < as_of()",
    "newsletter without account": """from subscriptions where mail_key(email) not in
        (select mail_key(email) from customers where email is not null)""",
    "clicks in letters": """from (select customer_ref from events where event_type = 'email_click'
        group by 1 having count(*) >= 2)""",
    "granted where people are asked": """from consents join customers using (customer_ref)
        where asks(country) and status = 'granted'""",
    "denied where people are asked": """from consents join customers using (customer_ref)
        where asks(country) and status = 'denied'""",
    "said nothing where people are asked": """from customers where asks(country)
        and customer_ref not in (select customer_ref from consents where customer_ref is not null)""",
    "said nothing in the US": """from customers where country = 'US'
        and customer_ref not in (select customer_ref from consents where customer_ref is not null)""",
    "denied in the US": "from consents join customers using (customer_ref) where country = 'US' and status = 'denied'",
    "took the consent back": """from (select customer_ref from consents where purpose = 'ad_user_data' and occurred_at < as_of()
        group by 1 having count(*) > 1 and max_by(status, occurred_at) = 'denied')""",
    "takes the consent back tomorrow or later": "from consents where status = 'denied' and occurred_at >= as_of()",
    "visit that may not be used for ads": "from events where not consent_targeting",
    "country unknown": "from customers where country is null or length(trim(country)) <> 2",
    "placeholder birthday": "from customers where birth_date = '1900-01-01'",
    "minor": "from customers where birth_date > date '2008-11-23'",
    "enrolled, points soon gone": "from loyalty where points_expire_at between as_of() and as_of() + interval 30 day",
    "out of stock": "from products where stock = 0 and is_active",
    "inactive": "from products where not is_active",
    "new arrival": "from products where days_since(launched_at) < 30",
    "no cost known": "from products where is_product and cost is null",
    "no product": "from products where not is_product",
    "promotion that runs": "from promotions where as_of() between starts_at and ends_at",
    "promotion that is about to begin": "from promotions where starts_at between as_of() and as_of() + interval 7 day",
}


@pytest.fixture(scope="module")
def prepared(open_shop, shop_folder):
    with open_shop(shop_folder) as shop:
        shop.execute(PREPARED)
        yield shop


@pytest.mark.parametrize("habit", HABITS)
def test_the_shop_has_somebody_or_something(prepared: duckdb.DuckDBPyConnection, habit: str):
    found = prepared.execute(f"select count(*) {HABITS[habit]}").fetchone()[0]

    assert found > 0


def test_complements_stand_out_even_in_a_small_shop(prepared):
    pairs = prepared.execute(
        """with baskets as (select distinct order_ref, product_ref, product_group from bought_lines),
           totals as (
               select product_ref, count(*) as n, (select count(distinct order_ref) from baskets) as all_baskets
               from baskets group by 1),
           pairs as (
               select a.product_ref as anchor, b.product_ref as companion, count(*) as n
               from baskets a join baskets b using (order_ref)
               where a.product_group <> b.product_group group by all having count(*) >= 10)
           select count(*) filter (is_durable), count(*)
           from pairs join totals a on a.product_ref = anchor join totals b on b.product_ref = companion
           join products on products.product_ref = anchor
           where pairs.n * a.all_baskets >= 1.2 * a.n * b.n"""
    ).fetchone()

    assert pairs[0] >= 5
    assert pairs[1] >= 50


@pytest.mark.parametrize(
    ("what", "share", "low", "high"),
    [
        ("lapsed", "select avg((silent between 181 and 365)::int) from persons", 0.10, 0.30),
        ("bought once", "select avg((orders = 1)::int) from persons", 0.20, 0.45),
        ("returned", "select (select count(distinct order_ref) from returns) / count(*) from orders", 0.03, 0.12),
        ("in the US", "select avg((country = 'US')::int) from customers", 0.50, 0.75),
        ("lines per order", "select (select count(*) from order_lines) / count(*) from orders", 2.0, 2.5),
    ],
)
def test_shares_are_believable(prepared, what, share, low, high):
    assert low < prepared.execute(share).fetchone()[0] < high, what
