"""Ending an erasure without a list that nobody can reach any more: an account that was closed, a token that is dead for good.

Never silently: it is tried once more before, and the receipt and `status` say from then on that somebody may still be there,
who gave it up, and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from audiences.errors import Busy, ConfigError
from audiences.ledger.connection import now_utc
from audiences.ledger.folding import fold
from audiences.names import hint
from audiences.settings import Settings
from audiences.sql import statements
from audiences.sync.forget import Clock, finish, held_ledger, open_again
from audiences.sync.reasons import checked_reason
from audiences.sync.receipt import Erasure, read_receipt, write_receipt


def write_off(
    settings: Settings,
    list_id: str,
    *,
    why: str,
    said_by: str | None = None,
    erasure_id: str | None = None,
    clock: Clock = now_utc,
) -> tuple[Erasure, ...]:
    """Give a list up for the erasures that are open on it. What can be removed is removed first, and not given up.

    Args:
        settings: the shop.
        list_id: as the receipt names it.
        why: kept in the receipt; names nobody.
        said_by: who says so, for the receipt.
        erasure_id: only this erasure; None for every one that is open on the list.
        clock: naive UTC.

    Returns:
        The receipts of these erasures, oldest first.

    Raises:
        ConfigError: nothing is open on that list, or the reason is missing or has an address in it; nothing was done.
        Busy: the platform is only down, or another process holds the ledger; nothing was given up.
    """
    reason = checked_reason(why, keeper="the receipt")
    with held_ledger(settings) as ledger:
        with ledger.transaction() as connection:
            fold(connection)
            open_again(connection)
        chosen = _chosen(ledger.connection, list_id, erasure_id)
        tried = [one for one in finish(settings, ledger, clock) if one.erasure_id in chosen]
        open_ones = _still_open(tried, list_id)
        named, which, now = statements("forget"), {"list_id": list_id, "erasures": open_ones}, clock()
        with ledger.transaction() as connection:
            for step in ("clear_written_off", "unkeep_written_off", "drop_written_off"):
                connection.execute(named[step], which)
            connection.execute(named["write_off"], {**which, "now": now, "said_by": said_by, "why": reason})
            connection.execute(named["settle_erasures"], {"now": now})
            receipts = tuple(_settled(connection, one) for one in tried)
            for receipt in receipts:
                write_receipt(settings, receipt)  # before the ledger says so: killed between the two, it is run again
        return receipts


def _chosen(connection: duckdb.DuckDBPyConnection, list_id: str, erasure_id: str | None) -> set[str]:
    """The erasures that are open on the list."""
    rows = connection.execute(statements("forget")["open_lists_of_erasures"]).fetchall()
    on_list = {str(erasure) for name, erasure in rows if name == list_id}
    if not on_list:
        raise ConfigError(f"no erasure is open on {list_id}{hint(list_id, {str(name) for name, _ in rows})}")
    if erasure_id is not None and erasure_id not in on_list:
        raise ConfigError(f"erasure {erasure_id} is not open on {list_id}{hint(erasure_id, on_list)}")
    return on_list if erasure_id is None else {erasure_id}


def _still_open(tried: Sequence[Erasure], list_id: str) -> list[str]:
    """The erasures for which one more try was of no use. Raises Busy where waiting may help."""
    found = []
    for erasure in tried:
        for one in erasure.lists:
            if one.list != list_id or one.state != "open":
                continue
            if one.is_passing:
                raise Busy(
                    f"nothing was written off: {one.why}. That may pass, so try again later; if the account is closed "
                    "for good, take it out of the settings first"
                )
            found.append(erasure.erasure_id)
    return found


def _settled(connection: duckdb.DuckDBPyConnection, tried: Erasure) -> Erasure:
    """The receipt as it is now; lists that are still open keep the reason that was found just before."""
    now = read_receipt(connection, tried.erasure_id)
    lists = (old if new.state == "open" else new for old, new in zip(tried.lists, now.lists, strict=True))
    return replace(now, lists=tuple(lists))
