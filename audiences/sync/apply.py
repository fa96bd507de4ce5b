"""Carrying out a plan, and nothing else: an intent in the ledger before each request, its outcome after it.

Removals of all lists of an account go before its additions. A list whose build, definition, version or changes moved since
the plan is refused. One platform's trouble never stops another's. Killed at any point, the next plan settles what is open.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import duckdb

from audiences.catalog import Audience
from audiences.checking import checked_catalog
from audiences.domain import HashRow, ListId
from audiences.errors import (
    AuthError,
    BoomerangError,
    ConfigError,
    DataError,
    GuardTripped,
    PlatformError,
    RateLimited,
    Unavailable,
)
from audiences.ledger import Ledger, open_ledger
from audiences.ledger.connection import now_utc
from audiences.ledger.folding import fold
from audiences.members import experiment_of, has_experiment
from audiences.platforms.base import Batch, Outcome, Platform, RemoteList
from audiences.platforms.registry import kind_of, open_platform
from audiences.settings import Settings
from audiences.sql import statements
from audiences.sync.plan import definition_hash, list_hash
from audiences.sync.plan_record import ListPlan, StoredList, read_plan

ENSURE, REMOVALS, ADDITIONS = 0, 1, 2


@dataclass(frozen=True)
class ListResult:
    """What became of one list. `state`: applied, held, unchanged, stale, partly, failed. Counts are upload rows."""

    list: ListId
    audience: str
    platform: str
    state: str
    external_id: str | None = None
    sent: int = 0
    received: int = 0
    invalid: int = 0
    requests: int = 0
    message: str = ""
    exit_code: int = 0


@dataclass(frozen=True)
class ApplyResult:
    """What became of a plan, list by list."""

    plan_id: str
    lists: tuple[ListResult, ...]
    seconds: float


Progress = Callable[[ListId, int], None]
"""Called with the list and the rows of each request that was accepted."""


@dataclass
class _Work:
    """One list while it is applied."""

    plan: ListPlan
    audience: Audience
    version: int
    definition: str
    digest: str
    result: ListResult
    external_id: str | None = None
    held: list[str] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether requests may still be made for it."""
        return self.result.state in ("applied", "held")

    def fail(self, state: str, message: str, exit_code: int) -> None:
        """Stop this list here; what was accepted stays accepted."""
        self.result = replace(self.result, state=state, message=message, exit_code=exit_code)


