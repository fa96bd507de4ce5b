"""Who is in an audience: from a segment's rows to people with identifiers, each step's losses counted by reason.

Order of the steps: segment, where, one row per customer, active, max_days_in and rest_days, exclude, exclusive group
(`select_audience`, once per audience), then gate, identifiers, holdout and arms, lists (`place_members`, once per account).
Everything is SQL over sets in temporary tables of the ledger's connection, with the published build attached as `build`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import duckdb
from sqlglot import exp

from audiences.as_of import shop_day
from audiences.catalog import Audience, Catalog, Schema
from audiences.definition import Exclusion
from audiences.errors import Busy, DataError
from audiences.experiments import (
    Experiment,
    arms_of,
    current_experiment,
    has_experiment,
    holdout_share,
    own_scope,
)
from audiences.filters import compile_where
from audiences.platforms.base import Field
from audiences.splits import set_apart
from audiences.sql import render, statements
from audiences.warehouse.duckdb import joined_as_written, limit_memory

BUILD, NEWEST = "build", "newest"


@dataclass(frozen=True)
class Moment:
    """The instant of a build and the shop's time zone."""

    as_of: datetime
    timezone: str


def attach_build(connection: duckdb.DuckDBPyConnection, file: Path, key: str, newest: Path | None = None) -> None:
    """Attach a published build read-only and prepare the temporary tables.

    Args:
        connection: the ledger's.
        file: the build to follow.
        key: the ledger's key.
        newest: the newest build, where another one is followed: who says no in it is not sent by the older one either.

    Raises:
        DataError: a file is gone, or an older version made it.
        Busy: a file cannot be opened now.
    """
    _attach(connection, file, BUILD)
    connection.execute("set variable ledger_key = $key", {"key": key})
    connection.execute(statements("removals")["define_cells"])
    for name in ("define_member_key", "define_tombstone", "define_fingerprint", "define_bucket", "create_funnel"):
        connection.execute(statements("members")[name])
    try:
        row = connection.execute(statements("members")["rows_to_look_at"]).fetchone()
        limit_memory(connection, int(row[0]) if row else 0)
        for name in ("former", "entombed", "erased", "half_erased", "nobody_refused_since"):
            connection.execute(statements("members")[name])
        if newest is not None:
            _note_refused_since(connection, newest)
    except (duckdb.BinderException, duckdb.CatalogException):
        raise DataError("an older version of Boomerang made this build: run `boomerang build` again") from None


def _attach(connection: duckdb.DuckDBPyConnection, file: Path, name: str) -> None:
    if not file.is_file():
        raise DataError(f"the published build {file.name} is gone: run `boomerang build` again")
    escaped = str(file).replace("'", "''")
    try:
        connection.execute(f"attach '{escaped}' as {name} (read_only)")
    except duckdb.Error:
        raise Busy(f"the published build {file.name} cannot be opened now: try again") from None


def _note_refused_since(connection: duckdb.DuckDBPyConnection, newest: Path) -> None:
    """Who is not refused by the build that is followed, and is by the newest."""
    _attach(connection, newest, NEWEST)
    try:
        connection.execute(statements("members")["refused_since"])
    finally:
        connection.execute(f"detach {NEWEST}")


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
            _people_of(excluded).subquery(alias), on=f"{alias}.customer_id = picked.customer_id", join_type="left"
        )
        found = exp.not_(exp.Is(this=exp.column("customer_id", alias), expression=exp.null()))
        reason = reason.when(found, exp.Literal.string(f"exclude {excluded}"))
    return query, reason


def _people_of(excluded: Exclusion) -> exp.Select:
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


# Per platform and account ---------------------------------------------------------------------------------------------


def prepare_platform(connection: duckdb.DuckDBPyConnection, fields: Sequence[Field], purposes: Sequence[str]) -> None:
    """Make what all audiences of one platform need, for the customers of the funnel.

    `people` (customer, member key, number of upload rows, fingerprint), `refused` (customer, why), `ended` (who said no or
    was erased), `shared_values`, `tied` (who shares one with them), and the views `upload_rows` and `identifying_values`.
    """
    named = statements("members")
    connection.execute("create or replace temp table withheld (value varchar)")
    connection.execute("create or replace temp table losing (customer_id varchar)")
    for view in _views(tuple(fields)):
        connection.execute(view)
    with joined_as_written(connection):
        for step in ("hashed", "people", "drop_hashed"):
            connection.execute(named[step])
    connection.execute(named["erased_by_key"])
    connection.execute(named["shared_values"])
    connection.execute(named["refused"], {"purposes": list(purposes)})
    for purpose in purposes:
        connection.execute(named["refuse_unknown"], {"purpose": purpose})
    for step in ("ended", "tied"):
        connection.execute(named[step])


@cache
def _views(fields: tuple[Field, ...]) -> tuple[str, ...]:
    """The views over the build's identifiers that follow from a platform's fields, as SQL."""
    losing = "customer_id in (select customer_id from losing)"
    queries = {
        "upload_rows": _upload_rows(fields),
        "trimmed_rows": _upload_rows(fields, withheld=True).where(losing),
        "identifying_values": _identifying_values(fields),
    }
    return tuple(f"create or replace temp view {name} as {render(query)}" for name, query in queries.items())


