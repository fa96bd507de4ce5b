"""Pruning: what the ledger lets go of, so that years of plans and requests do not make it slow, and hashes do not stay."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb

from audiences.sql import statements

MEMORY = timedelta(days=183)
"""So long plans are kept, and what the platforms said of each list, once a day."""
EVERY_ANSWER = timedelta(days=30)
"""So long each thing that a platform said of a list is kept."""
TOO_OLD_TO_ASK = timedelta(days=8)
"""A request of before is not asked about any more: what became of it by now is final."""


def prune(connection: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Let go of what is of no use any more. Call it inside a transaction, after a plan is written down.

    Nobody's membership, no receipt, no tombstone, no experiment and no history of an audience is touched.

    Args:
        connection: the ledger's.
        now: naive UTC.
    """
    named = statements("pruning")
    ages = {"too_old": now - TOO_OLD_TO_ASK}
    connection.execute(named["prune_changes"], ages)
    connection.execute(named["prune_plans"], {"oldest": now - MEMORY})
    if connection.execute(named["any_old_batch"], ages).fetchone() is not None:
        connection.execute(named["prune_batches"], ages)
    thinned = {"thinned": now - EVERY_ANSWER}
    if connection.execute(named["any_old_status"], thinned).fetchone() is not None:
        connection.execute(named["prune_statuses"], {**thinned, "oldest": now - MEMORY})
