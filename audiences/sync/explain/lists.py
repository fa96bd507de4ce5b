"""What the ledger has of one customer, list by list: the level, what waits, and what the platform refused."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import duckdb

from audiences.sql import statements
from audiences.sync.explain.story import ListEntry


def lists_of(connection: duckdb.DuckDBPyConnection) -> dict[str, list[ListEntry]]:
    """What the ledger has of the customer, list by list, under the audience's name."""
    named = statements("explain")
    found: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for row in _dicts(connection, named["memberships"]):
        found[row["audience"], row["list_id"]] |= {
            "level": row["level"], "cause": row["cause"], "sent_at": row["sent_at"],
            "accepted_at": row["accepted_at"], "confirmed_at": row["confirmed_at"], "expires_at": row["expires_at"],
            "leaving_at": row["leaving_at"], "is_being_erased": row["erasure_id"] is not None,
        }  # fmt: skip
    for row in _dicts(connection, named["waiting"]):
        found[row["audience"], row["list_id"]] |= {
            "waiting": row["operation"], "is_held": row["is_held"], "waiting_since": row["created_at"],
            "held_reasons": tuple(row["reasons"]) if row["is_held"] else (),
        }  # fmt: skip
    for row in _dicts(connection, named["quarantined"]):
        word = "kept" if row["reason"].startswith("not removed") else "quarantined"
        found[row["audience"], row["list_id"]] |= {word: row["reason"], f"{word}_at": row["quarantined_at"]}
    lists: dict[str, list[ListEntry]] = defaultdict(list)
    for (audience, list_id), values in sorted(found.items()):
        lists[audience].append(ListEntry(list_id, **values))
    return lists


def _dicts(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    result = connection.execute(sql)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
