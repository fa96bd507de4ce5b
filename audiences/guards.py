"""Guards: what may not happen to a list without somebody looking. Pure: values in, a verdict out.

A guard stops, it does not only warn. What it holds is held whole; the list's other changes may go. Removals of people who
were erased or who said no are exempt from every guard.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

Operation = Literal["add", "update", "remove"]
Kind = Literal["shrink", "removals", "growth", "updates", "floor", "stale_build", "unfinished_build"]
KINDS: tuple[Kind, ...] = ("shrink", "removals", "growth", "updates", "floor", "stale_build", "unfinished_build")
A_DAY = timedelta(days=1)
ALL: tuple[Operation, ...] = ("add", "update", "remove")


@dataclass(frozen=True)
class GuardLimits:
    """Shares are of the list's largest size in seven days; `min_members` is the platform's floor or the audience's."""

    max_shrink: float
    max_growth: float
    max_updates: float
    from_members: int
    min_members: int
    max_build_age: timedelta | None


@dataclass(frozen=True)
class ListFacts:
    """What a plan would do to one list; counts in people. `changed` are updates whose identifiers changed."""

    size: int  # on the list now, as the ledger knows it
    largest: int  # the largest size of the last seven days, now included
    wanted: int
    adds: int
    changed: int
    removes: int
    exempt_removes: int
    build_age: timedelta
    newer_build_failed: bool
    was_sent_before: bool
    is_exclusion: bool = False  # role exclude: kept out of campaigns, so losing people is the danger, not gaining them
    is_over: bool = False  # its active days are past or yet to come: by the definition itself nobody is wanted


@dataclass(frozen=True)
class Permit:
    """A release: guard `kind` of this list may let through at most `at_most` changes."""

    permit_id: str
    kind: str
    at_most: int


@dataclass(frozen=True)
class Finding:
    """One guard that tripped: which operations it holds, how many changes these are, and why in a sentence."""

    kind: Kind
    operations: tuple[Operation, ...]
    changes: int
    reason: str


@dataclass(frozen=True)
class Verdict:
    """What is held after permits were used. `held` maps an operation to the number of changes that do not go."""

    findings: tuple[Finding, ...] = ()
    used_permits: tuple[str, ...] = ()
    held: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """`ok`, or `held` when anything is."""
        return "held" if self.held else "ok"

    @property
    def reasons(self) -> list[str]:
        """One sentence per guard that tripped."""
        return [finding.reason for finding in self.findings]


def judge(facts: ListFacts, limits: GuardLimits, permits: Iterable[Permit] = ()) -> Verdict:
    """Which changes of a list must wait. A permit covers a finding when it allows at least as many changes."""
    remaining, used = [], []
    available = list(permits)
    for finding in find(facts, limits):
        permit = next((p for p in available if p.kind == finding.kind and p.at_most >= finding.changes), None)
        if permit is None:
            remaining.append(finding)
        else:
            used.append(permit.permit_id)
    counts: dict[Operation, int] = {
        "add": facts.adds,
        "update": facts.changed,
        "remove": facts.removes - facts.exempt_removes,
    }
    held: dict[str, int] = {
        operation: counts[operation]
        for operation in ALL
        if counts[operation] and any(operation in finding.operations for finding in remaining)
    }
    return Verdict(tuple(remaining), tuple(used), held)


def find(facts: ListFacts, limits: GuardLimits) -> list[Finding]:
    """Every guard that trips, before permits; none for a list without changes."""
    changes = facts.adds + facts.changed + facts.removes - facts.exempt_removes
    if changes == 0:
        return []
    found = [_stale(facts, limits, changes), _unfinished(facts, changes)]
    if not facts.is_over:
        found += _of_sizes(facts, limits, changes)
    return [finding for finding in found if finding is not None]


def _of_sizes(facts: ListFacts, limits: GuardLimits, changes: int) -> list[Finding | None]:
    """The guards that look at sizes. Who should be excluded and is not sees ads, so exclusions may always grow."""
    found = [] if facts.is_exclusion else [_floor(facts, limits, changes)]
    watched_from = min(limits.from_members, limits.min_members) if facts.is_exclusion else limits.from_members
    if max(facts.largest, facts.size) >= watched_from:
        found += [_shrink(facts, limits), _removals(facts, limits), _updates(facts, limits)]
        found += [] if facts.is_exclusion else [_growth(facts, limits)]
    return found


def _stale(facts: ListFacts, limits: GuardLimits, changes: int) -> Finding | None:
    if limits.max_build_age is None or -A_DAY <= facts.build_age <= limits.max_build_age:
        return None
    if facts.build_age < timedelta():
        days = round(-facts.build_age / A_DAY)
        return Finding("stale_build", ALL, changes, f"the build speaks of a day that is {days} days ahead")
    hours, most = (round(age.total_seconds() / 3600) for age in (facts.build_age, limits.max_build_age))
    return Finding("stale_build", ALL, changes, f"the build speaks of {hours} hours ago, at most {most} are allowed")


def _unfinished(facts: ListFacts, changes: int) -> Finding | None:
    if not facts.newer_build_failed:
        return None
    return Finding("unfinished_build", ALL, changes, "a newer build did not finish; this plan follows an older one")


def _floor(facts: ListFacts, limits: GuardLimits, changes: int) -> Finding | None:
    if facts.wanted >= limits.min_members:
        return None
    reason = f"{facts.wanted} members are fewer than {limits.min_members}, which the platform or the audience needs"
    return Finding("floor", ALL, changes, reason)


def _shrink(facts: ListFacts, limits: GuardLimits) -> Finding | None:
    removes = facts.removes - facts.exempt_removes
    after = facts.size + facts.adds - removes
    least = facts.largest * (1 - limits.max_shrink)
    if removes == 0 or after >= least:
        return None
    reason = f"the list would shrink from {facts.largest} to {after}, more than {limits.max_shrink:.0%}"
    return Finding("shrink", ("remove",), removes, reason)


def _removals(facts: ListFacts, limits: GuardLimits) -> Finding | None:
    removes = facts.removes - facts.exempt_removes
    if removes <= facts.size * limits.max_shrink:
        return None
    share = removes / facts.size if facts.size else 1.0
    reason = f"{removes} of {facts.size} members would be removed ({share:.0%}), more than {limits.max_shrink:.0%}"
    return Finding("removals", ("remove",), removes, reason)


def _growth(facts: ListFacts, limits: GuardLimits) -> Finding | None:
    after = facts.size + facts.adds - facts.removes
    most = facts.largest * (1 + limits.max_growth)
    if not facts.was_sent_before or facts.adds == 0 or after <= most:
        return None
    reason = f"the list would grow from {facts.largest} to {after}, more than {limits.max_growth:.0%}"
    return Finding("growth", ("add",), facts.adds, reason)


def _updates(facts: ListFacts, limits: GuardLimits) -> Finding | None:
    if facts.changed <= facts.size * limits.max_updates:
        return None
    reason = f"{facts.changed} of {facts.size} members would be sent anew with other identifiers"
    return Finding("updates", ("update",), facts.changed, reason)
