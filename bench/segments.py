"""Segments built by dbt, beside the same rows from one bare DuckDB script.

The script is the models' own SQL in one connection (see script.py). So the ratio says what dbt costs: its start, a
transaction, a contract and a rename per model, everything written to disk; and on top of that the tests and publishing.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from bench.figures import Line, Options, Usage, in_turns, say, used_by
from bench.script import TARGETS


def bench(options: Options) -> list[Line]:
    """Measure; raises SystemExit when the rows are not the same."""
    folder = options.folder / "segments"
    folder.mkdir()
    say(f"segments: making and loading a shop of {options.customers:,} customers")
    used_by("bench.steps", "prepare", folder, options.customers)
    say("segments: the whole build")
    whole = used_by("audiences", "build", "--config", folder / "boomerang.yaml", "--as-of", "2026-11-23")
    used_by("bench.steps", "base", folder)
    say("segments: dbt's models and the script, in turns")
    pairs = in_turns(lambda: _models(folder), lambda: used_by("bench.steps", "script", folder), options.repeats)
    start = used_by("bench.steps", "start", folder)
    different = differing(folder / "models.duckdb", folder / "script.duckdb")
    if different:
        raise SystemExit(f"dbt and the script give different rows: {', '.join(different)}")
    return _lines(f"segments, {options.customers:,} customers", whole, start, pairs)


def differing(of_dbt: Path, of_script: Path) -> list[str]:
    """The targets that do not have the same rows, all columns compared; an empty one counts as different."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{of_dbt}' as dbt (read_only)")
        connection.execute(f"attach '{of_script}' as script (read_only)")
        return [name for name in TARGETS if not _are_same(connection, name)]


def _are_same(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Compared as bags of rows: what one has more often than the other is a difference."""
    schema = "segments" if name.startswith("seg_") else "marts"
    columns, others = _columns(connection, "dbt", name), _columns(connection, "script", name)
    one, other = (f"select {', '.join(columns)} from {table}" for table in (f"dbt.{schema}.{name}", f"script.{name}"))
    row = connection.execute(
        f"select count(*), (select count(*) from ({one} except all {other})), "
        f"(select count(*) from ({other} except all {one})) from ({one})"
    ).fetchone()
    return columns == others and row is not None and row[0] > 0 and row[1] == row[2] == 0


def _columns(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> list[str]:
    rows = connection.execute(
        "select column_name from duckdb_columns() where database_name = $1 and table_name = $2 order by 1",
        [database, table],
    ).fetchall()
    return [name for (name,) in rows]


def _models(folder: Path) -> Usage:
    shutil.copyfile(folder / "base.duckdb", folder / "models.duckdb")
    return used_by("bench.steps", "models", folder)


def _lines(name: str, whole: Usage, start: Usage, pairs: list[tuple[Usage, Usage]]) -> list[Line]:
    return [
        Line(f"{name}: models", "CPU s", tuple((dbt.cpu, script.cpu) for dbt, script in pairs)),
        Line(f"{name}: models, dbt's start taken off", "CPU s", tuple((d.cpu - start.cpu, s.cpu) for d, s in pairs)),
        Line(f"{name}: models", "wall s", tuple((dbt.wall, script.wall) for dbt, script in pairs)),
        Line(f"{name}: models", "peak MB", tuple((dbt.peak_mb, script.peak_mb) for dbt, script in pairs)),
        Line(f"{name}: whole build, tests, publishing", "CPU s", tuple((whole.cpu, script.cpu) for _, script in pairs)),
    ]
