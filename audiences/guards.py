"""Guards: what may not happen to a list without somebody looking. Pure: values in, a verdict out.

A guard stops, it does not only warn. What it holds is held whole; the list's other changes may go. Removals of people who
were erased or who said no are exempt from every guard, and so are renewals: they only prolong what stands on the list. Who
leaves because `max_days_in` is over is exempt from the guards that look at people: the definition says so, and the ledger's
own dates, not the shop's data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from audiences.amounts import amount
from audiences.definition import Guards
from audiences.settings import GuardDefaults

Operation = Literal["add", "update", "remove"]
Kind = Literal[
    "shrink", "removals", "growth", "updates", "floor", "coverage", "consent", "retired",
    "lists", "stale_build", "unfinished_build",
]  # fmt: skip
KINDS: tuple[Kind, ...] = (
    "shrink", "removals", "growth", "updates", "floor", "coverage", "consent", "retired", "lists",
    "stale_build", "unfinished_build",
)  # fmt: skip
A_DAY = timedelta(days=1)
ALL: tuple[Operation, ...] = ("add", "update", "remove")
HOLDS: dict[Kind, tuple[Operation, ...]] = {
    "shrink": ("remove",), "removals": ("remove",), "growth": ("add",), "updates": ("update",), "floor": ALL,
    "coverage": ("update", "remove"), "consent": ("remove",), "retired": ("remove",), "lists": ("add",),
    "stale_build": ALL, "unfinished_build": ALL,
}  # fmt: skip
HOLD_WHOEVER_LEAVES = frozenset({"stale_build", "unfinished_build", "retired"})
LESS_FOR_EXCLUSIONS = 0.5  # an exclusion may shrink by half of what a target may


@dataclass(frozen=True)
class GuardLimits:
    """Shares are of the list's largest size in seven days; `min_members` is the platform's floor or the audience's."""

    max_shrink: float
    max_growth: float
    max_updates: float
    from_members: int
    min_members: int
    max_build_age: timedelta | None
    max_coverage_fall: float = 0.2  # in share points: from 90 % to 70 % is a fall of 0.2
    max_consent_loss: float = 0.2
    max_lists: int | None = None  # how many lists the account takes


@dataclass(frozen=True)
class ListFacts:
    """What a plan would do to one list; counts in people. `changed` are updates whose identifiers changed."""

    size: int  # on the list now, as the ledger knows it
    largest: int  # the largest size of the last seven days, now included
    shrinks_from: int  # the same since a release of `shrink` was carried out, if one was
    wanted: int
    adds: int
    changed: int
    removes: int
    exempt_removes: int
    build_age: timedelta
    newer_build_failed: bool
    was_filled: bool  # it once had all who were wanted, since it was last empty or small
    is_exclusion: bool = False  # role exclude: kept out of campaigns, so losing people is the danger, not gaining them
    is_over: bool = False  # its active days are past or yet to come: by the definition itself nobody is wanted
    is_retired: bool = False  # no definition asks for the list any more
    recipe_updates: int = 0  # updates of this plan only because a recipe changed: within their budget, so no danger
    coverage: float | None = None  # customers with an identifier among those whom the gate lets through; 0 to 1
    best_coverage: float | None = (
        None  # the best of seven days and since a release, or the last before a hold that goes on
    )
    consent_lost: int = 0  # removes whose consent was granted and is now unknown; counted in `removes` too
    overdue_removes: int = 0  # removes because `max_days_in` is over; counted in `removes` too
    overdue_before: int = 0  # people who left the list so since it was largest, in the days of `shrinks_from`
    list_number: int = 0  # of a list that is to be made: which of ours on its account it will be; 0 for any other

    @property
    def free_removes(self) -> int:
        """Removals that a guard may hold."""
        return self.removes - self.exempt_removes

    @property
    def watched_removes(self) -> int:
        """Removals that the guards look at which look at people."""
        return self.free_removes - self.overdue_removes

    @property
    def changes(self) -> int:
        """Changes that a guard may hold."""
        return self.adds + self.updates + self.free_removes

    @property
    def watched_changes(self) -> int:
        """Changes that the guards look at which look at people."""
        return self.changes - self.overdue_removes

    @property
    def updates(self) -> int:
        """Updates that a guard may hold."""
        return self.changed + self.recipe_updates


@dataclass(frozen=True)
class Permit:
    """A release: guard `kind` of this list may let through at most `at_most` changes."""

    permit_id: str
    kind: str
    at_most: int


