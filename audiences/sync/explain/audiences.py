"""One audience told of one customer: the filters' values, days, exclusions, the group's order, and the sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from audiences.as_of import shop_day
from audiences.candidates import is_active
from audiences.catalog import Audience
from audiences.sync.explain.filters import check_filters
from audiences.sync.explain.placements import Reading
from audiences.sync.explain.sentences import in_sentence, out_sentence, placed_reason, why_out
from audiences.sync.explain.story import AudienceStory, ExcludedBy, GateAnswer, ListEntry, Rival, SegmentRow, Stay


@dataclass(frozen=True)
class Person:
    """What is known of the customer before any audience is looked at."""

    customer_id: str
    segments: list[SegmentRow]
    gate: list[GateAnswer]
    history: dict[str, tuple[datetime | None, datetime | None]]  # audience -> entered, left
    lists: dict[str, list[ListEntry]]  # audience -> lists
    is_forgotten: bool = False


def audience_story(reading: Reading, person: Person, audience: Audience) -> AudienceStory:
    """Why the customer is in this audience or not, and how far that is on its lists."""
    key = (person.customer_id, audience.name)
    placements = tuple(reading.placements.get(key, ()))
    lists = tuple(person.lists.get(audience.name, ()))
    rows = tuple(row for row in person.segments if row.segment == audience.segment)
    where = check_filters(reading.connection, audience, reading.schema, reading.moment, person.customer_id)
    stay, exclusions = _stay(reading, person, audience), _exclusions(reading, person, audience)
    reason = placed_reason(placements) if placements else reading.reasons.get(key)
    is_in = bool(rows) and reason is None and not audience.paused
    if is_in:
        verdict = in_sentence(audience.label, rows, lists)
    else:
        why = f"not in the segment {audience.segment}"
        if audience.paused:
            why = "the audience is paused"
        elif rows and reason is not None:
            why = why_out(
                reason, where=where, stay=stay, exclusions=exclusions, gate=person.gate, group=audience.exclusive_group
            )
        verdict = out_sentence(audience.label, why, lists)
    return AudienceStory(
        audience.name, audience.label, audience.role, audience.segment, verdict, is_in, audience.paused, rows, where,
        stay, exclusions, audience.exclusive_group, _rivals(reading, person, audience), placements, lists,
    )  # fmt: skip


def _stay(reading: Reading, person: Person, audience: Audience) -> Stay:
    entered, left = person.history.get(audience.name, (None, None))
    rest = audience.rest_days if audience.rest_days is not None else audience.max_days_in
    timezone, active = reading.moment.timezone, audience.active
    leaves = returns = None
    if entered is not None and left is None and audience.max_days_in is not None and not person.is_forgotten:
        leaves = shop_day(entered + timedelta(days=audience.max_days_in), timezone)
    if left is not None and rest is not None and not person.is_forgotten:
        returns = shop_day(left + timedelta(days=rest), timezone)
    return Stay(
        is_active(audience, reading.moment), active.from_ if active else None, active.to if active else None,
        audience.max_days_in, rest, entered, left, leaves, returns,
        person.is_forgotten,
    )  # fmt: skip


def _exclusions(reading: Reading, person: Person, audience: Audience) -> tuple[ExcludedBy, ...]:
    found = []
    for excluded in audience.exclude:
        if excluded.kind == "segment":
            reasons = [row.reason for row in person.segments if row.segment == excluded.name]
            found.append(ExcludedBy(str(excluded), bool(reasons), "; ".join(reasons) or None))
        else:
            found.append(ExcludedBy(str(excluded), _is_chosen(reading, person, excluded.name), None))
    return tuple(found)


def _rivals(reading: Reading, person: Person, audience: Audience) -> tuple[Rival, ...]:
    """The audiences of the group in the order of their priority, and which of them has the customer."""
    if audience.exclusive_group is None:
        return ()
    group = [one for one in reading.catalog.audiences.values() if one.exclusive_group == audience.exclusive_group]
    rivals = []
    for one in sorted(group, key=lambda other: other.priority or 0):
        reason = reading.reasons.get((person.customer_id, one.name), "not in the segment")
        is_candidate = reason is None or reason.startswith("group ")
        rivals.append(Rival(one.name, one.priority or 0, one.paused, is_candidate, reason is None and not one.paused))
    return tuple(rivals)


def _is_chosen(reading: Reading, person: Person, name: str) -> bool:
    return reading.reasons.get((person.customer_id, name), "not in the segment") is None
