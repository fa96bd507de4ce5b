"""What the ledger knows of every list: sent, accepted, confirmed, when, and what is held since when and why."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from audiences.builds import settle_killed
from audiences.ledger import open_ledger
from audiences.ledger.folding import fold
from audiences.settings import Settings
from audiences.sql import statements


@dataclass(frozen=True)
class ListState:
    """One list. Counts are people; `unanswered` were sent without an answer, the next plan settles them."""

    list: str
    external_id: str | None
    members: int
    unanswered: int
    accepted: int
    confirmed: int
    applied_at: datetime | None
    planned_at: datetime | None
    held: dict[str, int]
    reasons: tuple[str, ...]
    held_since: datetime | None
    advice: str


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


def read_status(settings: Settings) -> Status:
    """Read the ledger; no platform is asked. Raises Busy when another process holds it."""
    with open_ledger(settings) as ledger:
        settle_killed(ledger, settings)
        with ledger.transaction():
            fold(ledger.connection)  # what a killed sync left without an answer
        named = statements("status")
        builds = [
            BuildState(row[0], row[1], row[2], row[3], row[4], row[5], tuple(row[6]))
            for row in ledger.connection.execute(named["builds"]).fetchall()
        ]
        lists = [_list_state(row) for row in ledger.connection.execute(named["lists"]).fetchall()]
        return Status(ledger.environment, tuple(builds), tuple(lists))


def _list_state(row: tuple[object, ...]) -> ListState:
    (list_id, external_id, _state, members, sent, accepted, confirmed, applied_at, planned_at, _held, entry, since) = (
        row
    )
    guard = json.loads(str(entry))["guard"] if entry is not None else {"held": {}, "reasons": []}
    advice = ""
    if guard["held"]:
        advice = f"look at `boomerang preview`, then `boomerang release {list_id} --why '...'` or mend the data"
    elif sent:
        advice = "run `boomerang sync`: some answers never came"
    return ListState(
        str(list_id), external_id, members, sent, accepted, confirmed, applied_at, planned_at,  # type: ignore[arg-type]
        guard["held"], tuple(guard["reasons"]), since, advice,  # type: ignore[arg-type]
    )  # fmt: skip
