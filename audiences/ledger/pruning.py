"""Pruning: what the ledger lets go of, so that years of plans and requests do not make it slow, and hashes do not stay."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb

from audiences.sql import statements

MEMORY = timedelta(days=183)
"""So long plans are kept, and what the platforms said of each list, once a day."""
EVERY_ANSWER = timedelta(days=30)
"""So long each thing that a platform said of a list is kept."""
WAITING = timedelta(days=3)
"""So long the changes of a plan are kept that nobody has carried out, however often somebody looks meanwhile."""
SUPERSEDED = timedelta(days=1)
"""So long, where a newer plan of the same build and definitions waits too."""
TOO_OLD_TO_ASK = timedelta(days=8)
"""A request of before is not asked about any more: what became of it by now is final."""


def prune(connection: duckdb.DuckDBPyConnection, now: datetime, max_build_age: timedelta | None = None) -> None:
    """Let go of what is of no use any more. Call it inside a transaction, after a plan is written down or carried out.

    Nobody's membership, no receipt, no tombstone, no experiment and no history of an audience is touched.

    Args:
        connection: the ledger's.
        now: naive UTC.
        max_build_age: a plan of a build that is older by now is not carried out any more; None for no such guard.
    """
    named = statements("pruning")
    ages = {"too_old": now - TOO_OLD_TO_ASK}
    waiting = {"too_long_ago": now - WAITING, "a_day_ago": now - SUPERSEDED, "max_build_age": max_build_age}
    connection.execute(named["waiting"], {**waiting, "now": now})
    connection.execute(named["prune_changes"], ages)
    connection.execute(named["prune_plans"], {"oldest": now - MEMORY})
    if connection.execute(named["any_old_batch"], ages).fetchone() is not None:
        connection.execute(named["prune_batches"], ages)
    thinned = {"thinned": now - EVERY_ANSWER}
    if connection.execute(named["any_old_status"], thinned).fetchone() is not None:
        connection.execute(named["prune_statuses"], {**thinned, "oldest": now - MEMORY})
