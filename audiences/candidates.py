"""Who comes into question for an audience: from a segment's rows to customers, each with the reason why it is out.

Order of the steps: segment, where, one row per customer, active, max_days_in and rest_days, exclude, exclusive group.
What happens to them per platform and account follows in `audiences.members`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import duckdb
from sqlglot import exp

from audiences.as_of import shop_day
from audiences.attached_build import BUILD, Moment
from audiences.catalog import Audience, Catalog, Schema
from audiences.definition import Exclusion
from audiences.filters import compile_where
from audiences.sql import render


def select_audience(
    connection: duckdb.DuckDBPyConnection, audience: Audience, catalog: Catalog, schema: Schema, moment: Moment
) -> None:
    """Put the audience's customers into `funnel`, each with the reason why it is out, or null.

    The audiences that it excludes or that stand before it in its group must have been selected already.
    """
    source = _segment_rows(audience, schema, moment)
    reason = exp.Case()
    query = exp.select(
        exp.Literal.string(audience.name).as_("audience"), "picked.customer_id", "picked.split_value"
    ).from_(source.subquery("picked"))
    reason = reason.when(exp.not_(exp.column("is_kept", "picked")), exp.Literal.string("where"))
    if not is_active(audience, moment):
        reason = reason.when(exp.true(), exp.Literal.string("not_active"))
    query, reason = _timed(query, reason, audience, moment)
    query, reason = _excluding(query, reason, audience)
    query, reason = _grouped(query, reason, audience, catalog)
    query = query.select(reason.else_(exp.null()).as_("out_reason"))
    connection.execute(f"insert into funnel by name {render(query)}")


def is_active(audience: Audience, moment: Moment) -> bool:
    """Whether the shop's day lies in the audience's active days, the warm-up before them included."""
    active = audience.active
    if active is None:
        return True
    today = shop_day(moment.as_of, moment.timezone)
    if active.from_ is not None and today < active.from_ - timedelta(days=active.warm_up_days):
        return False
    return active.to is None or today <= active.to


def _segment_rows(audience: Audience, schema: Schema, moment: Moment) -> exp.Select:
    """One row per customer of the segment: kept or not by `where`, and the value to split by."""
    columns = schema.segments[audience.segment]

    def resolve(column: str) -> exp.Expression:
        return exp.column(column, "segment" if column in columns else "customer")

    types = {**schema.customers, **columns}
    kept: exp.Expression = exp.true()
    if audience.where is not None:
        kept = compile_where(audience.where, resolve, types, as_of=moment.as_of, timezone=moment.timezone)
    split: exp.Expression = exp.null()
    if audience.split_by is not None:
        split = resolve(audience.split_by.column)
    query = (
        exp.select("segment.customer_id", kept.as_("is_kept"), exp.cast(split, "varchar").as_("split_value"))
        .from_(exp.table_(f"seg_{audience.segment}", db="segments", catalog=BUILD, alias="segment"))
        .join(
            exp.table_("dim_customers", db="marts", catalog=BUILD, alias="customer"),
            on="customer.customer_id = segment.customer_id",
            join_type="left",
        )
    )
    if "rank" not in columns:
        return query
    keys = sorted(name for name in columns if name.endswith("_id") and name != "customer_id")
    order = [exp.Ordered(this=kept.copy(), desc=True), *(exp.column(name, "segment") for name in ["rank", *keys])]
    place = exp.Window(
        this=exp.RowNumber(),
        partition_by=[exp.column("customer_id", "segment")],
        order=exp.Order(expressions=order),
    )
    ranked = query.select(place.as_("place"))
    return exp.select("customer_id", "is_kept", "split_value").from_(ranked.subquery("ranked")).where("place = 1")


def _timed(query: exp.Select, reason: exp.Case, audience: Audience, moment: Moment) -> tuple[exp.Select, exp.Case]:
    """max_days_in and rest_days, from the audience's history of entries; rest_days defaults to max_days_in."""
    if audience.max_days_in is None and audience.rest_days is None:
        return query, reason
    history = (
        exp.select(
            "coalesce(former.member_key, entries.member_key) as member_key",
            "min(entries.entered_at) filter (where entries.left_at is null) as entered_at",
            "max(entries.left_at) as left_at",
            "bool_or(entries.left_at is null) as is_in",
        )
        .from_("sync.audience_history as entries")
        .join("former", on="former.former_key = entries.member_key", join_type="left")
        .where(exp.EQ(this=exp.column("audience", "entries"), expression=exp.Literal.string(audience.name)))
        .group_by("1")
    )
    query = query.join(
        history.subquery("history"), on="history.member_key = member_key(picked.customer_id)", join_type="left"
    )
    if audience.max_days_in is not None:
        longest = _instant(moment.as_of - timedelta(days=audience.max_days_in))
        stays_too_long = exp.and_(
            "history.is_in", exp.LTE(this=exp.column("entered_at", "history"), expression=longest)
        )
        reason = reason.when(stays_too_long, exp.Literal.string("max_days_in"))
    rest = audience.rest_days if audience.rest_days is not None else audience.max_days_in
    rested = _instant(moment.as_of - timedelta(days=rest or 0))
    resting = exp.and_("not history.is_in", exp.GT(this=exp.column("left_at", "history"), expression=rested))
    return query, reason.when(resting, exp.Literal.string("rest_days"))


