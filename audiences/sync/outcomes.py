"""What the platform answered to a request: written down, halved where rows are refused, or the end of its list."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from audiences.errors import (
    AuthError,
    BoomerangError,
    Gone,
    PlatformError,
    RateLimited,
    RejectedRequest,
    RejectedRows,
    Unavailable,
)
from audiences.platforms.base import Outcome
from audiences.sync.lanes import ENSURE, REMOVALS, Lane, Request
from audiences.sync.remote_lists import begin_generation, ensured, forget_members
from audiences.sync.works import Run

MOST_HALVINGS = 500
"""So many requests of a list are halved in one run at most; a platform that refuses more has another reason."""
REFUSED = "the platform refuses this member's identifiers"
INVALID = "the platform calls this member's identifiers invalid"
NOT_REMOVED = "not removed: the platform refuses to take them off"
NOT_REMOVED_INVALID = "not removed: the platform calls the rows invalid that would take them off"


def settle(run: Run, lane: Lane, request: Request, future: Future[Any]) -> None:
    """Write down what the platform answered to one request."""
    error = future.exception()
    if error is None:
        answer = future.result()
        if request.phase == ENSURE:
            ensured(run, request.work, answer)
        elif isinstance(answer, Outcome):
            _accepted(run, lane, request, answer)
        else:
            _replaced(run, request, answer)
    elif isinstance(error, BoomerangError):
        _refused(run, lane, request, error)
    else:
        raise error


def _replaced(run: Run, request: Request, external_id: str) -> None:
    """The list was gone when the request came, and is another one now; of several that found it so the first counts."""
    _close_batch(run, request, "rejected", error=Gone.__name__)
    request.work.add(requests=1)
    if not request.work.is_gone:
        begin_generation(run, request.work, external_id)


def _accepted(run: Run, lane: Lane, request: Request, outcome: Outcome) -> None:
    work = request.work
    if request.phase == REMOVALS and work.is_open and not work.is_gone and _hides_who(request, outcome):
        _close_batch(run, request, "rejected", outcome, error="InvalidRows")
        work.add(requests=1)
        unnamed = RejectedRows("the platform calls rows of a removal invalid, and does not say which")
        _look_for_bad_rows(run, lane, request, unnamed, NOT_REMOVED_INVALID)
        return
    _close_batch(run, request, "accepted", outcome)
    work.accepted += 1
    work.add(sent=len(request.members), received=outcome.received, invalid=outcome.invalid, requests=1)
    if not work.is_gone:
        _set_invalid_aside(run, request, outcome)
    if run.on_progress:
        run.on_progress(work.plan.list, len(request.members))


def _hides_who(request: Request, outcome: Outcome) -> bool:
    """Whether not all rows that were not taken are named: of anybody in the request it may be one."""
    return outcome.invalid > len(set(outcome.invalid_rows)) and bool(request.members)


def _set_invalid_aside(run: Run, request: Request, outcome: Outcome) -> None:
    """Who is not on the list, none of whose rows was taken; and who still is, one of whose rows was not taken off."""
    if request.phase == REMOVALS:
        staying = sorted({request.members[number] for number in outcome.invalid_rows if number < len(request.members)})
        if staying:
            _keep(run, request, staying, NOT_REMOVED_INVALID, outcome.request_id)
        return
    refused = _wholly_invalid(request.members, outcome.invalid_rows)
    if refused:
        _quarantine(run, request, refused, INVALID, outcome.request_id)


def _wholly_invalid(members: Sequence[str], invalid_rows: Sequence[int]) -> list[str]:
    """Members none of whose rows the platform took."""
    bad = set(invalid_rows)
    if not bad:
        return []
    taken = {member for number, member in enumerate(members) if number not in bad}
    return sorted({members[number] for number in bad if number < len(members)} - taken)


def _refused(run: Run, lane: Lane, request: Request, error: BoomerangError) -> None:
    """A failure stops this list, and one of the whole account all of its lists; bad rows are looked for."""
    work = request.work
    if request.phase != ENSURE and not isinstance(error, Unavailable):
        # where nothing can be known of the outcome, the request stays open
        request_id = error.request_id if isinstance(error, PlatformError) else None
        _close_batch(run, request, "rejected", error=type(error).__name__, request_id=request_id)
        work.add(requests=1)
    if isinstance(error, RejectedRows) and work.is_open and _look_for_bad_rows(run, lane, request, error):
        return
    if isinstance(error, Gone) and request.phase != ENSURE and work.audience is None:
        forget_members(run, work)
        return
    if isinstance(error, AuthError | RateLimited | Unavailable):
        for sibling in lane.open_works:
            sibling.fail(error)
        lane.waiting.clear()
    elif work.is_open:
        work.fail(error)


def _look_for_bad_rows(
    run: Run, lane: Lane, request: Request, error: RejectedRows, why_kept: str = NOT_REMOVED
) -> bool:
    """Halve the request, or set its only member aside. False when too much was refused already."""
    work = request.work
    ids = {"plan_id": run.plan_id, "list_id": work.plan.list, "phase": request.phase}
    work.halvings += 1
    members = sorted(set(request.members))
    if work.halvings > MOST_HALVINGS or (work.result.quarantined + work.result.not_removed >= 3 and not work.accepted):
        work.fail(RejectedRequest(f"{error}; so many rows are refused that it cannot be the rows"))
        return True
    if len(members) > 1:
        row = run.execute("next_batch", **ids).fetchone()
        next_number = int(row[0]) if row else 0
        run.execute("halve", **ids, batch_number=request.number, next=next_number)
        lane.waiting.extendleft(Request(work, request.phase, number) for number in (next_number + 1, next_number))
        return True
    if request.phase == REMOVALS:
        _keep(run, request, members, why_kept, error.request_id)
    else:
        _quarantine(run, request, members, REFUSED, error.request_id)
    return True


def _keep(run: Run, request: Request, members: list[str], reason: str, request_id: str | None) -> None:
    """Who was not taken off stays known as sent, and is tried again by the next plan; nothing is added for them before."""
    common = {"plan_id": run.plan_id, "list_id": request.work.plan.list, "members": members, "reason": reason}
    run.execute("refuse", **common, phase=REMOVALS, batch_number=request.number)
    run.execute("refuse_addition", **common)
    run.execute("leave_not_removed", list_id=request.work.plan.list, members=members)
    run.execute("not_removed", **common, batch_number=request.number, request_id=request_id, now=run.clock())
    request.work.add(not_removed=len(members))


def _quarantine(run: Run, request: Request, members: list[str], reason: str, request_id: str | None) -> None:
    common = {"plan_id": run.plan_id, "list_id": request.work.plan.list, "members": members, "reason": reason}
    run.execute("refuse", **common, phase=request.phase, batch_number=request.number)
    run.execute("leave_quarantine", list_id=request.work.plan.list, members=members)
    run.execute("quarantine", **common, batch_number=request.number, request_id=request_id, now=run.clock())
    request.work.add(quarantined=len(members))


def _close_batch(
    run: Run, request: Request, state: str, outcome: Outcome | None = None, *, error: str | None = None,
    request_id: str | None = None,
) -> None:  # fmt: skip
    run.execute(
        "close_batch",
        batch_id=request.batch_id,
        state=state,
        now=run.clock(),
        received=outcome.received if outcome else None,
        invalid=outcome.invalid if outcome else None,
        request_id=outcome.request_id if outcome else request_id,
        handle=outcome.handle if outcome and not request.work.is_gone else None,  # else of another list
        error=error,
    )
