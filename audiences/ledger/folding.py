"""Folding: what the outcomes of requests mean for the memberships.

Accepted removals delete rows, accepted additions write them. Where a process died before the answer came, the change may
or may not have happened: the row stays, or is written, with level `sent`, and the next plan settles it.
"""

from __future__ import annotations

import duckdb

from audiences.sql import statements

STEPS = (
    "fold_outcomes",
    "fold_removed",
    "fold_leaving",
    "fold_maybe_removed",
    "fold_shaken",
    "fold_mixed",
    "fold_replaced",
    "fold_inserted",
    "fold_mixed_in",
    "fold_freed",
    "fold_done",
)


def fold(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring memberships up to date with all batches. Call it inside a transaction; twice does nothing more."""
    waiting = connection.execute("select count(*) from sync.batches where not is_folded").fetchone()
    if not waiting or waiting[0] == 0:
        return
    for step in STEPS:
        connection.execute(statements("apply")[step])
