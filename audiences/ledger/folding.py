"""Folding: what the outcomes of requests mean for the memberships.

Accepted removals delete rows, accepted additions write them. Where a process died before the answer came, the change may
or may not have happened: the row stays, or is written, with level `sent`, and the next plan settles it.
"""

from __future__ import annotations

import duckdb

from audiences.sql import statements

STEPS = (
    "fold_erased",
    "fold_removed",
    "fold_leaving",
    "fold_taken_off",
    "fold_maybe_removed",
    "fold_shaken",
    "fold_mixed",
    "fold_kept",
    "fold_replaced",
    "fold_inserted",
    "fold_entered",
    "fold_mixed_in",
    "fold_freed",
    "fold_done",
)
FOR_UNKNOWN = frozenset({"fold_maybe_removed", "fold_mixed", "fold_mixed_in"})
"""Steps that have nothing to do, and much to read, where every answer is known."""


def fold(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring memberships up to date with all batches. Call it inside a transaction; twice does nothing more."""
    named = statements("folding")
    if connection.execute(named["any_unfolded"]).fetchone() is None:
        return
    connection.execute(named["fold_outcomes"])
    has_unknown = connection.execute(named["any_unknown"]).fetchone() is not None
    for step in STEPS:
        if has_unknown or step not in FOR_UNKNOWN:
            connection.execute(named[step])
