"""Segments built by dbt, beside the same rows from one bare DuckDB script.

There are two scripts (see script.py). One is the models' own SQL in one connection: that ratio says what dbt costs, its
start, and a transaction, a contract and a rename per model. The other was written by hand for three segments: that ratio
also has the price of models that others can read and use. Each step is a process of its own, and this one stays small.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.figures import Line, Options, Usage, in_turns, say, used_by
from bench.script import BY_HAND, TARGETS
from bench.steps import DAY, MADE_AS

Pairs = list[tuple[Usage, Usage]]


def bench(options: Options) -> list[Line]:
    """Measure; raises SystemExit when the rows are not the same."""
    folder = options.folder / "segments"
    folder.mkdir()
    say(f"segments: making and loading a shop of {options.customers:,} customers")
    _step("prepare", folder, options.customers)
    say("segments: the whole build")
    whole = used_by("audiences", "build", "--config", folder / "boomerang.yaml", "--as-of", DAY)
    _step("base", folder)
    say("segments: dbt, and the models' SQL as one script, in turns")
    by_sql = _measured(folder, "rendered", TARGETS, options.repeats)
    say("segments: dbt, and a script by hand, in turns")
    by_hand = _measured(folder, "by_hand", BY_HAND, options.repeats)
    start = _step("start", folder, TARGETS[0])
    return _lines(f"{options.customers:,} customers", whole, start, by_sql, by_hand)


def _measured(folder: Path, script: str, targets: tuple[str, ...], repeats: int) -> Pairs:
    pairs = in_turns(lambda: _models(folder, targets), lambda: _step(script, folder), repeats)
    _step("compare", folder, script, *targets)
    return pairs


def _models(folder: Path, targets: tuple[str, ...]) -> Usage:
    shutil.copyfile(folder / "base.duckdb", folder / f"{MADE_AS}.duckdb")
    return _step("models", folder, *targets)


def _step(name: str, *arguments: object) -> Usage:
    return used_by("bench.steps", name, *arguments)


def _lines(size: str, whole: Usage, start: Usage, by_sql: Pairs, by_hand: Pairs) -> list[Line]:
    same_sql, script = "same SQL, one script", "script by hand"
    no_start = ", dbt's start taken off"

    def line(what: str, other: str, unit: str, pairs: Pairs, begins: float = 0) -> Line:
        measures = {"CPU s": "cpu", "wall s": "wall", "peak MB": "peak_mb"}
        values = [(getattr(dbt, measures[unit]), getattr(script, measures[unit])) for dbt, script in pairs]
        return Line(f"{what}, {size}", other, unit, tuple((ours - begins, beside) for ours, beside in values))

    return [
        line("4 segments by dbt", same_sql, "CPU s", by_sql),
        line(f"4 segments by dbt{no_start}", same_sql, "CPU s", by_sql, start.cpu),
        line("4 segments by dbt", same_sql, "wall s", by_sql),
        line("4 segments by dbt", same_sql, "peak MB", by_sql),
        line("3 segments by dbt", script, "CPU s", by_hand),
        line(f"3 segments by dbt{no_start}", script, "CPU s", by_hand, start.cpu),
        line("whole build with its tests", same_sql, "CPU s", [(whole, one) for _, one in by_sql]),
    ]
