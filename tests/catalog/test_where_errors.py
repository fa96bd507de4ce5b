"""What can be wrong below `where`, each with its line and the nearest right name."""

import pytest

HEAD = """\
label: Wishes
owner: growth@example.com
segment: wishlisters
platforms: {meta: {account: main}}
"""


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("{categry: Guitars}", "unknown column categry; did you mean category?"),
        ("{order_count: 2}", "unknown column order_count; there are added_at, category, country, customer_id, "),
        ("{category: {starts: G}}", "unknown operator starts for category; did you mean starts_with?"),
        ("{category: {equals: G}}", "unknown operator equals for category; there are between, contains, eq"),
        ("{category: {}}", "category has no operator; write for example eq or gte"),
        ("{category: [Guitars, Amps]}", "category: a list needs an operator; write in: [...] or not_in: [...]"),
        ("{al: [{category: Amps}]}", "al: a list needs an operator; did you mean all?"),
        ("{all: {category: Amps}}", "all must be a list of conditions, each with a dash before it"),
        ("{any: []}", "any must be a list of conditions, each with a dash before it"),
        ("{any: [category]}", "a condition under any must be a mapping such as order_count: {gte: 2}"),
        ("{}", "where must be a mapping such as order_count: {gte: 2}"),
        ("[category]", "where must be a mapping such as order_count: {gte: 2}"),
        ("{category: null}", "category: eq cannot compare with null; write is_null: true"),
        ("{category: {in: [Amps, null]}}", "category: in cannot compare with null; write is_null: true"),
        ("{category: {in: Amps}}", "category: in needs a list such as [US, CA]"),
        ("{category: {in: []}}", "category: in needs a list such as [US, CA]"),
        ("{category: {in: [[Amps]]}}", "category: in needs plain values"),
        ("{category: {eq: [Amps]}}", "category: eq needs a single value"),
        ("{category: {is_null: maybe}}", "category: is_null needs true or false"),
        ("{added_at: {between: [2026-01-01]}}", "added_at: between needs two values, the lower first"),
        ("{added_at: {between: [2026-02-01, 2026-01-01]}}", "added_at: between needs the lower value first"),
        ("{added_at: {within_last_days: 0}}", "added_at: within_last_days needs a whole number of days from 1"),
        ("{added_at: {within_last_days: 7d}}", "added_at: within_last_days needs a whole number of days from 1"),
        ("{added_at: yesterday}", "added_at is a timestamp column; eq needs a day such as 2026-11-30 or an instant"),
        ("{added_at: {gte: 0001-01-01}}", "added_at is a timestamp column; gte needs a day such as 2026-11-30"),
        ("{added_at: {in: [2026-01-01, 2026-01-02T10:00:00Z]}}", "added_at: in mixes days, instants with and without"),
        ("{launched_on: 2026-01-01T10:00:00Z}", "launched_on is a date column; eq needs a day such as 2026-11-30"),
        ("{category: {gt: A}}", "category is a text column and takes no gt; it takes eq, ne, in, not_in, contains, "),
        ("{category: {within_last_days: 3}}", "category is a text column and takes no within_last_days"),
        ("{added_at: {contains: '2026'}}", "added_at is a timestamp column and takes no contains"),
        ("{category: 7}", "category is a text column; eq needs a text (put a number or a date in quotes)"),
        ("{category: 2026-01-01}", "category is a text column; eq needs a text (put a number or a date in quotes)"),
        ("{category: ''}", "category: eq needs a text of one line that is not empty"),
        ('{category: "a\\0b"}', "category: eq needs a text of one line that is not empty"),
    ],
)
def test_a_wrong_condition_is_named(write, problems, where, message):
    write("wishes.yaml", HEAD + f"where: {where}\n")

    [found] = problems()

    assert found.startswith(f"wishes.yaml:5: {message}")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("{order_count: two}", "order_count is a number column; eq needs a number, without quotes"),
        ("{order_count: {gte: '2'}}", "order_count is a number column; gte needs a number, without quotes"),
        ("{order_count: true}", "order_count is a number column; eq needs a number, without quotes"),
        ("{order_count: {lt: .inf}}", "order_count: lt needs a finite number"),
        ("{is_late: {gt: false}}", "is_late is a bool column and takes no gt; it takes eq, ne, in, not_in, is_null"),
        ("{is_late: yes}", "is_late is a bool column; eq needs true or false"),
    ],
)
def test_a_value_must_have_the_columns_type(write, problems, where, message):
    write("lapsed.yaml", HEAD.replace("wishlisters", "lapsed_buyers") + f"where: {where}\n")

    assert problems() == [f"lapsed.yaml:5: {message}"]


def test_each_condition_is_found_in_its_own_line(write, problems):
    tree = """\
where:
  all:
    - category: {in: [Guitars, Amps]}
    - any:
        - contry: US
        - added_at:
            within_last_days: 7
            gte: never
"""
    write("wishes.yaml", HEAD + tree)

    assert problems() == [
        "wishes.yaml:9: unknown column contry; did you mean country?",
        "wishes.yaml:12: added_at is a timestamp column; gte needs a day such as 2026-11-30 or an instant such as "
        "2026-11-30T18:00:00Z",
    ]


def test_norway_is_a_country_and_not_false(write, problems, folder):
    write("wishes.yaml", HEAD + "where: {country: {in: [NO, US]}}\n")

    assert problems() == []
