"""What the ledger knows of every list: how far the truth goes, what is held, what drifts, and what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import duckdb

from audiences.builds import settle_killed
from audiences.catalog import Catalog, load_catalog
from audiences.definition import Role
from audiences.errors import ConfigError
from audiences.ledger import Ledger, open_ledger
from audiences.ledger.connection import now_utc
from audiences.ledger.folding import fold
from audiences.settings import Settings
from audiences.sql import statements
from audiences.sync.confirm import is_set
from audiences.sync.drift import Size, drift
from audiences.sync.list_state import ListState, advise, not_removed_words
from audiences.sync.plan_record import GuardReport
from audiences.sync.renames import as_named

SOON = timedelta(days=7)
AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class BuildState:
    """One build of the last five."""

    build_id: str
    as_of: datetime
    started_at: datetime
    finished_at: datetime | None
    state: str
    node_count: int
    failed_nodes: tuple[str, ...]


@dataclass(frozen=True)
class Status:
    """The newest builds, newest first, and every list that was ever planned."""

    environment: str
    builds: tuple[BuildState, ...]
    lists: tuple[ListState, ...]


Row = dict[str, Any]


def read_status(settings: Settings, *, wait: float = 0.0, now: datetime | None = None) -> Status:
    """Read the ledger and the definitions; no platform is asked.

    Args:
        settings: the shop.
        wait: how long, in seconds, to wait while another process holds the ledger.
        now: the clock, naive UTC.

    Raises:
        Busy: another process held the ledger all the time.
    """
    moment, catalog = now or now_utc(), _catalog(settings)
    with open_ledger(settings, wait=wait) as ledger:
        settle_killed(ledger, settings)
        with ledger.transaction():
            fold(ledger.connection)  # what a killed sync left without an answer
        builds = [
            BuildState(row[0], row[1], row[2], row[3], row[4], row[5], tuple(row[6]))
            for row in ledger.connection.execute(statements("status")["builds"]).fetchall()
        ]
        with as_named(ledger, catalog.audiences.values() if catalog else ()):
            rows, states = _lists(settings, ledger, catalog, moment)
        known = [
            one
            for one, row in zip(states, rows, strict=True)
            if row["state"] or (one.state != "deleted" and not _stands_for_several(catalog, row))
        ]
        return Status(ledger.environment, tuple(builds), tuple(known))


def _lists(
    settings: Settings, ledger: Ledger, catalog: Catalog | None, now: datetime
) -> tuple[list[Row], list[ListState]]:
    ledger.connection.execute(statements("status")["spoken"])
    rows = _rows(ledger.connection, "lists", expiring_until=now + SOON)
    told: dict[str, list[Row]] = {}
    for row in _rows(ledger.connection, "told"):
        told.setdefault(row["list_id"], []).append(row)
    states = [
        _list_state(settings, catalog, row, told.get(row["list_id"], []), _drift(ledger.connection, row, told), now)
        for row in rows
    ]
    return rows, states


def _rows(connection: duckdb.DuckDBPyConnection, statement: str, **parameters: Any) -> list[Row]:
    result = connection.execute(statements("status")[statement], parameters or None)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _catalog(settings: Settings) -> Catalog | None:
    """The definitions, for what is paused or gone; a faulty one does not matter here."""
    try:
        return load_catalog(settings.definitions)
    except ConfigError:
        return None


def _list_state(
    settings: Settings, catalog: Catalog | None, row: Row, told: Sequence[Row], drifting: str, now: datetime
) -> ListState:
    newest = told[-1] if told else None
    guard = GuardReport(**json.loads(row["entry"])["guard"]) if row["entry"] is not None else GuardReport("ok")
    is_gone = bool(newest and newest["is_gone"]) and row["external_id"] is None
    state = ListState(
        list=row["list_id"],
        audience=row["audience"],
        role=_role(catalog, row),
        platform=row["platform"],
        account=row["account"],
        state=_state(catalog, row),
        is_account_set=is_set(settings, row["platform"], row["account"]),
        external_id=row["external_id"],
        **{name: row[name] for name in COUNTS},
        **{name: row[name] for name in INSTANTS},
        written_off_why=_written_off_why(row),
        asked_at=newest["asked_at"] if newest else None,
        size_lower=newest["size_lower"] if newest else None,
        size_upper=newest["size_upper"] if newest else None,
        match_rate=newest["match_rate"] if newest else None,
        label=row["label"],
        name_there=newest["name"] if newest and not newest["is_gone"] else None,
        is_usable=bool(newest and newest["is_usable"]),
        is_flagged=bool(newest and newest["is_flagged"]),
        is_gone=is_gone,
        note=newest["note"] if newest else "",
        drift=drifting,
        is_complete=row["is_complete"] and not row["not_removed"],
        remainder=row["remainder"] or (not_removed_words(row["not_removed"]) if row["not_removed"] else None),
        held=guard.held,
        reasons=tuple(guard.reasons),
        guards=tuple(guard.guards),
        waits_for=tuple(guard.waits_for),
        left_out=tuple(guard.left_out),
    )
    state = replace(
        state,
        synced_hours_ago=_hours(state.synced_at, now),
        asked_hours_ago=_hours(state.asked_at, now),
        is_renamed=state.name_there is not None and state.name_there != state.label,
    )
    todo = advise(state, now)
    return replace(state, todo=todo, advice=todo[0] if todo else "")


COUNTS = (
    "members", "unanswered", "accepted", "confirmed", "leaving", "erasing", "quarantined", "not_removed", "expiring",
    "requests_waiting", "written_off",
)  # fmt: skip
INSTANTS = ("filled_at", "waiting_since", "applied_at", "synced_at", "planned_at", "held_since")


def _stands_for_several(catalog: Catalog | None, row: Row) -> bool:
    """Whether it is no list: the line of a plan for an audience of several lists that has nobody."""
    audience = catalog.audiences.get(row["audience"]) if catalog else None
    return audience is not None and audience.has_several_lists and json.loads(row["entry"])["split"] is None


def _role(catalog: Catalog | None, row: Row) -> Role:
    """What its audience is for; without a definition, nobody is kept out of campaigns by it."""
    audience = catalog.audiences.get(row["audience"]) if catalog else None
    return audience.role if audience else "target"


def _state(catalog: Catalog | None, row: Row) -> str:
    """The ledger's word on what is over, the definition's on what is not."""
    if row["state"] in ("retired", "deleted"):
        return str(row["state"])
    if catalog is None or any(problem.file.stem == row["audience"] for problem in catalog.problems):
        return "active"
    audience = catalog.audiences.get(row["audience"])
    target = audience.platforms.get(row["platform"]) if audience else None
    if audience is None or target is None or target.account != row["account"]:
        return "retiring" if row["members"] or row["external_id"] else "deleted"
    return "paused" if audience.paused else "active"


def _written_off_why(row: Row) -> str:
    if not row["written_off"]:
        return ""
    by = f" by {row['written_off_by']}" if row["written_off_by"] else ""
    return f"written off {row['written_off_at']:%Y-%m-%d}{by} ({row['written_off_reason']})"


def _drift(connection: duckdb.DuckDBPyConnection, row: Row, told_of: Mapping[str, Sequence[Row]]) -> str:
    """Of the remote list that there is now: what was said before one was gone tells of another."""
    told = told_of.get(row["list_id"], [])
    begin = max((number + 1 for number, one in enumerate(told) if one["is_gone"]), default=0)
    sizes = [Size(one["asked_at"], one["size_lower"], one["size_upper"], one["member_count"]) for one in told[begin:]]
    most_people = row["members"] + row["leaving"]
    if sizes and (sizes[-1].lower or 0) > most_people:  # only then, for counting rows reads all hashes
        found = connection.execute(statements("status")["row_count"], {"list_id": row["list_id"]}).fetchone()
        most_people = found[0] if found else 0
    return drift(sizes, most_people=most_people, confirmed=row["confirmed"], filled_at=row["filled_at"])


def _hours(moment: datetime | None, now: datetime) -> float | None:
    """Hours since then; 0 where a clock that was ahead wrote it, and it is still to come."""
    return None if moment is None else max(round((now - moment) / AN_HOUR, 1), 0.0)