def _instant(moment: datetime) -> exp.Expression:
    return exp.cast(exp.Literal.string(moment.isoformat(sep=" ")), "timestamp")


def _excluding(query: exp.Select, reason: exp.Case, audience: Audience) -> tuple[exp.Select, exp.Case]:
    for number, excluded in enumerate(audience.exclude):
        alias = f"excluded_{number}"
        query = query.join(
            people_of(excluded).subquery(alias), on=f"{alias}.customer_id = picked.customer_id", join_type="left"
        )
        found = exp.not_(exp.Is(this=exp.column("customer_id", alias), expression=exp.null()))
        reason = reason.when(found, exp.Literal.string(f"exclude {excluded}"))
    return query, reason


def people_of(excluded: Exclusion) -> exp.Select:
    """The customers of a segment or an audience, once each."""
    if excluded.kind == "segment":
        return (
            exp.select("customer_id").distinct().from_(exp.table_(f"seg_{excluded.name}", db="segments", catalog=BUILD))
        )
    return (
        exp.select("customer_id")
        .from_("funnel")
        .where(exp.EQ(this=exp.column("audience"), expression=exp.Literal.string(excluded.name)))
        .where("out_reason is null")
    )


def _grouped(query: exp.Select, reason: exp.Case, audience: Audience, catalog: Catalog) -> tuple[exp.Select, exp.Case]:
    """Who an audience before this one in the group already has. A paused audience claims nobody."""
    before = [other.name for other in before_in_group(audience, catalog) if not other.paused]
    if not before:
        return query, reason
    claimed = (
        exp.select("customer_id", "first(audience order by audience) as audience")
        .from_("funnel")
        .where(exp.In(this=exp.column("audience"), expressions=[exp.Literal.string(name) for name in before]))
        .where("out_reason is null")
        .group_by("customer_id")
    )
    query = query.join(claimed.subquery("claimed"), on="claimed.customer_id = picked.customer_id", join_type="left")
    name = exp.DPipe(this=exp.Literal.string("group "), expression=exp.column("audience", "claimed"))
    return query, reason.when("claimed.audience is not null", name)


def before_in_group(audience: Audience, catalog: Catalog) -> list[Audience]:
    """The audiences of the same exclusive group with a lower priority number."""
    if audience.exclusive_group is None:
        return []
    return [
        other
        for other in catalog.audiences.values()
        if other.exclusive_group == audience.exclusive_group and (other.priority or 0) < (audience.priority or 0)
    ]


def needed_for(names: Iterable[str], catalog: Catalog) -> list[Audience]:
    """The named audiences and all that they depend on, in the order in which they must be selected."""
    wanted: set[str] = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name in wanted:
            continue
        wanted.add(name)
        audience = catalog.audiences[name]
        queue += [other.name for other in before_in_group(audience, catalog)]
        queue += [excluded.name for excluded in audience.exclude if excluded.kind == "audience"]
    return [audience for audience in catalog.ordered() if audience.name in wanted]
