"""Which values of a split may name a list: the list of those held out has its name, and an empty value would be none."""

from __future__ import annotations

import duckdb

from audiences.sql import statements

HELD_OUT = "holdout"
"""The name of the list of those held out, and so of no value and no rest."""


def set_apart(connection: duckdb.DuckDBPyConnection) -> None:
    """Treat people of `placed` whose value may name no list as people without a value: the rest list has them, if there is one.

    To be called before it is counted which values are large enough, and before arms are put before values.
    """
    connection.execute(statements("splits")["set_apart"], {"held_out": HELD_OUT})
