"""A small build in memory: the published one, cut down to a few customers and everybody who shares an address with them.

The steps that choose members run on it unchanged and at once, however large the shop is. What needs everybody (which values
of a split are large enough for a list of their own) is asked of the whole build.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import duckdb
from sqlglot import exp

from audiences.attached_build import BUILD
from audiences.sql import render, statements

WHOLE = "whole_build"
MOST_STEPS = 5  # from customer to customer who share an address


def customers_around(connection: duckdb.DuckDBPyConnection, customers: Sequence[str]) -> list[str]:
    """The customers and all who are linked to them by a shared e-mail or phone."""
    found = set(customers)
    for _ in range(MOST_STEPS):
        rows = connection.execute(statements("explain")["sharing"], {"customers": sorted(found)}).fetchall()
        more = {str(row[0]) for row in rows} - found
        if not more:
            break
        found |= more
    return sorted(found)


def cut_down(connection: duckdb.DuckDBPyConnection, file: Path, customers: Sequence[str]) -> None:
    """Put the small build of these customers in the place of the attached one; the whole one stays as `WHOLE`."""
    connection.execute(f"detach {BUILD}")
    connection.execute(f"attach {render(exp.Literal.string(str(file)))} as {WHOLE} (read_only)")
    connection.execute(f"attach ':memory:' as {BUILD}")
    named = statements("explain")
    for schema, table, is_of_customers in connection.execute(named["tables"], {"whole": WHOLE}).fetchall():
        connection.execute(f"create schema if not exists {BUILD}.{schema}")
        target = exp.table_(table, db=schema, catalog=BUILD, quoted=True)
        rows = exp.select("*").from_(exp.table_(table, db=schema, catalog=WHOLE, quoted=True))
        if is_of_customers:
            rows = rows.where(_is_one_of(customers))
        kind = "TABLE" if is_of_customers else "VIEW"
        connection.execute(render(exp.Create(this=target, kind=kind, expression=rows)))


def _is_one_of(customers: Iterable[str]) -> exp.Expression:
    return exp.In(this=exp.column("customer_id"), expressions=[exp.Literal.string(one) for one in customers])


def detach(connection: duckdb.DuckDBPyConnection) -> None:
    """Let go of what is attached."""
    for name in (BUILD, WHOLE):
        with suppress(duckdb.BinderException):
            connection.execute(f"detach {name}")
