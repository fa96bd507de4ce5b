"""Carrying out a plan, and nothing else. Killed at any point, the next plan settles what is open.

A list whose build, definition, version or changes moved since the plan is refused. One platform's trouble never stops
another's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from audiences.checking import checked_catalog
from audiences.errors import ConfigError, GuardTripped, RejectedRequest, gravest
from audiences.experiments import remember_scope
from audiences.guards import done_with
from audiences.ledger import open_ledger
from audiences.ledger.activity import counted
from audiences.ledger.connection import now_utc
from audiences.ledger.folding import fold
from audiences.ledger.pruning import prune
from audiences.settings import Settings
from audiences.splits import remember
from audiences.sql import count, statements
from audiences.sync.entries import begin_days, log_entries
from audiences.sync.families import tell_waiting, waiting_words
from audiences.sync.list_state import not_removed_words
from audiences.sync.plan_record import read_plan
from audiences.sync.renames import has_lists, take_over
from audiences.sync.sending import carry_out
from audiences.sync.works import ApplyResult, ListResult, Progress, Run, Work, refuse_stale, works_of
from audiences.warehouse.duckdb import limit_memory

__all__ = ["ApplyResult", "ListResult", "Progress", "apply_plan"]
ROWS_AT_HAND = 2_000_000
"""What is carried out streams past: memory for so many rows is enough, however long the lists are."""


def apply_plan(
    settings: Settings,
    plan_id: str,
    *,
    on_progress: Progress | None = None,
    clock: Callable[[], datetime] = now_utc,
) -> ApplyResult:
    """Carry out a plan of the ledger.

    Args:
        settings: the shop.
        plan_id: as `make_plan` gave it.
        on_progress: called after each accepted request.
        clock: naive UTC.

    Raises:
        DataError: the ledger has no such plan.
        ConfigError: a definition is wrong, or gone since the plan was made.
        Busy: another process holds the ledger.
    """
    started = time.monotonic()
    with open_ledger(settings) as ledger:
        rows = read_plan(ledger, plan_id)
        is_erasure = rows[0].purpose == "forget"
        audiences = {} if is_erasure else checked_catalog(settings)[0].audiences
        for row in rows:
            if row.plan.state == "active" and not is_erasure and row.plan.audience not in audiences:
                raise ConfigError(f"the definition of {row.plan.audience} is gone since the plan was made: plan again")
        answered = counted(settings.home, rows[0].purpose, sum(row.plan.requests for row in rows), on_progress)
        run = Run(settings, ledger, plan_id, rows[0].build_id, rows[0].as_of, clock, answered)
        limit_memory(ledger.connection, ROWS_AT_HAND)
        with ledger.transaction():
            fold(ledger.connection)
        works = works_of(rows, audiences)
        refuse_stale(run, works)
        with ledger.transaction():
            _begin(run, works)
            entering = log_entries(run, works, audiences.values())
        carry_out(run, works)
        with ledger.transaction():
            fold(ledger.connection)
            begin_days(run, entering)
            for work in works:
                tell_waiting(work)
                _close(run, work)
            prune(run.connection, clock(), settings.guards.max_build_age)
    return ApplyResult(plan_id, tuple(work.result for work in works), time.monotonic() - started)


def _begin(run: Run, works: Sequence[Work]) -> None:
    """Lists get the name that their audience has by now; what the plan found of splits is in force, what broke off is known."""
    going = [work for work in works if work.is_open]
    for work in going:
        ids = {"plan_id": run.plan_id, "list_id": work.plan.list}
        work.kept_before = count(run.connection, statements("apply")["kept_before"], ids)
    taken_over = {work.plan.audience: work.plan.taken_over_from for work in going}
    for audience, former in taken_over.items():
        if former is not None and not has_lists(run.connection, audience):
            take_over(run.connection, audience, former, run.plan_id)
    for audience_of_list in {work.plan.audience: work.audience for work in going}.values():
        if audience_of_list is not None:
            remember_scope(run.connection, audience_of_list)
    for memory in sorted({work.stored.split_values for work in going if work.stored.split_values is not None}):
        remember(run.connection, memory, run.build_id)


def _held_by_guards(work: Work) -> set[str]:
    """The operations that the list's own guards hold; who waits for another list is not held by one."""
    return set(work.held) - ({"add"} if work.plan.guard.is_waiting else set())


def _close(run: Run, work: Work) -> None:
    """Write what became of the list, and use up the permits that let its changes through."""
    ids = {"plan_id": run.plan_id, "list_id": work.plan.list}
    if work.is_open:
        run.execute("plan_state", **ids, state="applied", now=run.clock())
        run.execute("use_permits", **ids, guards=done_with(_held_by_guards(work)))
        if work.stored.purpose != "forget":
            run.execute("let_stay", **ids)
        if not work.held and run.execute("any_absorbed", **ids).fetchone() is not None:
            run.execute("drop_absorbed", **ids)
        if work.result.requests:
            run.execute("list_applied", list_id=work.plan.list, now=run.clock())
        if work.plan.state == "retired" and not work.held:
            run.execute("retire", list_id=work.plan.list, now=run.clock())
    else:
        run.execute("plan_state", **ids, state=work.result.state, now=run.clock())
    if work.result.state == "failed" and work.accepted:
        work.result = replace(work.result, state="partly")
    if work.is_open and not work.plan.changes:
        work.result = replace(work.result, state="unchanged")
    if work.result.state == "held":
        reasons = [*work.plan.guard.reasons, *([waiting_words(work)] if work.waiting else [])]
        work.result = replace(work.result, message="; ".join(reasons), exit_code=GuardTripped.exit_code)
    is_complete = work.result.state in ("applied", "held", "unchanged")
    remainder = None if is_complete else work.result.message
    if work.not_removed:
        _tell_not_removed(work)
    if work.stored.purpose == "forget":
        return  # what an earlier sync left over is still left over
    run.execute("remainder", list_id=work.plan.list, is_complete=is_complete, remainder=remainder)
    if work.result.state == "failed":
        run.execute("why_failed", **ids, remainder=remainder)


def _tell_not_removed(work: Work) -> None:
    """A list is not as wanted while somebody is on it whom the platform did not take off, whatever else went."""
    result = replace(work.result, not_removed=work.not_removed)
    message = "; ".join(part for part in (result.message, not_removed_words(result.not_removed)) if part)
    state = "partly" if result.state == "applied" else result.state
    code = gravest([result.exit_code, RejectedRequest.exit_code])
    work.result = replace(result, state=state, message=message, exit_code=code)
