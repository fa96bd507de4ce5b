"""The values of a split: which may name a list, and for how many builds those that do were small.

The list of those held out has its name, and an empty value would be none.
"""

from __future__ import annotations

import json

import duckdb

from audiences.sql import statements

HELD_OUT = "holdout"
"""The name of the list of those held out, and so of no value and no rest."""


def set_apart(connection: duckdb.DuckDBPyConnection) -> None:
    """Treat people of `placed` whose value may name no list as people without a value: the rest list has them, if there is one.

    To be called before it is counted which values are large enough, and before arms are put before values.
    """
    connection.execute(statements("splits")["set_apart"], {"held_out": HELD_OUT})


def memory_of(connection: duckdb.DuckDBPyConnection, list_id: str, family: str) -> str:
    """What a plan takes down of `kept_values`, as JSON: in force once the plan is applied.

    Args:
        connection: the ledger's, after the people were placed.
        list_id: of the audience on that account, without a value.
        family: under what the ledger keeps the values of this column.
    """
    kept = dict(connection.execute(statements("splits")["kept"]).fetchall())
    return json.dumps({"list_id": list_id, "family": family, "small_builds": kept})


def remember(connection: duckdb.DuckDBPyConnection, memory: str, build_id: str) -> None:
    """Let what a plan took down be in force, in the place of whatever the ledger knew of the audience's values."""
    noted, named = json.loads(memory), statements("splits")
    connection.execute(named["forget_values"], {"list_id": noted["list_id"]})
    values = {"split_values": [*noted["small_builds"]], "small_builds": [*noted["small_builds"].values()]}
    connection.execute(named["remember_values"], {"family": noted["family"], "build_id": build_id, **values})
