"""The engine's own SQL: statements kept in `.sql` files, and the few expressions that are built as trees.

A file holds statements behind `-- name: x` lines. Values are bound as `$parameters`; names of tables and columns that
depend on a platform or an audience are put in as sqlglot trees, never as text.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb
from sqlglot import exp

NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def statements(file: str) -> dict[str, str]:
    """The statements of `queries/<file>.sql`, by name."""
    text = (files("audiences") / "queries" / f"{file}.sql").read_text(encoding="utf-8")
    parts = NAME.split(text)[1:]
    return {name: body.strip().rstrip(";") for name, body in zip(parts[::2], parts[1::2], strict=True)}


def render(expression: exp.Expression) -> str:
    """The tree as DuckDB's SQL."""
    return expression.sql(dialect="duckdb")


def count(connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, Any] | None = None) -> int:
    """The single number that a statement gives; of an insert, update or delete the number of its rows."""
    row = connection.execute(sql, parameters).fetchone()
    return int(row[0]) if row else 0


def has_rows(connection: duckdb.DuckDBPyConnection, table: str, where: str = "true") -> bool:
    """Whether there is any row, for which the condition holds, in a table of the connection's own."""
    return connection.execute(_first_row(table, where)).fetchone() is not None


@cache
def _first_row(table: str, where: str) -> str:
    return render(exp.select("1").from_(table).where(where).limit(1))
