"""What `explain` tells of one customer: plain values, no identifier among them. Times are naive UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True)
class Reference:
    """One reference that became the customer: an account, a guest checkout or a visitor id."""

    source: str
    kind: str
    reference: str  # in brackets where it is hidden: an address, or what was typed
    linked_at: datetime | None


@dataclass(frozen=True)
class SegmentRow:
    """One row of a segment that has the customer."""

    segment: str
    qualified_at: datetime
    reason: str


@dataclass(frozen=True)
class GateAnswer:
    """Whether the customer may be addressed for a purpose, and why not."""

    purpose: str
    is_addressable: bool
    why_not: str | None
    decided_at: datetime | None


@dataclass(frozen=True)
class Identifiers:
    """How many identifiers of which kind there are; never one of them."""

    emails: int
    phones: int
    has_name: bool
    has_place: bool


@dataclass(frozen=True)
class ArmEntry:
    """The arm that a customer was drawn into, as the log of experiments has it."""

    experiment: str
    arm: str
    entered_at: datetime
    audience: str


@dataclass(frozen=True)
class Erasure:
    """That the customer asked to be forgotten, by an id, an address or a number of theirs; `state` as in `sync.erasures`."""

    asked_at: datetime
    finished_at: datetime | None
    state: str


@dataclass(frozen=True)
class Check:
    """A part of `where`. A condition has `column`, `wanted` and `value`; `all`, `any` and `none` have parts."""

    kind: Literal["condition", "all", "any", "none"]
    holds: bool
    column: str | None = None
    wanted: str | None = None
    value: str | None = None
    parts: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Stay:
    """The time rules of an audience and what they mean for the customer; dates are the shop's days."""

    is_active: bool
    active_from: date | None
    active_to: date | None
    max_days_in: int | None
    rest_days: int | None
    entered_at: datetime | None
    left_at: datetime | None
    leaves_on: date | None
    may_return_on: date | None
    is_forgotten: bool = False
    """The customer asked to be forgotten: has no days to stay, and never returns."""


@dataclass(frozen=True)
class ExcludedBy:
    """One exclusion of the audience: whether it has the customer, and why where a segment says so."""

    what: str
    has_customer: bool
    reason: str | None


@dataclass(frozen=True)
class Rival:
    """One audience of the exclusive group, the lowest priority number first; `is_candidate` wants the customer."""

    audience: str
    priority: int
    is_paused: bool
    is_candidate: bool
    wins: bool


@dataclass(frozen=True)
class Placement:
    """Where the audience puts the customer on one platform account: out for a reason, or in an arm and on a list."""

    platform: str
    account: str
    out_reason: str | None
    arm: str | None
    list: str | None


@dataclass(frozen=True)
class ListEntry:
    """What the ledger has of the customer on one list. `level` is sent, accepted or confirmed; None when not on it.

    `waiting` is a change that has not gone (add, update, remove, renew), `is_held` says that a guard holds it.
    """

    list: str
    level: str | None = None
    cause: str | None = None
    sent_at: datetime | None = None
    accepted_at: datetime | None = None
    confirmed_at: datetime | None = None
    expires_at: datetime | None = None
    leaving_at: datetime | None = None
    is_being_erased: bool = False
    waiting: str | None = None
    is_held: bool = False
    waiting_since: datetime | None = None
    held_reasons: tuple[str, ...] = ()
    quarantined: str | None = None
    quarantined_at: datetime | None = None
    kept: str | None = None
    """Why the platform did not take them off, the last time that it was asked to."""
    kept_at: datetime | None = None

    @property
    def is_on(self) -> bool:
        """Whether the customer is on the list, as far as is known."""
        return self.level is not None and self.leaving_at is None

    @property
    def is_leaving_for_good(self) -> bool:
        """Whether the removal of somebody who asked to be forgotten was accepted, and is not confirmed yet."""
        return self.is_being_erased and self.leaving_at is not None


@dataclass(frozen=True)
class AudienceStory:
    """Why the customer is in one audience or not: `verdict` says it in a sentence."""

    audience: str
    label: str
    role: str
    segment: str
    verdict: str
    is_in: bool
    is_paused: bool
    rows: tuple[SegmentRow, ...]
    where: Check | None
    stay: Stay
    exclusions: tuple[ExcludedBy, ...]
    group: str | None
    rivals: tuple[Rival, ...]
    placements: tuple[Placement, ...]
    lists: tuple[ListEntry, ...]


@dataclass(frozen=True)
class CustomerStory:
    """One customer. `customer` is the id cut short; `reference_count` counts references beyond those shown too."""

    customer: str
    references: tuple[Reference, ...]
    reference_count: int
    segments: tuple[SegmentRow, ...]
    gate: tuple[GateAnswer, ...]
    identifiers: Identifiers
    erasures: tuple[Erasure, ...]
    experiments: tuple[ArmEntry, ...]
    audiences: tuple[AudienceStory, ...]
    other_lists: tuple[ListEntry, ...]  # of audiences that are no longer defined


@dataclass(frozen=True)
class Explanation:
    """Everybody whom the asked id, e-mail or phone belongs to, at a build's as_of."""

    build_id: str
    as_of: datetime
    customers: tuple[CustomerStory, ...]
