"""The filters of an audience held against one customer: each condition with the customer's value and whether it holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from sqlglot import exp

from audiences.attached_build import BUILD, Moment
from audiences.catalog import Audience, Schema
from audiences.conditions import Condition, Where, conditions
from audiences.filters import compile_where
from audiences.sql import render
from audiences.sync.explain.sentences import wanted_words
from audiences.sync.explain.story import Check


def check_filters(
    connection: duckdb.DuckDBPyConnection, audience: Audience, schema: Schema, moment: Moment, customer_id: str
) -> Check | None:
    """The tree of `where` with the customer's values, on the row that the audience would pick.

    None where the audience has no filters, or the customer is not in its segment.
    """
    if audience.where is None:
        return None
    listed = conditions(audience.where)
    row = connection.execute(render(_query(audience, audience.where, listed, schema, moment, customer_id))).fetchone()
    if row is None:
        return None
    answers = zip(listed, row[: len(listed)], row[len(listed) :], strict=True)
    return _tree(audience.where, iter(answers), moment.timezone)


def _query(
    audience: Audience, where: Where, listed: list[Condition], schema: Schema, moment: Moment, customer_id: str
) -> exp.Select:
    """Values, then answers, of every condition; the row is picked as `members` does it."""
    columns = schema.segments[audience.segment]
    types = {**schema.customers, **columns}

    def resolve(column: str) -> exp.Expression:
        return exp.column(column, "segment" if column in columns else "customer")

    def holds(tree: Where) -> exp.Expression:
        return compile_where(tree, resolve, types, as_of=moment.as_of, timezone=moment.timezone)

    values = [resolve(one.column).as_(f"value_{number}") for number, one in enumerate(listed)]
    answers = [holds(one).as_(f"holds_{number}") for number, one in enumerate(listed)]
    keys = sorted(name for name in columns if name.endswith("_id") and name != "customer_id")
    order = [exp.column(name, "segment") for name in ["rank", *keys]] if "rank" in columns else []
    return (
        exp.select(*values, *answers)
        .from_(exp.table_(f"seg_{audience.segment}", db="segments", catalog=BUILD, alias="segment"))
        .join(
            exp.table_("dim_customers", db="marts", catalog=BUILD, alias="customer"),
            on="customer.customer_id = segment.customer_id",
            join_type="left",
        )
        .where(exp.EQ(this=exp.column("customer_id", "segment"), expression=exp.Literal.string(customer_id)))
        .order_by(exp.Ordered(this=holds(where), desc=True), *order)
        .limit(1)
    )


def _tree(where: Where, answers: Iterator[tuple[Condition, Any, bool]], timezone: str) -> Check:
    if isinstance(where, Condition):
        condition, value, holds = next(answers)
        shown = shown_value(value, timezone)
        return Check("condition", bool(holds), condition.column, wanted_words(condition), shown)
    parts = tuple(_tree(part, answers, timezone) for part in where.parts)
    held = [part.holds for part in parts]
    if where.kind == "any":
        return Check("any", any(held), parts=parts)
    if where.kind == "none":
        return Check("none", not any(held), parts=parts)
    return parts[0] if len(parts) == 1 else Check("all", all(held), parts=parts)


def shown_value(value: Any, timezone: str) -> str:
    """A value of the warehouse as people read it: instants by the shop's clock, nothing as `unknown`."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return f"{aware.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:g}" if isinstance(value, float | Decimal) else str(value)
