"""One sentence per audience: why a customer is in it or not. Pure: values in, words out."""

from __future__ import annotations

from collections.abc import Iterable

from audiences.conditions import Condition
from audiences.sync.explain.story import Check, ExcludedBy, GateAnswer, ListEntry, Placement, SegmentRow, Stay

MOST_REASONS = 2  # in a sentence
_WORDS = {
    "eq": "{0}", "ne": "not {0}", "gt": "more than {0}", "gte": "at least {0}", "lt": "less than {0}",
    "lte": "at most {0}", "contains": "with {0} in it", "starts_with": "beginning with {0}",
    "within_last_days": "within the last {0} days",
}  # fmt: skip
_GATE = {
    "consent_denied": "said no",
    "consent_unknown": "was never asked, or the answer is unknown, where a yes is needed first",
    "staff": "works for the shop",
    "minor": "is too young",
    "unsubscribed": "unsubscribed",
    "bounced": "e-mails come back",
    "erased": "asked to be forgotten",
    "unknown customer": "is unknown to the gate",
}
_WAITING = {"add": "being added", "update": "being sent anew", "remove": "being taken off", "renew": "being renewed"}
_OTHER = {
    "no identifier": "there is no e-mail and no phone that the platform could match",
    "identifier withheld": "the only identifiers are shared with somebody who may not be sent",
    "holdout": "held out, so that the effect can be measured",
    "no arm": "in no arm of the experiment",
    "no list of its own": "the value to split by has no list of its own, and there is no list for the rest",
}


_FUNNEL = {
    "where": "left out by the filters",
    "not_active": "the audience does not run today",
    "max_days_in": "was in for the most days allowed",
    "rest_days": "was in before and rests",
}


def wanted_words(condition: Condition) -> str:
    """What a condition wants, for people: `at least 2`, `one of US, CA`."""
    value = condition.value
    if condition.operator == "is_null":
        return "unknown" if value else "known"
    if isinstance(value, tuple):
        listed = [str(item) for item in value]
        if condition.operator == "between":
            return f"between {listed[0]} and {listed[1]}"
        return f"{'one of' if condition.operator == 'in' else 'none of'} {', '.join(listed)}"
    shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    return _WORDS[condition.operator].format(shown)


def failing(check: Check) -> list[str]:
    """Why a tree of conditions does not hold, in the order written; empty when it does."""
    if check.holds:
        return []
    if check.kind == "condition":
        return [f"{check.column} is {check.value}, wanted: {check.wanted}"]
    if check.kind == "all":
        return [why for part in check.parts for why in failing(part)]
    if check.kind == "any":
        return ["none of these holds: " + " / ".join(why for part in check.parts for why in failing(part))]
    return [f"{_told(part)}, which is not wanted" for part in check.parts if part.holds]


def _told(check: Check) -> str:
    """What a part that holds says."""
    if check.kind == "condition":
        return f"{check.column} is {check.value}"
    return " and ".join(_told(part) for part in check.parts if part.holds) or "nothing of what is listed holds"


def in_sentence(label: str, rows: Iterable[SegmentRow], lists: Iterable[ListEntry]) -> str:
    """Why somebody is in the audience, and how far that is on its lists."""
    reasons = list(dict.fromkeys(row.reason for row in rows))
    more = [f"and {len(reasons) - MOST_REASONS} more"] if len(reasons) > MOST_REASONS else []
    return _joined(f'in "{label}"', "; ".join([*reasons[:MOST_REASONS], *more]), [list_words(entry) for entry in lists])


def out_sentence(label: str, why: str, lists: Iterable[ListEntry]) -> str:
    """Why somebody is not in the audience; says so when a list has them still."""
    return _joined(f'not in "{label}"', why, [list_words(entry) for entry in lists if entry.is_on])


def _joined(lead: str, why: str, lists: list[str]) -> str:
    state = "; ".join(lists)
    return f"{lead}: {why}. {state[:1].upper()}{state[1:]}" if state else f"{lead}: {why}"


def why_out(
    reason: str,
    *,
    where: Check | None,
    stay: Stay,
    exclusions: Iterable[ExcludedBy],
    gate: Iterable[GateAnswer],
    group: str | None,
) -> str:
    """The sentence behind a reason as `placed` and `funnel` have it."""
    if reason == "where" and where is not None:
        return "; ".join(failing(where)) or "the filters leave them out"
    if reason in ("not_active", "max_days_in", "rest_days"):
        return _of_time(reason, stay)
    kind, _, name = reason.partition(" ")
    if kind == "exclude":
        return _of_exclusion(name, exclusions)
    if kind == "group":
        return f"the audience {name} comes first in the group {group}"
    if kind == "gate":
        return _of_gate(name, gate)
    return _OTHER.get(reason, reason)


def _of_time(reason: str, stay: Stay) -> str:
    if reason == "not_active":
        begins = f" from {stay.active_from}" if stay.active_from else ""
        ends = f" until {stay.active_to}" if stay.active_to else ""
        return f"it runs only{begins}{ends}"
    if reason == "max_days_in":
        return f"was in for {stay.max_days_in} days, the most allowed"
    return f"was in before and rests until {stay.may_return_on}"


def _of_exclusion(name: str, exclusions: Iterable[ExcludedBy]) -> str:
    kind, _, excluded = name.partition(":")
    reason = next((one.reason for one in exclusions if one.what == name and one.reason), None)
    if kind == "segment":
        return f"{reason or 'left out'} (segment {excluded})"
    return f"is in the audience {excluded}, which this one leaves out"


def _of_gate(why_not: str, gate: Iterable[GateAnswer]) -> str:
    purposes = [one.purpose for one in gate if one.why_not == why_not]
    what = f" ({', '.join(purposes)})" if purposes else ""
    return f"{_GATE.get(why_not, why_not)}{what}"


def out_words(reason: str) -> str:
    """A reason as `placed` has it, in a few words: what stands behind it is said by the verdict."""
    kind, _, name = reason.partition(" ")
    if kind == "gate":
        return _GATE.get(name, name.replace("_", " "))
    if kind == "exclude":
        return f"left out by {name}"
    if kind == "group":
        return f"{name} comes first in the group"
    return {**_FUNNEL, **_OTHER}.get(reason, reason)


def list_words(entry: ListEntry) -> str:
    """How far the customer is on one list."""
    if entry.quarantined is not None:
        return f"refused by {entry.list}: {entry.quarantined}"
    if entry.is_on:
        answers = {"sent": "sent, the answer is unknown", "accepted": "accepted", "confirmed": "confirmed"}
        state = f"on {entry.list}, {answers.get(entry.level or '', entry.level)}"
    else:
        state = f"not on {entry.list}"
    if entry.kept is not None and entry.is_on:
        state = f"{state}; {entry.kept}"
    if entry.is_leaving_for_good:
        return f"{state}; asked to be forgotten, the removal was accepted"
    if entry.is_being_erased:
        return f"{state}; to be erased ahead of everything"
    if entry.waiting is None:
        return state
    what = _WAITING.get(entry.waiting, entry.waiting)
    held = f"a guard holds {what}" if entry.is_held else f"{what} is planned"
    return f"{state}; {held}"


def placed_reason(placements: Iterable[Placement]) -> str | None:
    """None when any account takes the customer, else the reason of the first."""
    reasons = [one.out_reason for one in placements]
    return None if None in reasons or not reasons else reasons[0]
