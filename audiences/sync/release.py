"""Releasing what a guard holds: a permit for the next plan of one list, with a ceiling, an end and a reason."""

from __future__ import annotations

import getpass
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from audiences.errors import ConfigError
from audiences.guards import KINDS
from audiences.ledger import Ledger, open_ledger
from audiences.ledger.connection import now_utc
from audiences.names import hint
from audiences.settings import Settings
from audiences.sql import statements
from audiences.sync.plan_record import GuardReport
from audiences.sync.reasons import checked_reason
from audiences.sync.renames import names_by_former


@dataclass(frozen=True)
class Release:
    """What was permitted: guards of the list, each for at most `at_most` changes, until `until` (naive UTC)."""

    list: str
    guards: tuple[str, ...]
    at_most: int
    until: datetime


def release(
    settings: Settings,
    list_id: str,
    *,
    reason: str,
    guards: Sequence[str] = (),
    at_most: int | None = None,
    hours: int = 24,
    now: datetime | None = None,
) -> Release:
    """Permit what the newest plan of the list holds.

    Args:
        settings: the shop.
        list_id: as `status` shows it.
        reason: why, kept in the ledger; names nobody.
        guards: kinds of guards that trip now; none means all of them.
        at_most: how many changes at most; default is what the newest plan holds.
        hours: how long the permit lasts.
        now: naive UTC.

    Raises:
        ConfigError: no such list, no guard of its own (or not the named one) holds anything, or an unknown guard;
            `at_most` is less than what a guard holds, so that nothing would ever go;
            or the reason is missing or has an address in it.
    """
    clock, why = now or now_utc(), checked_reason(reason, keeper="the ledger")
    for guard in guards:
        if guard not in KINDS:
            raise ConfigError(f"unknown guard {guard}{hint(guard, KINDS)}")
    with open_ledger(settings) as ledger:
        entries = _newest_entries(settings, ledger)
        if list_id not in entries:
            raise ConfigError(f"there is no list {list_id}{hint(list_id, entries)}")
        held = GuardReport(**entries[list_id]["guard"])
        chosen = _chosen(list_id, held, guards)
        ceiling = _own_changes(held) if at_most is None else _enough(at_most, list_id, held, chosen)
        until = clock + timedelta(hours=hours)
        with ledger.transaction() as connection:
            for guard in chosen:
                connection.execute(
                    statements("status")["permit"],
                    {
                        "permit_id": secrets.token_hex(6), "list_id": list_id, "guard": guard, "at_most": ceiling,
                        "until": until, "now": clock, "granted_by": getpass.getuser(), "reason": why,
                    },
                )  # fmt: skip
    return Release(list_id, tuple(chosen), ceiling, until)


def _newest_entries(settings: Settings, ledger: Ledger) -> dict[str, dict[str, Any]]:
    """What the newest plan says of each list, by the name that `status` shows."""
    names = names_by_former(settings, ledger.connection)
    ledger.connection.execute(statements("status")["spoken"])
    rows = ledger.connection.execute(statements("status")["newest_entries"]).fetchall()
    found: dict[str, dict[str, Any]] = {}
    for list_id, written, _ in sorted(rows, key=lambda row: row[2]):
        audience, at, rest = list_id.partition("@")
        found[names.get(audience, audience) + at + rest] = json.loads(written)
    return found


def _chosen(list_id: str, held: GuardReport, guards: Sequence[str]) -> tuple[str, ...]:
    """The guards to open: only such as hold something now, so that none lies open for what comes tomorrow."""
    if not held.held:
        raise ConfigError(f"nothing is held on {list_id}: there is nothing to release")
    if not held.guards and held.waits_for:
        raise ConfigError(
            f"people of {list_id} wait for removals that are held elsewhere: release {' and '.join(held.waits_for)}"
        )
    if not held.guards and held.left_out:
        raise ConfigError(
            f"people of {list_id} are still on {' and '.join(held.left_out)}, which the newest plan left out: "
            "run `boomerang sync` without names"
        )
    if not held.guards:
        raise ConfigError(
            f"no guard of {list_id} itself holds anything: run `boomerang plan`, it names the list to release"
        )
    for guard in guards:
        if guard not in held.guards:
            raise ConfigError(f"{guard} holds nothing on {list_id}: it is held by {' and '.join(held.guards)}")
    return tuple(guards) or tuple(held.guards)


def _enough(at_most: int, list_id: str, held: GuardReport, chosen: Sequence[str]) -> int:
    """The ceiling, if it lets through what each guard holds: a guard holds its changes whole."""
    for guard in chosen:
        if held.holds.get(guard, 0) > at_most:
            raise ConfigError(
                f"{guard} holds {held.holds[guard]:,} changes of {list_id} and lets them all go or none: "
                f"--at-most {at_most:,} would release nothing"
            )
    return at_most


def _own_changes(held: GuardReport) -> int:
    """How many changes the list's own guards hold; who waits for another list is not among them."""
    return sum(count for operation, count in held.held.items() if operation != "add" or not held.is_waiting)
