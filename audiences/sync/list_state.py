"""What is known of one list, and what to do about it. Pure: values in, sentences out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from audiences.amounts import amount
from audiences.definition import Role

NOT_REMOVED = "the platform did not take off"
A_DAY = timedelta(days=1)
ASKED_EVERY = timedelta(days=2)
"""Whoever asks the platforms less often knows too little of them."""


@dataclass(frozen=True)
class ListState:
    """One list. Counts are people where nothing else is said; instants are naive UTC.

    `members` are those who are to be on the list: `unanswered` were sent and wait to be sent again, because no answer came or
    the request failed; `accepted` the platform has taken, of them `confirmed` it says that it processed. `leaving` are those
    whose removal was accepted and is not confirmed; they are no members any more.
    """

    list: str
    audience: str
    role: Role
    platform: str
    account: str
    state: str
    """active, paused, retiring (no definition asks for it any more), retired (and it is empty), deleted (and not there)."""
    is_account_set: bool
    external_id: str | None
    members: int
    unanswered: int
    accepted: int
    confirmed: int
    leaving: int
    erasing: int
    quarantined: int
    not_removed: int
    """Members whose removal the platform refused, or called invalid, when it was last asked for."""
    expiring: int
    """Members whom the platform forgets within a week unless they are renewed."""
    requests_waiting: int
    """Accepted requests of which the platform has not said that it processed them."""
    waiting_since: datetime | None
    filled_at: datetime | None
    """When the first of those who are on the list now was sent."""
    applied_at: datetime | None
    """When something was sent last."""
    synced_at: datetime | None
    """When the list was compared with its audience last, and made equal but for what is held."""
    asked_at: datetime | None
    """When the platform was asked last."""
    planned_at: datetime | None
    size_lower: int | None
    size_upper: int | None
    match_rate: float | None
    label: str | None
    name_there: str | None
    is_usable: bool
    is_flagged: bool
    is_gone: bool
    note: str
    drift: str
    is_complete: bool
    remainder: str | None
    held: dict[str, int]
    reasons: tuple[str, ...]
    guards: tuple[str, ...]
    """The kinds of its own guards that hold something."""
    waits_for: tuple[str, ...]
    """The lists whose held removals keep people waiting here."""
    held_since: datetime | None
    left_out: tuple[str, ...] = ()
    """The lists that keep people waiting here because the newest plan left them out."""
    written_off: int = 0
    """Requests to be forgotten that ended without this list: somebody may still be on it."""
    written_off_why: str = ""
    """When, by whom and why, of the newest of them."""
    synced_hours_ago: float | None = None
    asked_hours_ago: float | None = None
    is_renamed: bool = False
    advice: str = ""
    """What to do, in a sentence: the first of `todo`."""
    todo: tuple[str, ...] = field(default=())


def advise(one: ListState, now: datetime) -> tuple[str, ...]:
    """What to do about a list, the most pressing first; nothing where all is well."""
    if one.state in ("retired", "deleted"):
        return tuple(_given_up(one))
    return (*_given_up(one), *_there(one), *_ours(one), *_truth(one, now))


def _given_up(one: ListState) -> Iterator[str]:
    if one.written_off and one.state != "deleted":
        requests = f"{amount(one.written_off, 'request')} to be forgotten"
        yield f"delete the list there if you ever can: {requests} ended without it, {one.written_off_why}"


def _there(one: ListState) -> Iterator[str]:
    """What somebody did at the platform, or in the settings."""
    if not one.is_account_set:
        yield f"put the account {one.platform}.{one.account} back into the settings, or delete the list there by hand"
    if one.is_gone and one.state == "active":
        yield "run `boomerang sync`: somebody deleted the list there, it is made anew and filled"
    if one.is_flagged:
        yield f"appeal in the ad manager: {one.note}"


def _ours(one: ListState) -> Iterator[str]:
    """What the next sync, or somebody before it, has to do."""
    if one.not_removed:
        yield from _refused_removals(one)
    if one.erasing:
        yield f"run `boomerang sync`: {amount(one.erasing, 'person', 'people')} asked to be forgotten, still on the list"
    if one.waits_for:
        others = " and ".join(f"`boomerang release {other} --why '...'`" for other in one.waits_for)
        yield f"look at `boomerang plan`, then {others}: people wait here while their removal from there is held"
    if one.left_out:
        others = " and ".join(one.left_out)
        yield f"run `boomerang sync` without names: people wait here who are still on {others}, which was left out"
    if one.held and (one.guards or not (one.waits_for or one.left_out)):
        release = f"`boomerang release {one.list} --why '...'`"
        if "retired" in one.guards:
            yield f"{release} if nobody is to be on it any more, or put back the definition that asked for it"
        else:
            yield f"look at `boomerang preview {one.audience}`, then {release} or mend the data"
    elif one.state == "retiring" and one.members:
        yield f"run `boomerang sync`, then `boomerang release {one.list} --why '...'`: no definition asks for these people"
    if not one.is_complete and one.external_id is None and not one.is_gone:
        yield f"mend what kept the list from being made, then run `boomerang sync`: {one.remainder}"
    elif not one.is_complete and one.remainder != not_removed_words(one.not_removed):
        yield f"run `boomerang sync`, it goes on where it stopped: {one.remainder or 'the last one left something over'}"
    elif one.unanswered > one.not_removed and not one.held:
        again = amount(one.unanswered, "is", "are")
        yield f"run `boomerang sync`: {again} sent again, an answer never came or the request failed"
    if one.state == "paused" and one.expiring:
        soon = amount(one.expiring, "person", "people")
        yield f"take `paused` out if they are to stay: the platform forgets {soon} within a week"
    if one.quarantined:
        yield (
            f"look at the addresses of {amount(one.quarantined, 'person', 'people')} whom the platform refuses; "
            "they are tried again when these change"
        )


def _refused_removals(one: ListState) -> Iterator[str]:
    end = (
        f"; `boomerang forget --write-off {one.list} --why '...'` ends it for who asked to be forgotten"
        if one.erasing
        else ""
    )
    yield (
        f"look at the list in the ad manager: {not_removed_words(one.not_removed)}. Every sync tries again, and so does "
        f"`boomerang rebuild {one.audience}`{end}"
    )


def _is_idle(one: ListState) -> bool:
    """The platform does not use the list, by its own word: an exclusion at once, a target a day after it was filled."""
    if one.is_usable or one.is_flagged or one.name_there is None or not one.accepted:
        return False
    if one.asked_at is None or one.filled_at is None:
        return False
    return one.role == "exclude" or one.asked_at - one.filled_at > A_DAY


def _idle(one: ListState) -> str:
    why = f": {one.note}" if one.note else ""
    if one.role == "exclude":
        people = amount(one.members, "person", "people")
        return f"stop the campaigns that leave this list out, or wait: {people} may see them, for it is not in use yet{why}"
    return f"look at the list in the ad manager: filled a day ago and more, and the platform does not use it{why}"


def not_removed_words(people: int) -> str:
    """How many are still on a list because the platform did not take their removal."""
    return f"{NOT_REMOVED} {amount(people, 'person', 'people')}, still on the list"


def _truth(one: ListState, now: datetime) -> Iterator[str]:
    """What the platform's word is missing, or speaks against."""
    idle = _idle(one) if _is_idle(one) else None
    if idle and one.role == "exclude":
        yield idle
    if one.drift:
        yield f"look at the list in the ad manager, then `boomerang rebuild {one.audience}`: {one.drift}"
    if one.is_renamed:
        yield (
            f"rename it to {one.label!r} in the ad manager, or with `boomerang rebuild {one.audience}`: "
            f"there it is {one.name_there!r}"
        )
    first_sent = one.asked_at or one.applied_at
    if one.external_id is not None and first_sent is not None and now - first_sent > ASKED_EVERY:
        yield "run `boomerang confirm`, best every day: the platform was not asked for some time"
    elif one.waiting_since is not None and now - one.waiting_since > ASKED_EVERY:
        yield f"wait: the platform has not processed {amount(one.requests_waiting, 'request')} yet"
    elif idle and one.role != "exclude" and not one.drift:
        yield idle
