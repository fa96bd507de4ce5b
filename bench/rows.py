"""Whether two DuckDB files hold the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb


def differing(of_dbt: Path, of_script: Path, tables: Sequence[str]) -> list[str]:
    """The tables that do not have the same rows, all columns compared; one without rows counts as different.

    Rows are compared as bags: what one file has more often than the other is a difference.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{of_dbt}' as dbt (read_only)")
        connection.execute(f"attach '{of_script}' as script (read_only)")
        return [table for table in tables if not _are_same(connection, table)]


def _are_same(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    schema = "segments" if table.startswith("seg_") else "marts"
    columns = _columns(connection, "dbt", table)
    if columns != _columns(connection, "script", table):
        return False
    one, other = (f"select {', '.join(columns)} from {place}" for place in (f"dbt.{schema}.{table}", f"script.{table}"))
    row = connection.execute(
        f"select count(*), (select count(*) from ({one} except all {other})), "
        f"(select count(*) from ({other} except all {one})) from ({one})"
    ).fetchone()
    return row is not None and row[0] > 0 and row[1] == row[2] == 0


def _columns(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> list[str]:
    rows = connection.execute(
        "select column_name from duckdb_columns() where database_name = $1 and table_name = $2 order by 1",
        [database, table],
    ).fetchall()
    return [name for (name,) in rows]
