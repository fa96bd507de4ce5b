"""Who is on an audience's lists: from candidates to people with identifiers, each step's losses counted by reason.

Order of the steps, once per account (`place_members`): gate, identifiers, holdout and arms, lists. Before it come those of
`audiences.candidates`. Everything is SQL over sets in temporary tables of the ledger's connection, with the published build
attached as `build`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import duckdb
from sqlglot import exp

from audiences.attached_build import BUILD
from audiences.candidates import people_of
from audiences.catalog import Audience
from audiences.experiments import (
    Experiment,
    arms_of,
    current_experiment,
    has_experiment,
    holdout_share,
    own_scope,
)
from audiences.platforms.base import Field
from audiences.splits import set_apart
from audiences.sql import has_rows, render, statements
from audiences.warehouse.duckdb import joined_as_written


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
    connection.execute(named["shared_values"])
    connection.execute(named["erased_by_key"])
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
        "identifying_values": _identifying_values(fields, exp.table_("dim_identifiers", db="marts", catalog=BUILD)),
        "values_since": _identifying_values(fields, exp.table_("identifiers_since")),
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


def _identifying_values(fields: Sequence[Field], identifiers: exp.Table) -> exp.Expression:
    """Customer and value, one row for each value that points to a person by itself."""
    parts: list[exp.Expression] = [
        exp.select("customer_id", exp.column(field.column).as_("value"))
        .from_(identifiers.copy())
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
    has_shared = has_rows(connection, "shared_values")
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
        theirs = exp.column("customer_id").isin(query=people_of(excluded))
        values = exp.select("value").distinct().from_("shared_values").where(theirs)
        connection.execute(f"insert into withheld {render(values)}")


def _withhold_held_out(connection: duckdb.DuckDBPyConnection, audience: Audience, experiment: Experiment) -> None:
    """Nor by one of the people whom the audience's experiment holds out, here or in another audience of it."""
    named = statements("members")
    connection.execute(named["held_out"])
    if experiment.scope == own_scope(connection, audience):
        connection.execute(named["held_out_here"])
    else:
        values = {"experiment": experiment.id, "holdout": holdout_share(audience)}
        connection.execute(named["held_out_of_all"], values)
    connection.execute(named["withhold_held_out"])


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
