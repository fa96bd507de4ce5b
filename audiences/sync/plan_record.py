"""A plan as it is shown and kept: what would change on each list, what the guards hold, and reading it back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from audiences.domain import ListId, ListKey
from audiences.errors import DataError
from audiences.ledger import Ledger
from audiences.sql import statements


@dataclass(frozen=True)
class GuardReport:
    """What the guards say of a list: `ok` or `held`, the held changes by operation, a sentence per guard.

    `guards` are the kinds that trip, in the order of their sentences. `waits_for` are the lists whose held removals keep
    people waiting here, `left_out` those that are not in this plan and that people are still on who wait here; the last
    sentence is about both.
    """

    verdict: str
    held: dict[str, int] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    guards: list[str] = field(default_factory=list)
    waits_for: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    holds: dict[str, int] = field(default_factory=dict)
    """How many changes each of `guards` holds; a change may be held by several."""

    @property
    def is_waiting(self) -> bool:
        """Whether people wait here for other lists."""
        return bool(self.waits_for or self.left_out)

    def releases(self, list_id: str) -> list[tuple[str, list[str]]]:
        """Each sentence with the lists that a release of would answer it; none where a plan of all audiences would."""
        last = len(self.reasons) - 1
        return [
            (reason, self.waits_for if self.is_waiting and number == last else [list_id])
            for number, reason in enumerate(self.reasons)
        ]


@dataclass(frozen=True)
class ListPlan:
    """One list of a plan. Counts are people; `dropped` plus `members` are the customers of the segment."""

    list: ListId
    audience: str
    platform: str
    account: str
    split: str | None
    hash: str
    members: int
    adds: int
    updates: int
    removes: int
    renews: int
    unchanged: int
    dropped: dict[str, int]
    guard: GuardReport
    requests: int
    bytes: int
    seconds: float
    state: str = "active"
    """active, paused, or retired: no definition asks for the list any more."""
    waiting: dict[str, int] = field(default_factory=dict)
    """People whose change waits, by cause: recipe (beyond today's budget), quarantine."""
    notes: Sequence[str] = ()
    taken_over_from: str | None = None
    """The former name of its audience, which the list has in the ledger until this plan is applied."""
    size: int = 0
    """People on the list when the plan was made, as the ledger knew it."""
    overdue: int = 0
    """Of the removals that go, those because `max_days_in` is over."""

    @property
    def former_list(self) -> ListId | None:
        """The list under the former name of its audience."""
        if self.taken_over_from is None:
            return None
        return ListKey(self.taken_over_from, self.platform, self.account, self.split).list_id

    @property
    def changes(self) -> int:
        """How many people's membership changes, held ones included."""
        return self.adds + self.updates + self.removes + self.renews

    @property
    def held_changes(self) -> int:
        """How many of them wait, for a guard or for other lists."""
        return sum(self.guard.held.values())

    def going(self, operation: str) -> int:
        """How many of the changes of one operation (add, update, remove) go."""
        counts = {"add": self.adds, "update": self.updates, "remove": self.removes}
        return counts[operation] - self.guard.held.get(operation, 0)


@dataclass(frozen=True)
class Plan:
    """All lists of a run. `as_of` is naive UTC."""

    plan_id: str
    as_of: datetime
    build_id: str
    lists: tuple[ListPlan, ...]

    @property
    def is_held(self) -> bool:
        """Whether a guard holds anything."""
        return any(item.guard.held for item in self.lists)

    def as_json(self) -> dict[str, Any]:
        """The plan as `plan --json` prints it."""
        document = asdict(self)
        document["as_of"] = self.as_of.isoformat()
        document["lists"] = list(document["lists"])
        return document


@dataclass(frozen=True)
class StoredList:
    """One list of a plan as the ledger keeps it."""

    plan: ListPlan
    build_id: str
    as_of: datetime
    list_version: int
    definition_hash: str
    changes_digest: str
    held: list[str]
    purpose: str
    name: str
    keep_days: int | None
    split_values: str | None
    """What is to be remembered of the values of a split, as `splits.memory_of` wrote it."""


def read_plan(ledger: Ledger, plan_id: str) -> list[StoredList]:
    """All lists of a plan. Raises DataError when the ledger does not have it."""
    rows = ledger.connection.execute(statements("apply")["plan_lists"], {"plan_id": plan_id}).fetchall()
    if not rows:
        raise DataError(f"there is no plan {plan_id!r} in this ledger: run `boomerang plan`")
    return [StoredList(_from_json(json.loads(entry)), *rest) for entry, *rest in rows]


def _from_json(entry: dict[str, Any]) -> ListPlan:
    told = {name: value for name, value in entry.items() if name != "failure"}  # which only status reads
    return ListPlan(**{**told, "guard": GuardReport(**entry["guard"])})