def _upload_rows(fields: Sequence[Field], *, withheld: bool = False) -> exp.Select:
    """Customer, position and upload row of everybody with an identifier; values that stand in `withheld` left out."""
    columns: dict[str, exp.Expression] = {}
    for field in fields:
        column: exp.Expression = exp.column(field.column)
        if withheld and field.identifies:
            is_withheld = column.isin(query=exp.select("value").from_("withheld"))
            column = exp.Case().when(is_withheld, exp.null()).else_(column.copy())
        columns[field.column] = column
    rows = exp.select("customer_id", "position", *(column.as_(name) for name, column in columns.items())).from_(
        exp.table_("dim_identifiers", db="marts", catalog=BUILD)
    )
    cells = [exp.func("coalesce", exp.column(field.column), exp.Literal.string("")) for field in fields]
    upload_row = exp.ConcatWs(expressions=[exp.Literal.string(","), *cells], safe=True, coalesce=True)
    identifies = exp.or_(*(f"{field.column} is not null" for field in fields if field.identifies))
    return (
        exp.select("customer_id", "position", upload_row.as_("upload_row"))
        .from_(rows.subquery("kept"))
        .where(identifies)
    )


def _identifying_values(fields: Sequence[Field]) -> exp.Expression:
    """Customer and value, one row for each value that points to a person by itself."""
    parts: list[exp.Expression] = [
        exp.select("customer_id", exp.column(field.column).as_("value"))
        .from_(exp.table_("dim_identifiers", db="marts", catalog=BUILD))
        .where(f"{field.column} is not null")
        for field in fields
        if field.identifies
    ]
    return exp.union(*parts, distinct=False) if len(parts) > 1 else parts[0]


def place_members(
    connection: duckdb.DuckDBPyConnection, audience: Audience, family: str = "", build_id: str = ""
) -> None:
    """Make `placed` for one audience on one account: each customer with the reason why it is out, or with arm and split.

    Args:
        connection: the ledger's, after `prepare_platform`.
        audience: selected already.
        family: `<audience>@<platform>:<account>`, whose split values have lists already.
        build_id: of the build, so that a value that became small is counted once per build.
    """
    named = statements("members")
    connection.execute(named["create_trimmed"])
    has_shared = connection.execute("select 1 from shared_values limit 1").fetchone() is not None
    if has_shared:
        connection.execute(named["withhold_strictest"])
        _withhold_excluded(connection, audience)
        for step in ("losing", "trim"):
            connection.execute(named[step])
    experiment = current_experiment(connection, audience)
    connection.execute(named["logged_arms"], {"experiment": experiment.id})
    connection.execute(
        named["placed"],
        {
            "audience": audience.name,
            "experiment": experiment.id,
            "has_experiment": has_experiment(audience),
            "holdout": holdout_share(audience),
            "arm_names": [name for name, _ in arms_of(audience)],
            "arm_ends": [end for _, end in arms_of(audience)],
            "push_exclusion": audience.push_exclusion,
        },
    )
    if has_shared and has_experiment(audience) and audience.role != "exclude":
        _withhold_held_out(connection, audience, experiment)
        for step in ("losing_to_held_out", "trim_again", "trim", "trim_placed"):
            connection.execute(named[step])
    if audience.split_by is not None:
        set_apart(connection)
        split = audience.split_by
        sizes = {"max_lists": split.max_lists, "min_members": split.min_members}
        values_of = family_of_values(family, split.column)
        connection.execute(named["kept_values"], {**sizes, "family": values_of, "build_id": build_id})
        connection.execute(named["split"], {"rest": split.rest})
    if audience.arms:
        connection.execute(named["arms"])


def _withhold_excluded(connection: duckdb.DuckDBPyConnection, audience: Audience) -> None:
    """By an identifier that excluded people have too, nobody is sent."""
    for excluded in audience.exclude:
        theirs = exp.column("customer_id").isin(query=_people_of(excluded))
        values = exp.select("value").distinct().from_("shared_values").where(theirs)
        connection.execute(f"insert into withheld {render(values)}")


def _withhold_held_out(connection: duckdb.DuckDBPyConnection, audience: Audience, experiment: Experiment) -> None:
    """Nor by one of the people whom the audience's experiment holds out, here or in another audience of it."""
    if experiment.scope == own_scope(audience):
        connection.execute(statements("members")["withhold_held_out"])
        return
    values = {"experiment": experiment.id, "holdout": holdout_share(audience)}
    connection.execute(statements("members")["withhold_held_out_of_all"], values)


def family_of_values(family: str, column: str) -> str:
    """Under what the ledger keeps which values of a column have lists: another column has others."""
    return f"{family} by {column}"


def counts_by_reason(connection: duckdb.DuckDBPyConnection) -> tuple[int, dict[str, int]]:
    """Members of `placed`, and how many fell out by reason; both together are the customers of the segment."""
    rows = connection.execute(statements("members")["counts"]).fetchall()
    dropped = {str(reason): int(count) for reason, count in rows if reason is not None}
    members = sum(int(count) for reason, count in rows if reason is None)
    return members, dropped


def split_values(connection: duckdb.DuckDBPyConnection) -> list[str | None]:
    """The split values that have members in `placed`; `[None]` for an audience with one list."""
    rows = connection.execute(statements("members")["splits"]).fetchall()
    return [row[0] for row in rows] or [None]