@dataclass(frozen=True)
class Finding:
    """One guard that tripped: how many changes it holds, and why in a sentence."""

    kind: Kind
    changes: int
    reason: str

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Which operations it holds."""
        return HOLDS[self.kind]


@dataclass(frozen=True)
class Verdict:
    """What is held in spite of permits. `held` maps an operation to the number of changes that do not go.

    `used_permits` let something through; one whose changes another guard holds lets nothing through.
    """

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

    @property
    def holds_only_lost_consent(self) -> bool:
        """Whether of the removals only those wait whose consent turned from granted to unknown; the others go."""
        return _is_only_consent(self.findings)

    @property
    def frees_overdue(self) -> bool:
        """Whether those leave whose `max_days_in` is over, whatever else is held."""
        return not _holds_whoever_leaves(self.findings)


def limits_for(
    own: Guards, defaults: GuardDefaults, *, floor: int, is_exclusion: bool, max_lists: int | None = None
) -> GuardLimits:
    """The limits of one list: the audience's own, else the settings'.

    Args:
        own: what the audience's definition says.
        defaults: what the settings say.
        floor: the fewest members that the platform takes.
        is_exclusion: role exclude; it may shrink by half of the settings' share unless the audience names its own.
        max_lists: how many lists the account takes.
    """
    usual_shrink = defaults.max_shrink * (LESS_FOR_EXCLUSIONS if is_exclusion else 1)
    return GuardLimits(
        max_shrink=usual_shrink if own.max_shrink is None else own.max_shrink,
        max_growth=defaults.max_growth if own.max_growth is None else own.max_growth,
        max_updates=defaults.max_updates if own.max_updates is None else own.max_updates,
        from_members=defaults.from_members,
        min_members=max(floor, own.min_members or 0),
        max_build_age=defaults.max_build_age,
        max_coverage_fall=defaults.max_coverage_fall if own.max_coverage_fall is None else own.max_coverage_fall,
        max_consent_loss=defaults.max_consent_loss if own.max_consent_loss is None else own.max_consent_loss,
        max_lists=max_lists,
    )


def judge(facts: ListFacts, limits: GuardLimits, permits: Iterable[Permit] = ()) -> Verdict:
    """Which changes of a list must wait. A permit covers a finding when it allows at least as many changes."""
    remaining: list[Finding] = []
    covered: list[tuple[Finding, Permit]] = []
    available = list(permits)
    for finding in find(facts, limits):
        permit = next((p for p in available if p.kind == finding.kind and p.at_most >= finding.changes), None)
        if permit is None:
            remaining.append(finding)
        else:
            covered.append((finding, permit))
    held = _held(facts, remaining)
    used = [permit.permit_id for finding, permit in covered if _held(facts, [*remaining, finding]) != held]
    return Verdict(tuple(remaining), tuple(used), held)


def done_with(held: Collection[str]) -> list[Kind]:
    """The guards whose permits a sync has used up that held these operations: all that they open went."""
    return [kind for kind in KINDS if not {*HOLDS[kind]} & {*held}]


def _held(facts: ListFacts, findings: Iterable[Finding]) -> dict[str, int]:
    """How many changes of each operation the findings hold."""
    found = tuple(findings)
    counts: dict[Operation, int] = {
        "add": facts.adds,
        "update": facts.updates,
        "remove": _held_removes(facts, found),
    }
    return {
        operation: counts[operation]
        for operation in ALL
        if counts[operation] and any(operation in finding.operations for finding in found)
    }


def _held_removes(facts: ListFacts, findings: Iterable[Finding]) -> int:
    found = tuple(findings)
    if _is_only_consent(found):
        return facts.consent_lost
    return facts.free_removes if _holds_whoever_leaves(found) else facts.watched_removes


def _holds_whoever_leaves(findings: Iterable[Finding]) -> bool:
    return any(finding.kind in HOLD_WHOEVER_LEAVES for finding in findings)


def _is_only_consent(findings: Iterable[Finding]) -> bool:
    return {finding.kind for finding in findings if "remove" in finding.operations} == {"consent"}


def find(facts: ListFacts, limits: GuardLimits) -> list[Finding]:
    """Every guard that trips, before permits; none for a list without changes."""
    if facts.changes == 0:
        return []
    found = [_stale(facts, limits), _unfinished(facts), _lists(facts, limits)]
    if facts.is_retired:
        found.append(_retired(facts))
    elif not facts.is_over and facts.watched_changes:
        found += _of_people(facts, limits)
    return [finding for finding in found if finding is not None]


def _of_people(facts: ListFacts, limits: GuardLimits) -> list[Finding | None]:
    """The guards that look at people. Who should be excluded and is not sees ads, so exclusions may always grow."""
    found = [] if facts.is_exclusion else [_floor(facts, limits)]
    watched_from = min(limits.from_members, limits.min_members) if facts.is_exclusion else limits.from_members
    if max(facts.largest, facts.size) >= watched_from:
        found += [_shrink(facts, limits), _removals(facts, limits), _updates(facts, limits)]
        found += [_coverage(facts, limits), _consent(facts, limits)]
        found += [] if facts.is_exclusion else [_growth(facts, limits)]
    return found


def _stale(facts: ListFacts, limits: GuardLimits) -> Finding | None:
    if limits.max_build_age is None or -A_DAY <= facts.build_age <= limits.max_build_age:
        return None
    if facts.build_age < timedelta():
        days = round(-facts.build_age / A_DAY)
        reason = f"the build is as of a day that lies {amount(days, 'day')} ahead, at most 1 is allowed"
    else:
        hours, most = (round(age.total_seconds() / 3600) for age in (facts.build_age, limits.max_build_age))
        allowed = amount(most, "hour is", "hours are")
        reason = f"the build is as of {amount(hours, 'hour')} ago, at most {allowed} allowed"
    return Finding("stale_build", facts.changes, reason)


def _unfinished(facts: ListFacts) -> Finding | None:
    if not facts.newer_build_failed:
        return None
    return Finding("unfinished_build", facts.changes, "a newer build did not finish; this plan follows an older one")


def _lists(facts: ListFacts, limits: GuardLimits) -> Finding | None:
    if limits.max_lists is None or facts.adds == 0 or facts.list_number <= limits.max_lists:
        return None
    reason = (
        f"it would be list {facts.list_number:,} of ours on this account, which takes {limits.max_lists:,}: make fewer "
        "lists of a split, or delete there what no definition asks for, or set the account's `max_lists`"
    )
    return Finding("lists", facts.adds, reason)


def _retired(facts: ListFacts) -> Finding:
    reason = (
        f"no definition asks for this list any more, and {amount(facts.free_removes, 'person is', 'people are')} on it"
    )
    return Finding("retired", facts.free_removes, reason)


def _floor(facts: ListFacts, limits: GuardLimits) -> Finding | None:
    if facts.wanted >= limits.min_members:
        return None
    wanted = amount(facts.wanted, "member is", "members are")
    reason = f"{wanted} fewer than {limits.min_members:,}, which the platform or the audience needs"
    return Finding("floor", facts.watched_changes, reason)


def _shrink(facts: ListFacts, limits: GuardLimits) -> Finding | None:
    before = max(facts.size, facts.shrinks_from - facts.overdue_before) - facts.overdue_removes
    after = facts.size + facts.adds - facts.free_removes
    if facts.watched_removes == 0 or after >= before * (1 - limits.max_shrink):
        return None
    reason = f"the list would shrink from {before:,} to {after:,}, more than {limits.max_shrink:.0%}"
    return Finding("shrink", facts.watched_removes, reason)


def _removals(facts: ListFacts, limits: GuardLimits) -> Finding | None:
    size = facts.size - facts.overdue_removes
    if facts.watched_removes <= size * limits.max_shrink:
        return None
    reason = f"{_part(facts.watched_removes, size, 'would be removed')}, more than {limits.max_shrink:.0%}"
    return Finding("removals", facts.watched_removes, reason)


def _growth(facts: ListFacts, limits: GuardLimits) -> Finding | None:
    after = facts.size + facts.adds - facts.removes
    most = facts.largest * (1 + limits.max_growth)
    if not facts.was_filled or facts.adds == 0 or after <= most:
        return None
    reason = f"the list would grow from {facts.largest:,} to {after:,}, more than {limits.max_growth:.0%}"
    return Finding("growth", facts.adds, reason)


def _updates(facts: ListFacts, limits: GuardLimits) -> Finding | None:
    """Identifiers that changed in the shop's data. What a new recipe changes goes by a budget per day instead."""
    if facts.changed <= facts.size * limits.max_updates:
        return None
    part = _part(facts.changed, facts.size, "would be sent anew with other e-mails or phones")
    return Finding("updates", facts.updates, f"{part}, more than {limits.max_updates:.0%}")