@dataclass(frozen=True)
class _Run:
    """What all lists of a run share."""

    settings: Settings
    ledger: Ledger
    plan_id: str
    build_id: str
    as_of: datetime
    clock: Callable[[], datetime]
    on_progress: Progress | None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        return self.ledger.connection

    def execute(self, statement: str, **parameters: Any) -> duckdb.DuckDBPyConnection:
        """One named statement of `queries/apply.sql`."""
        return self.connection.execute(statements("apply")[statement], parameters or None)


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
        ConfigError: a definition is wrong.
        Busy: another process holds the ledger.
    """
    started = time.monotonic()
    catalog, _ = checked_catalog(settings)
    with open_ledger(settings) as ledger:
        rows = read_plan(ledger, plan_id)
        run = _Run(settings, ledger, plan_id, rows[0].build_id, rows[0].as_of, clock, on_progress)
        with ledger.transaction():
            fold(ledger.connection)
        works = [_work(row, catalog.audiences) for row in rows]
        _refuse_stale(run, works)
        _log_entries(run, works)
        for account in sorted({(work.plan.platform, work.plan.account) for work in works}):
            _apply_account(run, account, [work for work in works if (work.plan.platform, work.plan.account) == account])
        with ledger.transaction():
            fold(ledger.connection)
            for work in works:
                _close(run, work)
    return ApplyResult(plan_id, tuple(work.result for work in works), time.monotonic() - started)


def _work(row: StoredList, audiences: Mapping[str, Audience]) -> _Work:
    plan = row.plan
    if plan.audience not in audiences:
        raise ConfigError(f"the definition of {plan.audience} is gone since the plan was made: plan again")
    state = "held" if row.held else "applied"
    result = ListResult(plan.list, plan.audience, plan.platform, state)
    audience = audiences[plan.audience]
    return _Work(plan, audience, row.list_version, row.definition_hash, row.changes_digest, result, held=row.held)


def _refuse_stale(run: _Run, works: Sequence[_Work]) -> None:
    """Refuse lists for which build, definition, version or changes are not those of the plan any more."""
    build_moved = run.execute("build_moved", plan_id=run.plan_id).fetchone() is not None
    for work in works:
        if not work.is_open:
            continue
        moved = ["the build"] if build_moved else []
        if definition_hash(work.audience, kind_of(work.plan.platform).fields) != work.definition:
            moved.append("the definition")
        listed = run.execute("list", list_id=work.plan.list).fetchone()
        if listed and int(listed[1]) != work.version and listed[3] != run.plan_id:
            moved.append("the list")
        digest = run.execute("digest", plan_id=run.plan_id, list_id=work.plan.list).fetchone()
        if digest is None or digest[0] != work.digest:
            moved.append("the changes")
        if list_hash(run.build_id, work.definition, work.version, work.digest) != work.plan.hash:
            moved.append("the plan")
        if moved:
            work.fail("stale", f"{' and '.join(moved)} moved since the plan was made: plan again", DataError.exit_code)


def _log_entries(run: _Run, works: Sequence[_Work]) -> None:
    """Log who enters and leaves each audience, both arms, before anything is sent; never twice.

    While a guard holds removals nobody has left: a fault in the data would else begin everybody's rest.
    """
    entering = {work.audience.name: work.audience for work in works if work.is_open and "add" not in work.held}
    staying = {work.audience.name for work in works if "remove" in work.held}
    leaving = {work.audience.name for work in works if work.is_open} - staying
    with run.ledger.transaction():
        for name, audience in entering.items():
            common = {"plan_id": run.plan_id, "audience": name, "as_of": run.as_of}
            experiment, is_tested = experiment_of(audience), has_experiment(audience)
            run.execute("log_entries", **common, experiment=experiment, build_id=run.build_id, has_experiment=is_tested)
            run.execute("log_history", **common)
        for name in sorted(leaving):
            run.execute("log_leaving", plan_id=run.plan_id, audience=name, as_of=run.as_of)


def _apply_account(run: _Run, account: tuple[str, str], works: Sequence[_Work]) -> None:
    """All lists of one account: ensure each, then every removal, then every addition."""
    busy = [work for work in works if work.is_open and _has_requests(run, work)]
    if not busy:
        return
    try:
        endpoint, options = run.settings.account(*account)
        platform = open_platform(account[0], endpoint=endpoint, account=options)
    except BoomerangError as error:
        for work in busy:
            work.fail("failed", str(error), error.exit_code)
        return
    try:
        for phase in (ENSURE, REMOVALS, ADDITIONS):
            for work in busy:
                if work.is_open:
                    _guarded(run, platform, work, phase, busy)
    finally:
        platform.close()


def _has_requests(run: _Run, work: _Work) -> bool:
    ids = {"plan_id": run.plan_id, "list_id": work.plan.list}
    return any(run.execute("pending_batches", **ids, phase=phase).fetchone() for phase in (REMOVALS, ADDITIONS))


def _guarded(run: _Run, platform: Platform, work: _Work, phase: int, siblings: Iterable[_Work]) -> None:
    """One phase of one list; a failure stops this list, and one of the whole account all of its lists."""
    try:
        if phase == ENSURE:
            _ensure(run, platform, work)
        else:
            _send_phase(run, platform, work, phase)
    except (AuthError, RateLimited, Unavailable) as error:
        for sibling in siblings:
            if sibling.is_open:
                sibling.fail("partly" if sibling.result.requests else "failed", str(error), error.exit_code)
    except BoomerangError as error:
        work.fail("partly" if work.result.requests else "failed", str(error), error.exit_code)


def _ensure(run: _Run, platform: Platform, work: _Work) -> None:
    """Have the remote list; one that was replaced behind our back begins a new generation, filled by the next plan."""
    plan, label = work.plan, list_name(work.audience, work.plan.split)
    listed = run.execute("list", list_id=plan.list).fetchone()
    known = listed[0] if listed else None
    remote = RemoteList(
        plan.list, label, run.ledger.ledger_id, run.ledger.environment, work.audience.keep_days, external_id=known
    )
    external_id = platform.ensure(remote)
    with run.ledger.transaction():
        if listed is None:
            run.execute(
                "create_list", list_id=plan.list, audience=plan.audience, platform=plan.platform, account=plan.account,
                split=plan.split, label=label, now=run.clock(),
            )  # fmt: skip
        if known is not None and known != external_id:
            run.execute("new_generation", list_id=plan.list, external_id=external_id)
            run.execute("forget_members", list_id=plan.list)
        else:
            run.execute("set_external", list_id=plan.list, external_id=external_id, label=label)
    work.external_id = external_id
    work.result = replace(work.result, external_id=external_id)
    if known is not None and known != external_id:
        message = "the remote list was gone and a new one was made: run `boomerang sync` again to fill it"
        work.fail("stale", message, Unavailable.exit_code)


def _send_phase(run: _Run, platform: Platform, work: _Work, phase: int) -> None:
    ids = {"plan_id": run.plan_id, "list_id": work.plan.list, "phase": phase}
    numbers = [row[0] for row in run.execute("pending_batches", **ids).fetchall()]
    for number in numbers:
        rows = [HashRow(row[0]) for row in run.execute("batch_rows", **ids, batch_number=number).fetchall()]
        outcome = _send_batch(run, platform, work, phase, number, rows)
        result = work.result
        work.result = replace(
            result,
            sent=result.sent + len(rows),
            received=result.received + outcome.received,
            invalid=result.invalid + outcome.invalid,
            requests=result.requests + 1,
        )
        if run.on_progress:
            run.on_progress(work.plan.list, len(rows))


def _send_batch(
    run: _Run, platform: Platform, work: _Work, phase: int, number: int, rows: Sequence[HashRow]
) -> Outcome:
    """One request: durable as open before it leaves, closed with its outcome, left open when the answer is unknown."""
    assert work.external_id is not None
    batch_id, session = secrets.token_hex(8), secrets.randbits(62) + 1
    with run.ledger.transaction():
        run.execute("touch_list", list_id=work.plan.list, plan_id=run.plan_id)
        run.execute("plan_state", plan_id=run.plan_id, list_id=work.plan.list, state="applying", now=run.clock())
        run.execute(
            "open_batch", batch_id=batch_id, plan_id=run.plan_id, list_id=work.plan.list, phase=phase,
            batch_number=number, session=session, row_count=len(rows), now=run.clock(),
        )  # fmt: skip
    send = platform.remove if phase == REMOVALS else platform.add
    try:
        outcome = send(work.external_id, Batch(rows, session))
    except Unavailable:
        raise  # perhaps done, perhaps not: the batch stays open
    except PlatformError as error:
        _close_batch(run, batch_id, "rejected", error=type(error).__name__, request_id=error.request_id)
        raise
    _close_batch(run, batch_id, "accepted", outcome)
    return outcome


def _close_batch(
    run: _Run, batch_id: str, state: str, outcome: Outcome | None = None, *, error: str | None = None,
    request_id: str | None = None,
) -> None:  # fmt: skip
    run.execute(
        "close_batch",
        batch_id=batch_id,
        state=state,
        now=run.clock(),
        received=outcome.received if outcome else None,
        invalid=outcome.invalid if outcome else None,
        request_id=outcome.request_id if outcome else request_id,
        error=error,
    )


def _close(run: _Run, work: _Work) -> None:
    """Write what became of the list, and use up the permits that let its changes through."""
    ids = {"plan_id": run.plan_id, "list_id": work.plan.list}
    if work.is_open:
        run.execute("plan_state", **ids, state="applied", now=run.clock())
        run.execute("use_permits", **ids)
        if work.result.requests:
            run.execute("list_applied", list_id=work.plan.list, now=run.clock())
    else:
        run.execute("plan_state", **ids, state=work.result.state, now=run.clock())
    if work.is_open and not work.plan.changes:
        work.result = replace(work.result, state="unchanged")
    if work.result.state == "held":
        work.result = replace(work.result, message="; ".join(work.plan.guard.reasons), exit_code=GuardTripped.exit_code)


def list_name(audience: Audience, split: str | None) -> str:
    """What the ad manager shows: the label, with the split value behind it."""
    return audience.label if split is None else f"{audience.label} – {split}"
