"""One list while a plan is carried out: what was planned, what became of it, and whether the plan still holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import duckdb

from audiences.amounts import amount
from audiences.builds import settle_killed
from audiences.catalog import Audience
from audiences.domain import ListId
from audiences.errors import BoomerangError, DataError, RateLimited
from audiences.ledger import Ledger
from audiences.settings import Settings
from audiences.sql import statements
from audiences.sync.changes import digest_of
from audiences.sync.drafting import definition_hash, family_of, list_hash
from audiences.sync.kinds import kind_in
from audiences.sync.plan_record import ListPlan, StoredList


@dataclass(frozen=True)
class ListResult:
    """What became of one list. Counts are upload rows, `quarantined` and `not_removed` people.

    `state`: applied, held, unchanged, stale, partly, failed. `not_removed` are those whose removal the platform refused, or
    called invalid. `wait` is how many seconds the platform asks to stay away.
    """

    list: ListId
    audience: str
    platform: str
    state: str
    external_id: str | None = None
    sent: int = 0
    received: int = 0
    invalid: int = 0
    requests: int = 0
    quarantined: int = 0
    not_removed: int = 0
    wait: float | None = None
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


@dataclass(frozen=True)
class Run:
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
        """The ledger's connection; only one thread uses it."""
        return self.ledger.connection

    def execute(self, statement: str, **parameters: Any) -> duckdb.DuckDBPyConnection:
        """One named statement of `queries/apply.sql`."""
        return self.connection.execute(statements("apply")[statement], parameters or None)


@dataclass
class Work:
    """One list while it is applied. `audience` is None where no definition asks for the list."""

    stored: StoredList
    audience: Audience | None
    family: str
    result: ListResult
    external_id: str | None = None
    halvings: int = 0
    accepted: int = 0
    is_gone: bool = False
    """The remote list was deleted: what was accepted for it, and what is in flight, counts for nothing."""
    kept_before: int = 0
    """People whom the platform did not take off in an earlier run of this plan, which broke off."""
    waiting: int = 0
    """People whose addition waits for their removal from one of `waits_for`."""
    waits_for: list[ListId] = field(default_factory=list)

    @property
    def plan(self) -> ListPlan:
        """The list's part of the plan."""
        return self.stored.plan

    @property
    def held(self) -> list[str]:
        """The operations that a guard holds."""
        return self.stored.held

    @property
    def is_open(self) -> bool:
        """Whether requests may still be made for it."""
        return self.result.state in ("applied", "held")

    @property
    def account(self) -> tuple[str, str]:
        """Platform and account."""
        return self.plan.platform, self.plan.account

    @property
    def not_removed(self) -> int:
        """People whom the platform did not take off, in this run of the plan and in those before it."""
        return self.result.not_removed + self.kept_before

    def add(self, **counts: int) -> None:
        """Count what a request led to."""
        self.result = replace(
            self.result, **{name: getattr(self.result, name) + count for name, count in counts.items()}
        )

    def fail(self, error: BoomerangError, state: str | None = None) -> None:
        """Stop this list here; what was accepted stays accepted."""
        self.result = replace(
            self.result,
            state=state or "failed",
            message=str(error),
            exit_code=error.exit_code,
            wait=error.wait if isinstance(error, RateLimited) else None,
        )


def works_of(rows: Sequence[StoredList], audiences: Mapping[str, Audience]) -> list[Work]:
    """A piece of work for each list of the plan, with the definition as it is now."""
    found = []
    for row in rows:
        defined = audiences.get(row.plan.audience)
        family = family_of(defined if row.plan.state != "paused" else None, row.plan.platform, row.plan.audience)
        audience = defined if row.plan.state == "active" else None
        result = ListResult(row.plan.list, row.plan.audience, row.plan.platform, "held" if row.held else "applied")
        found.append(Work(row, audience, family, result))
    return found


def refuse_stale(run: Run, works: Sequence[Work]) -> None:
    """Refuse lists for which build, definition, version or changes are not those of the plan any more.

    Refused too is what was judged by an age, a build's success or a release that do not hold any more.
    """
    build_moved = run.execute("build_moved", plan_id=run.plan_id).fetchone() is not None
    over, let_go = _over(run), _let_go(run)
    for work in works:
        if work.stored.purpose == "forget":
            continue
        moved = [*(["the build"] if build_moved else []), *_moved(run, work)]
        is_let_go = "the changes" in moved and let_go is not None
        if is_let_go:
            moved.remove("the changes")
        why = [f"{' and '.join(moved)} moved"] if moved else []
        why += over + _permit_over(run, work)
        if why:
            work.fail(DataError(f"{' and '.join(why)} since the plan was made: plan again"), "stale")
        elif is_let_go:
            work.fail(DataError(f"{let_go}: plan again"), "stale")


def _let_go(run: Run) -> str | None:
    """Since when the plan's changes are not kept any more, in words; None where they are."""
    found = run.execute("let_go", plan_id=run.plan_id).fetchone()
    if found is None or found[0] is None:
        return None
    days = max((run.clock() - found[0]).days, 0)
    return f"its changes were let go after {amount(days, 'day') if days else 'newer plans'}"


def _over(run: Run) -> list[str]:
    """What has changed by time alone; what was so when the plan was made, the guards have judged."""
    settle_killed(run.ledger, run.settings)
    named, ids = statements("status"), {"plan_id": run.plan_id}
    most = run.settings.guards.max_build_age
    (planned_at,) = run.connection.execute(named["planned_at"], ids).fetchone() or (None,)
    found = []
    if most is not None and planned_at is not None and planned_at - run.as_of <= most < run.clock() - run.as_of:
        found.append("the build grew too old")
    if run.connection.execute(named["newer_failed"], ids).fetchone() is not None:
        found.append("a newer build did not finish")
    return found


def _permit_over(run: Run, work: Work) -> list[str]:
    ids = {"plan_id": run.plan_id, "list_id": work.plan.list, "now": run.clock()}
    is_over = run.connection.execute(statements("status")["permit_over"], ids).fetchone() is not None
    return ["the release that it rests on ran out"] if is_over else []


def _moved(run: Run, work: Work) -> list[str]:
    stored, plan = work.stored, work.plan
    moved = []
    if definition_hash(work.audience, kind_in(run.settings, plan.platform, plan.account)) != stored.definition_hash:
        moved.append("the definition")
    listed = run.execute("list", list_id=plan.list).fetchone()
    if listed is None and plan.former_list is not None:
        listed = run.execute("list", list_id=plan.former_list).fetchone()
    version, last_plan = (int(listed[1]), listed[3]) if listed else (0, None)
    if version != stored.list_version and last_plan != run.plan_id:
        moved.append("the list")
    if digest_of(run.connection, run.plan_id, plan.list) != stored.changes_digest:
        moved.append("the changes")
    if list_hash(run.build_id, stored.definition_hash, stored.list_version, stored.changes_digest) != plan.hash:
        moved.append("the plan")
    return moved