def _coverage(facts: ListFacts, limits: GuardLimits) -> Finding | None:
    """When addresses go missing, people leave and others lose identifiers; who is new with an identifier may come."""
    held = facts.watched_removes + facts.updates
    if facts.coverage is None or facts.best_coverage is None or held == 0:
        return None
    fall = round(facts.best_coverage - facts.coverage, 6)
    if fall <= limits.max_coverage_fall:
        return None
    reason = (
        f"only {facts.coverage:.0%} of the people who may be addressed have an e-mail or a phone, "
        f"{facts.best_coverage:.0%} had before: {fall * 100:.0f} points less, "
        f"more than {limits.max_coverage_fall * 100:.0f}"
    )
    return Finding("coverage", held, reason)


def _consent(facts: ListFacts, limits: GuardLimits) -> Finding | None:
    """A table of consents that came half empty looks as if people had taken back what they granted."""
    if facts.consent_lost <= facts.size * limits.max_consent_loss:
        return None
    part = _part(facts.consent_lost, facts.size, "would be removed because their consent, once granted, is now unknown")
    return Finding("consent", facts.consent_lost, f"{part}, more than {limits.max_consent_loss:.0%}")


def _part(some: int, size: int, what: str) -> str:
    """`600 of 1,000 members would be removed (60%)`."""
    return f"{some:,} of {amount(size, 'member')} {what} ({some / size if size else 1:.0%})"
