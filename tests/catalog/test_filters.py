"""Filters against a real DuckDB: every operator by example, and random trees against plain Python."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import pytest
import sqlglot
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from audiences.conditions import OPERATORS, check_where, parse_where, plain_where
from audiences.documents import node_of
from audiences.filters import compile_where

TYPES = {
    "name": "text",
    "amount": "number",
    "ratio": "number",
    "flag": "bool",
    "seen_at": "timestamp",
    "born_on": "date",
}
COLUMNS = "name varchar, amount decimal(18,4), ratio double, flag boolean, seen_at timestamp, born_on date"
AS_OF = dt.datetime(2026, 11, 24, 4, 59, 59, 999999)  # the last microsecond of 23 November in New York
ZONE = "America/New_York"
CONNECTION = duckdb.connect()
CONNECTION.execute(f"create table t (place integer, {COLUMNS})")


def compiled(where, zone=ZONE, as_of=AS_OF):
    tree, findings = parse_where(node_of(where))
    assert findings == []
    assert check_where(tree, TYPES) == []
    return compile_where(tree, lambda name: exp.column(name, "t"), TYPES, as_of=as_of, timezone=zone)


def answers(where, rows, zone=ZONE, as_of=AS_OF):
    """True, False or None for each row, as DuckDB says."""
    condition = compiled(where, zone, as_of).sql("duckdb")
    marks = ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * len(rows))
    CONNECTION.execute("delete from t")
    CONNECTION.execute(
        f"insert into t values {marks}", [cell for place, row in enumerate(rows) for cell in (place, *row)]
    )
    found = CONNECTION.execute(f"select {condition} from t order by place").fetchall()
    return [row[0] for row in found]


def person(name=None, amount=None, ratio=None, flag=None, seen_at=None, born_on=None):
    return (name, amount, ratio, flag, seen_at, born_on)


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ({"name": "Amps"}, [True, False, False]),
        ({"name": {"ne": "Amps"}}, [False, True, True]),
        ({"name": {"in": ["Amps", "Bass"]}}, [True, False, False]),
        ({"name": {"not_in": ["Amps", "Bass"]}}, [False, True, True]),
        ({"name": {"contains": "mp"}}, [True, False, False]),
        ({"name": {"contains": "AMP"}}, [False, False, False]),
        ({"name": {"starts_with": "100%"}}, [False, True, False]),
        ({"name": {"contains": "%"}}, [False, True, False]),
        ({"name": {"contains": "_"}}, [False, False, False]),
        ({"name": {"is_null": True}}, [False, False, True]),
        ({"name": {"is_null": False}}, [True, True, False]),
        ({"amount": {"gte": 2}}, [True, True, False]),
        ({"amount": {"gt": 2}}, [False, True, False]),
        ({"amount": {"lt": 2.5}}, [True, False, False]),
        ({"amount": {"gte": 2, "lt": 3}}, [True, False, False]),
        ({"amount": {"between": [2, 10]}}, [True, True, False]),
        ({"amount": {"gte": -1}}, [True, True, False]),
        ({"flag": True}, [True, False, False]),
        ({"flag": {"ne": True}}, [False, True, True]),
        ({"none": [{"flag": True}]}, [False, True, True]),
        ({"none": [{"none": [{"flag": True}]}]}, [True, False, False]),
        ({"any": [{"flag": True}, {"amount": {"gt": 3}}]}, [True, True, False]),
        ({"all": [{"flag": {"ne": True}}, {"name": {"is_null": False}}]}, [False, True, False]),
        ({"flag": True, "any": [{"name": "Amps"}, {"name": "Bass"}]}, [True, False, False]),
        ({"born_on": dt.date(2000, 2, 29)}, [True, False, False]),
        ({"born_on": {"lt": "2001-01-01"}}, [True, False, False]),
    ],
)
def test_each_operator_keeps_whom_it_says(where, kept):
    amps = person("Amps", Decimal("2"), 0.5, True, None, dt.date(2000, 2, 29))
    percent = person("100% bass", Decimal("10"), 1.5, False, None, dt.date(2001, 1, 1))

    assert answers(where, [amps, percent, person()]) == kept


NEW_YORK = ZoneInfo(ZONE)


def seen(*local):
    """A person seen at a New York time."""
    instant = dt.datetime(*local, tzinfo=NEW_YORK).astimezone(dt.UTC).replace(tzinfo=None)
    return person(seen_at=instant)


def test_within_last_days_counts_the_shops_days_and_nothing_later():
    first_of_seven = seen(2026, 11, 17, 0, 0, 0)
    a_second_before = seen(2026, 11, 16, 23, 59, 59)
    tonight = seen(2026, 11, 23, 23, 59, 59)
    tomorrow = seen(2026, 11, 24, 0, 0, 0)

    found = answers(
        {"seen_at": {"within_last_days": 7}}, [first_of_seven, a_second_before, tonight, tomorrow, person()]
    )

    assert found == [True, False, True, False, False]


def test_within_last_days_of_a_date_column():
    days = [person(born_on=dt.date(2026, 11, day)) for day in (21, 22, 23, 24)]

    assert answers({"born_on": {"within_last_days": 2}}, [*days, person()]) == [False, True, True, False, False]


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("2026-11-01", [False, True, True, False]),
        ({"ne": "2026-11-01"}, [True, False, False, True]),
        ({"gt": "2026-11-01"}, [False, False, False, True]),
        ({"gte": "2026-11-01"}, [False, True, True, True]),
        ({"lt": "2026-11-01"}, [True, False, False, False]),
        ({"lte": "2026-11-01"}, [True, True, True, False]),
        ({"between": ["2026-10-31", "2026-11-01"]}, [True, True, True, False]),
        ({"in": ["2026-10-31", "2026-11-02"]}, [True, False, False, True]),
        ({"not_in": ["2026-10-31", "2026-11-02"]}, [False, True, True, False]),
        ({"gte": "2026-11-01T23:59:59-05:00"}, [False, False, True, True]),
        ({"lt": "2026-11-02T04:59:59Z"}, [True, True, False, False]),
        ({"gte": "2026-11-01T23:59:59"}, [False, False, True, True]),
    ],
)
def test_a_bare_date_is_the_shops_day_even_one_of_25_hours(condition, kept):
    moments = [(2026, 10, 31, 23, 59, 59), (2026, 11, 1, 0, 0, 0), (2026, 11, 1, 23, 59, 59), (2026, 11, 2, 0, 0, 0)]

    assert answers({"seen_at": condition}, [seen(*moment) for moment in moments]) == kept


@pytest.mark.parametrize("zone", ["UTC", ZONE, "America/Sao_Paulo", "Africa/Cairo", "Asia/Kathmandu", "Pacific/Apia"])
def test_within_last_days_equals_the_day_difference_in_the_warehouse(zone):
    as_of = dt.datetime(2018, 11, 10, 12, 0)  # days after Brazil's clocks skipped a midnight
    rows = [person(seen_at=as_of - dt.timedelta(minutes=97 * step)) for step in range(-50, 250)]

    found = answers({"seen_at": {"within_last_days": 9}}, rows, zone, as_of)

    with duckdb.connect() as connection:
        connection.execute("create table t as select unnest($seen) as seen_at", {"seen": [row[4] for row in rows]})
        day = "(({} at time zone 'UTC') at time zone $zone)::date"
        query = f"select {day.format('$as_of::timestamp')} - {day.format('seen_at')} between 0 and 8 from t"
        expected = [row[0] for row in connection.execute(query, {"zone": zone, "as_of": as_of}).fetchall()]
    assert found == expected
    assert 0 < sum(found) < len(found)


HOSTILE = "'; drop table t; -- \\' \" `x` $1 ? {{ x }} %s"


@pytest.mark.parametrize("operator", ["eq", "contains", "starts_with"])
def test_hostile_text_stays_a_value(operator):
    rows = [person(HOSTILE), person("drop table t"), person()]

    assert answers({"name": {operator: HOSTILE}}, rows) == [True, False, False]


@pytest.mark.parametrize("dialect", ["duckdb", "bigquery"])
def test_hostile_text_comes_back_as_one_literal_in_both_dialects(dialect):
    text = compiled({"name": {"in": [HOSTILE, "plain"]}}).sql(dialect)

    [parsed] = sqlglot.parse(f"select {text}", dialect=dialect)
    assert [literal.this for literal in parsed.find_all(exp.Literal)] == [HOSTILE, "plain"]


def test_a_hostile_column_name_is_unknown_before_it_is_sql():
    tree, _ = parse_where(node_of({"name) or true --": "x"}))

    [(_, message)] = check_where(tree, TYPES)
    assert message.startswith("unknown column name) or true --")


def test_bigquery_gets_its_own_words():
    where = {"name": {"contains": "a'b"}, "seen_at": {"gte": "2026-11-01"}, "flag": True}

    assert compiled(where).sql("bigquery") == (
        "COALESCE(INSTR(t.name, 'a\\'b') > 0, FALSE) AND "
        "COALESCE(t.seen_at >= CAST('2026-11-01 04:00:00' AS TIMESTAMP), FALSE) AND t.flag IS NOT DISTINCT FROM TRUE"
    )


def test_a_value_that_was_never_checked_is_refused():
    tree, _ = parse_where(node_of({"amount": "ten"}))

    with pytest.raises(ValueError, match="amount: eq has a value that does not fit a number column"):
        compile_where(tree, exp.column, TYPES, as_of=AS_OF, timezone=ZONE)


# Random trees ---------------------------------------------------------------------------------------------------------

TEXTS = ["", "a", "A", "ab", "%", "_", "a%", "ä", "'", "\\", "a'b", "guitar", "😀"]
NUMBERS = [-3, -1, 0, 1, 2, 3, 0.5, -0.25, 0.1, 1e-4]
DAYS = [dt.date(2026, 11, 23) - dt.timedelta(days=days) for days in (-1, 0, 1, 6, 7, 22, 23)]
MOMENTS = [dt.datetime(2026, 11, 23 - days, hour, 0) for days in (-1, 0, 1, 7, 22) for hour in (0, 4, 5, 6)]

ROWS = st.tuples(
    st.none() | st.sampled_from(TEXTS),
    st.none() | st.sampled_from(NUMBERS).map(lambda number: Decimal(str(number))),
    st.none() | st.sampled_from(NUMBERS).map(float),
    st.none() | st.booleans(),
    st.none() | st.sampled_from(MOMENTS),
    st.none() | st.sampled_from(DAYS),
)
VALUES = {
    "text": st.sampled_from([text for text in TEXTS if text]),
    "number": st.sampled_from(NUMBERS),
    "bool": st.booleans(),
    "date": st.sampled_from(DAYS),
}


@st.composite
def conditions(draw):
    column = draw(st.sampled_from(sorted(TYPES)))
    kind = TYPES[column]
    operator = draw(st.sampled_from([name for name, kinds in OPERATORS.items() if kind in kinds]))
    if operator == "is_null":
        return {column: {operator: draw(st.booleans())}}
    if operator == "within_last_days":
        return {column: {operator: draw(st.integers(1, 30))}}
    values = (
        VALUES["date"] if kind == "timestamp" and draw(st.booleans()) else VALUES.get(kind, st.sampled_from(MOMENTS))
    )
    if operator in {"in", "not_in"}:
        return {column: {operator: draw(st.lists(values, min_size=1, max_size=3))}}
    if operator == "between":
        return {column: {operator: sorted([draw(values), draw(values)])}}
    value = draw(values)
    return {column: value if operator == "eq" and draw(st.booleans()) else {operator: value}}


TREES = st.recursive(
    conditions(),
    lambda inner: st.builds(
        lambda kind, parts: {kind: parts},
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


def expected(where, row):
    """What `where` says of one row, told in plain Python."""
    [(key, value)] = where.items()
    if key in {"all", "any", "none"}:
        parts = [expected(part, row) for part in value]
        return {"all": all(parts), "any": any(parts), "none": not any(parts)}[key]
    [(operator, wanted)] = value.items() if isinstance(value, dict) else [("eq", value)]
    given = dict(zip(TYPES, row, strict=True))[key]
    if operator == "is_null":
        return (given is None) is wanted
    if operator in {"ne", "not_in"}:
        return not expected({key: {{"ne": "eq", "not_in": "in"}[operator]: wanted}}, row)
    return given is not None and holds(operator, given, wanted)


def holds(operator, given, wanted):
    if operator == "within_last_days":
        day = shop_day(given) if isinstance(given, dt.datetime) else given
        return 0 <= (dt.date(2026, 11, 23) - day).days < wanted
    values = [comparable(value) for value in wanted] if isinstance(wanted, list) else [comparable(wanted)]
    first = values[0]
    if isinstance(given, dt.datetime):
        given = given if isinstance(first, dt.datetime) else shop_day(given)
    else:
        given = comparable(given)
    return {
        "eq": lambda: given == first,
        "in": lambda: given in values,
        "gt": lambda: given > first,
        "gte": lambda: given >= first,
        "lt": lambda: given < first,
        "lte": lambda: given <= first,
        "between": lambda: first <= given <= values[1],
        "contains": lambda: first in given,
        "starts_with": lambda: given.startswith(first),
    }[operator]()


def shop_day(moment):
    return moment.replace(tzinfo=dt.UTC).astimezone(NEW_YORK).date()


def comparable(value):
    """Numbers without rounding; instants written without a zone in the shop's time."""
    if isinstance(value, bool | str | Decimal):
        return value
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=NEW_YORK).astimezone(dt.UTC).replace(tzinfo=None)
    return value if isinstance(value, dt.date) else Decimal(str(value))


@settings(max_examples=200, deadline=None)
@given(where=TREES, rows=st.lists(ROWS, min_size=1, max_size=12))
@example(
    where={"none": [{"all": [{"name": "a"}, {"flag": True}]}]}, rows=[person(), person("a"), person("a", flag=True)]
)
def test_random_trees_equal_plain_python_row_by_row(where, rows):
    found = answers(where, rows)

    assert found == [expected(where, row) for row in rows]


@settings(max_examples=200, deadline=None)
@given(where=TREES)
def test_what_a_tree_is_written_as_is_read_as_the_same_tree(where):
    tree, _ = parse_where(node_of(where))

    again, _ = parse_where(node_of(plain_where(tree)))
    rendered = [
        compile_where(one, lambda name: exp.column(name, "t"), TYPES, as_of=AS_OF, timezone=ZONE).sql("duckdb")
        for one in (tree, again)
    ]
    assert rendered[0] == rendered[1]
