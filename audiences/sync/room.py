"""Room for lists: how many an account has by now, with those that a plan is to make there."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from audiences.domain import ListKey
from audiences.sql import count, statements

if TYPE_CHECKING:
    import duckdb


class Room:
    """Numbers the lists that a plan makes, account by account, in the order in which they are planned.

    Args:
        connection: the ledger's.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._made: Counter[tuple[str, str]] = Counter()

    def number_of(self, key: ListKey) -> int:
        """Which of ours on its account the list would be; 0 for one that is there."""
        named = statements("plan")
        listed = self._connection.execute(named["external_id"], {"list_id": key.list_id}).fetchone()
        if listed is not None and listed[0] is not None:
            return 0
        ids = {"platform": key.platform, "account": key.account}
        return count(self._connection, named["lists_made"], ids) + self._made[key.platform_account] + 1

    def take(self, key: ListKey) -> None:
        """The plan makes this list."""
        self._made[key.platform_account] += 1
