"""Two bare DuckDB scripts that make segments without dbt, each in one connection.

`run_rendered` takes the models' own SQL as dbt rendered it: same SQL, no dbt. `run_by_hand` takes `by_hand.sql`, which was
written on its own. What is only on the way is a temporary table in both, as somebody who writes one script would have it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from graphlib import TopologicalSorter
from pathlib import Path

from audiences.warehouse.duckdb import connect

TARGETS = (
    "seg_lapsed_buyers", "seg_complementary_prospects", "seg_wishlisters", "seg_recent_buyers", "product_affinity",
    "dim_identifiers",
)  # fmt: skip
BY_HAND = ("seg_lapsed_buyers", "seg_recent_buyers", "seg_wishlisters")
BEGINNING = re.compile("stg_|int_contacts_normalised$")  # what by_hand.sql takes as it is


def run_rendered(compiled: Path, base: Path, result: Path, *, made_as: str) -> None:
    """Make the TARGETS in the file `result`, which is made anew.

    Args:
        compiled: where dbt left the SQL of the models.
        base: a DuckDB file with the raw rows and the seeds.
        result: the DuckDB file to make.
        made_as: the database name in the SQL.
    """
    _run(list(rendered(compiled, made_as, TARGETS).values()), base, result)


def run_by_hand(compiled: Path, base: Path, result: Path, *, made_as: str, as_of: datetime, zone: str) -> None:
    """Make the segments BY_HAND in the file `result`; the arguments are those of `run_rendered`."""
    beginning = [sql for name, sql in rendered(compiled, made_as, BY_HAND).items() if BEGINNING.match(name)]
    script = Path(__file__).with_name("by_hand.sql").read_text(encoding="utf-8")
    variables = f"set variable as_of = timestamp '{as_of}'; set variable zone = '{zone}';"
    _run([*beginning, variables, script], base, result)


def rendered(compiled: Path, made_as: str, targets: Sequence[str]) -> dict[str, str]:
    """A statement per model that the targets need, by its name, each after those that it reads."""
    sql = {file.stem: file.read_text(encoding="utf-8") for file in compiled.rglob("*.sql") if _is_model(file)}
    relation = re.compile(rf'"{made_as}"\."\w+"\."(\w+)"')
    reads = {name: {found for found in relation.findall(text) if found in sql} for name, text in sql.items()}
    order = TopologicalSorter({name: reads[name] for name in _needed(reads, targets)}).static_order()

    def place(found: re.Match[str]) -> str:
        return found[1] if found[1] in sql else found[0].replace(f'"{made_as}"', "base", 1)

    return {name: _created(name, relation.sub(place, sql[name]), targets) for name in order}


def _run(script: Sequence[str], base: Path, result: Path) -> None:
    result.unlink(missing_ok=True)
    with connect(result) as connection:
        connection.execute(f"attach '{base}' as base (read_only)")
        for statement in script:
            connection.execute(statement)


def _is_model(file: Path) -> bool:
    return "models" in file.parts and file.parent.suffix != ".yml"  # the tests of a model lie in a folder <model>.yml


def _needed(reads: dict[str, set[str]], targets: Sequence[str]) -> set[str]:
    needed: set[str] = set()
    waiting = list(targets)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += reads[name]
    return needed


def _created(name: str, sql: str, targets: Sequence[str]) -> str:
    kind = "view" if name.startswith("stg_") else "table"
    return f"create {'' if name in targets else 'temp '}{kind} {name} as\n{sql}"
