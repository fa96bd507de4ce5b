"""The bare DuckDB script: the SQL of the models as dbt rendered it, in one connection, without dbt.

What is only on the way is a temporary table, as somebody who writes one script would have it; staging stays views.
"""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path

from audiences.warehouse.duckdb import connect

TARGETS = (
    "seg_lapsed_buyers", "seg_complementary_prospects", "seg_wishlisters", "seg_recent_buyers", "product_affinity",
    "dim_identifiers",
)  # fmt: skip


def run_script(compiled: Path, base: Path, result: Path, *, made_as: str) -> None:
    """Make the targets in the file `result`, which is made anew.

    Args:
        compiled: where dbt left the SQL of the models.
        base: a DuckDB file with the raw rows and the seeds.
        result: the DuckDB file to make.
        made_as: the database name in the SQL.
    """
    result.unlink(missing_ok=True)
    with connect(result) as connection:
        connection.execute(f"attach '{base}' as base (read_only)")
        for statement in statements(compiled, made_as):
            connection.execute(statement)


def statements(compiled: Path, made_as: str) -> list[str]:
    """The script: one statement per model, each after those that it reads, none that no target needs."""
    sql = {file.stem: file.read_text(encoding="utf-8") for file in compiled.rglob("*.sql") if _is_model(file)}
    relation = re.compile(rf'"{made_as}"\."\w+"\."(\w+)"')
    reads = {name: {found for found in relation.findall(text) if found in sql} for name, text in sql.items()}
    order = TopologicalSorter({name: reads[name] for name in _needed(reads)}).static_order()
    return [_statement(name, relation.sub(lambda found: _place(found, sql), sql[name])) for name in order]


def _is_model(file: Path) -> bool:
    return "models" in file.parts and file.parent.suffix != ".yml"  # the tests of a model lie in a folder <model>.yml


def _needed(reads: dict[str, set[str]]) -> set[str]:
    needed: set[str] = set()
    waiting = list(TARGETS)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += reads[name]
    return needed


def _place(found: re.Match[str], models: dict[str, str]) -> str:
    if found[1] in models:
        return found[1]
    return "base" + found[0][found[0].index(".") :]


def _statement(name: str, sql: str) -> str:
    kind = "view" if name.startswith("stg_") else "table"
    return f"create {'' if name in TARGETS else 'temp '}{kind} {name} as\n{sql}"
