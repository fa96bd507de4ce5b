"""Erasure: somebody is taken off every list that was ever sent, ahead of everything, and kept off from then on.

What is to be done is durable before anything is asked of a platform. Killed at any point, or with a platform down,
`drain_erasures` goes on from the marks in the ledger: no identifier is needed for it, and nothing is asked twice in vain.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import duckdb

from audiences.domain import ListId, ListKey
from audiences.errors import Busy, DataError
from audiences.ledger import Ledger, open_ledger
from audiences.ledger.connection import now_utc
from audiences.ledger.folding import fold
from audiences.platforms.registry import platform_names
from audiences.settings import Settings
from audiences.sql import statements
from audiences.sync.apply import apply_plan
from audiences.sync.changes import digest_of
from audiences.sync.chosen_build import attach_chosen, find_build
from audiences.sync.drafting import list_hash
from audiences.sync.explain.small_build import detach
from audiences.sync.job import Job
from audiences.sync.kinds import is_set, kind_in
from audiences.sync.plan_record import GuardReport, ListPlan
from audiences.sync.receipt import Earlier, Erasure, read_receipt, write_receipt
from audiences.sync.tombstones import Asked, find_asked, pattern_of, prepare_without_build

LEDGER_WAIT = 60.0
"""Seconds to wait for another process to give the ledger back."""
PURPOSE = "forget"
OR_GIVE_UP = "write it off with `boomerang forget --write-off`"
Clock = Callable[[], datetime]


def forget(
    settings: Settings,
    customer: str,
    *,
    country: str | None = None,
    asked_by: str | None = None,
    clock: Clock = now_utc,
) -> Erasure:
    """Take somebody off every list and bar them for good; the receipt says what became of it.

    Args:
        settings: the shop.
        customer: an id, a shop's reference, an e-mail or a phone, as somebody typed it; neither kept nor repeated.
        country: of a phone that was typed without plus (ISO 3166 alpha-2); the shop's comes second.
        asked_by: who runs this, for the receipt.
        clock: naive UTC.

    Returns:
        The receipt; `is_open` when a platform did not take a removal. Somebody unknown has a receipt without lists.

    Raises:
        ConfigError: no address and nobody's id, or it fits several customers; nothing was done.
        Busy: another process holds the ledger; nothing was done.
    """
    with held_ledger(settings) as ledger:
        with ledger.transaction():
            fold(ledger.connection)
        with _newest_build(settings, ledger, clock()) as has_build, ledger.transaction() as connection:
            asked = find_asked(settings, connection, customer, country, has_build=has_build)
            before = asked.execute("asked_before").fetchone()
            erasure_id = _write_down(asked, asked_by, clock())
            under_way = asked.execute("under_way", erasure_id=erasure_id).fetchone()
        found = next(one for one in finish(settings, ledger, clock) if one.erasure_id == erasure_id)
        receipt = replace(found, had_build=has_build, asked_before=before[0] if before else None)
        receipt = replace(receipt, under_way=Earlier(*under_way) if under_way else None)
        write_receipt(settings, receipt)
        return receipt


def drain_erasures(settings: Settings, *, wait: float = 0.0, clock: Clock = now_utc) -> tuple[Erasure, ...]:
    """Go on with every erasure that is open. Call it before anything else is planned or sent.

    Args:
        settings: the shop.
        wait: how long, in seconds, to wait for another process to give the ledger back.
        clock: naive UTC.

    Returns:
        The receipts of those that were open, oldest first.

    Raises:
        Busy: another process holds the ledger.
    """
    if not settings.ledger_file.is_file():
        return ()
    with open_ledger(settings, wait=wait) as ledger:
        with ledger.transaction() as connection:
            fold(connection)
            open_again(connection)
        opened = _open_ones(ledger.connection)
        return finish(settings, ledger, clock) if opened else ()


@contextmanager
def held_ledger(settings: Settings) -> Iterator[Ledger]:
    """The ledger, held from the request to the receipt. Raises Busy, which says that nothing was written down."""
    with ExitStack() as stack:
        try:
            ledger = stack.enter_context(open_ledger(settings, wait=LEDGER_WAIT))
        except Busy as error:
            raise Busy(f"{error}; nothing is written down of this request") from None
        yield ledger


@contextmanager
def _newest_build(settings: Settings, ledger: Ledger, now: datetime) -> Iterator[bool]:
    """Attach the newest build, or say that there is none; without one the ledger alone tells who is meant."""
    try:
        build = find_build(ledger, settings, None, now)
        attach_chosen(ledger, settings, build)
        has_build = True
    except DataError:
        prepare_without_build(ledger.connection, ledger.key)
        has_build = False
    try:
        yield has_build
    finally:
        detach(ledger.connection)


# Writing it down ------------------------------------------------------------------------------------------------------


def _write_down(asked: Asked, asked_by: str | None, now: datetime) -> str:
    """Mark the person's rows, bar their addresses, and take their hashes out of everything else. Returns the erasure's id.

    A request of before for the same person of which something is still open is taken up again.
    """
    row = asked.execute("still_open").fetchone()
    erasure_id = str(row[0]) if row and row[0] else None
    if erasure_id is None:
        erasure_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        asked.execute("open_erasure", erasure_id=erasure_id, now=now, asked_by=asked_by)
    asked.execute("mark", erasure_id=erasure_id)
    asked.execute("drop_unmade")
    asked.execute("open_lists", erasure_id=erasure_id)
    asked.execute("open_requests", erasure_id=erasure_id)
    asked.execute("entomb", erasure_id=erasure_id)
    asked.execute("clear_changes", pattern=asked.pattern)
    asked.execute("clear_quarantine")
    _shake(asked, erasure_id)
    open_again(asked.connection)
    return erasure_id


def _shake(asked: Asked, erasure_id: str) -> None:
    """Platforms match people: whoever shares an identifier with a removed row goes too, and is added again by the next plan."""
    asked.execute("rows_marked", erasure_id=erasure_id)
    asked.execute("cells")
    known = _values(asked, "values")
    fresh = _values(asked, "cell_values") - known
    while fresh:
        known |= fresh
        asked.execute("rows_sharing", pattern=pattern_of(fresh))
        asked.execute("shake")
        asked.execute("cells")
        fresh = _values(asked, "cell_values") - known


def _values(asked: Asked, statement: str) -> set[str]:
    return {str(row[0]) for row in asked.execute(statement).fetchall()}


def open_again(connection: duckdb.DuckDBPyConnection) -> None:
    """What a platform took and then did not carry out is open again."""
    for step in ("open_again", "open_erasures_again"):
        connection.execute(statements("forget")[step])


# Carrying it out ------------------------------------------------------------------------------------------------------


def finish(settings: Settings, ledger: Ledger, clock: Clock) -> tuple[Erasure, ...]:
    """Remove every marked row that can be removed, and settle the receipts of all open erasures, which it returns."""
    opened = _open_ones(ledger.connection)
    with ledger.transaction():
        ledger.connection.execute(statements("forget")["forget_changes"])
        plan_id, why = _plan_removals(settings, ledger, clock())
    if plan_id is not None:
        for item in apply_plan(settings, plan_id, clock=clock).lists:
            message = item.message or "the platform refuses these identifiers"
            if item.not_removed:
                message += f". Every drain tries again; if it goes on, look at the list there, and {OR_GIVE_UP}"
            why[item.list] = _Reason(message, is_passing=item.exit_code == Busy.exit_code)
    with ledger.transaction() as connection:
        fold(connection)
        for step in ("settle_lists", "settle_erasures", "forget_changes"):
            sql = statements("forget")[step]
            connection.execute(sql, {"now": clock()} if "$now" in sql else None)
        receipts = tuple(_explained(read_receipt(connection, one), why) for one in opened)
        for receipt in receipts:
            write_receipt(settings, receipt)
    return receipts


def _open_ones(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [str(row[0]) for row in connection.execute(statements("forget")["open_ones"]).fetchall()]


@dataclass(frozen=True)
class _Reason:
    """Why a list is open, and whether waiting may help."""

    why: str
    is_passing: bool = False


def _explained(erasure: Erasure, why: Mapping[str, _Reason]) -> Erasure:
    """With the reason beside each list that is open."""
    found = ((one, why.get(one.list) if one.state == "open" else None) for one in erasure.lists)
    lists = (one if reason is None else replace(one, **asdict(reason)) for one, reason in found)
    return replace(erasure, lists=tuple(lists))


def _plan_removals(settings: Settings, ledger: Ledger, now: datetime) -> tuple[str | None, dict[str, _Reason]]:
    """A plan that takes every marked row off its list, and why some cannot be reached; no plan when nothing is to do."""
    connection, plan_id = ledger.connection, f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    why: dict[str, _Reason] = {}
    lists = [_Listed(*row) for row in connection.execute(statements("forget")["lists_to_do"]).fetchall()]
    for one in lists:
        reason = _unreachable(settings, one)
        if reason is not None:
            why[one.list_id] = _Reason(reason)
            continue
        connection.execute(statements("forget")["removals"], {"list_id": one.list_id})
        _plan_list(settings, connection, plan_id, one, now)
    return (plan_id if len(why) < len(lists) else None), why


@dataclass(frozen=True)
class _Listed:
    """A list as the ledger has it."""

    list_id: ListId
    audience: str
    platform: str
    account: str
    split: str | None
    label: str
    version: int

    @property
    def key(self) -> ListKey:
        return ListKey(self.audience, self.platform, self.account, self.split)


def _unreachable(settings: Settings, one: _Listed) -> str | None:
    if one.platform not in platform_names():
        return (
            f"the platform {one.platform} is not installed: install it again, or delete the list there and {OR_GIVE_UP}"
        )
    if not is_set(settings, one.platform, one.account):
        where = f"{one.platform}.{one.account}"
        return f"the account {where} is not in the settings: put it back, or delete the list there and {OR_GIVE_UP}"
    return None


def _plan_list(
    settings: Settings, connection: duckdb.DuckDBPyConnection, plan_id: str, one: _Listed, now: datetime
) -> None:
    named, kind = statements("plan"), kind_in(settings, one.platform, one.account)
    limits = kind.limits_for(settings.limits_account(one.platform, one.account))
    job = Job(plan_id, one.key, kind, limits, recipe="", keep_days=None, now=now, recipe_share=0.0)
    recording = statements("record")
    connection.execute(recording["record_removals"], job.cut)
    summary = connection.execute(recording["summary"], job.ids).fetchone()
    requests = connection.execute(recording["requests"], job.ids).fetchone()
    size = connection.execute(named["size"], {"list_id": one.list_id}).fetchone()
    assert summary is not None and requests is not None and size is not None
    digest = digest_of(connection, plan_id, one.list_id)
    removes, left = summary[3], size[0] - summary[3]
    entry = ListPlan(
        list=one.list_id, audience=one.audience, platform=one.platform, account=one.account, split=one.split,
        hash=list_hash("", PURPOSE, one.version, digest), members=left, adds=0, updates=0, removes=removes, renews=0,
        unchanged=left, dropped={}, guard=GuardReport("ok"), requests=requests[0], bytes=kind.bytes_for(requests[1]),
        seconds=round(requests[0] * 3600 / limits.requests_per_hour, 1),
    )  # fmt: skip
    build = connection.execute(statements("forget")["newest_build"]).fetchone()
    connection.execute(
        named["store"],
        {
            "plan_id": plan_id, "list_id": one.list_id, "build_id": build[0] if build else "", "as_of": now, "now": now,
            "list_version": one.version, "definition_hash": PURPOSE, "changes_digest": digest, "hash": entry.hash,
            "held": [], "permits": [], "entry": json.dumps(asdict(entry)), "purpose": PURPOSE, "name": one.label,
            "recipe": None, "keep_days": None, "confirms_removals": "remove" in kind.confirms, "coverage": None,
            "split_values": None,
        },
    )  # fmt: skip
