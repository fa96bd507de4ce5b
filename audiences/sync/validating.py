"""Asking the platforms whether they would take a plan, before anything is sent: they look at it and keep nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from audiences.domain import ListId
from audiences.errors import BoomerangError
from audiences.ledger import open_ledger
from audiences.ledger.connection import now_utc
from audiences.platforms.base import Platform, Validating
from audiences.platforms.registry import open_platform
from audiences.settings import Settings
from audiences.sync.batches import read_batch
from audiences.sync.lanes import ADDITIONS
from audiences.sync.plan_record import read_plan
from audiences.sync.remote_lists import remote_of
from audiences.sync.works import Run, Work, works_of


@dataclass(frozen=True)
class ListValidation:
    """What a platform says to one list of a plan. `rows` upload rows were looked at, `invalid` of them it would not take.

    `state`: taken, invalid (some rows), refused (`message` says why), not offered (the platform cannot be asked), or nothing
    (there is nobody to add).
    """

    list: ListId
    platform: str
    state: Literal["taken", "invalid", "refused", "not offered", "nothing"]
    rows: int = 0
    invalid: int = 0
    message: str = ""
    exit_code: int = 0


def validate_plan(settings: Settings, plan_id: str, *, clock: Callable[[], datetime] = now_utc) -> list[ListValidation]:
    """Have the platforms check each list of a plan with the first request of its additions.

    Args:
        settings: the shop.
        plan_id: as `make_plan` gave it.
        clock: naive UTC.

    Raises:
        DataError: the ledger has no such plan.
        Busy: another process holds the ledger.
    """
    with open_ledger(settings) as ledger:
        rows = read_plan(ledger, plan_id)
        run = Run(settings, ledger, plan_id, rows[0].build_id, rows[0].as_of, clock, None)
        works = works_of(rows, {})
        return [
            found for account in sorted({one.account for one in works}) for found in _of_account(run, works, account)
        ]


def _of_account(run: Run, works: list[Work], account: tuple[str, str]) -> list[ListValidation]:
    mine = [one for one in works if one.account == account]
    try:
        endpoint, options = run.settings.account(*account)
        opened = open_platform(account[0], endpoint=endpoint, account=options)
    except BoomerangError as error:
        return [_refused(one, error) for one in mine]
    with closing(opened) as platform:
        return [_of_list(run, one, platform) for one in mine]


def _of_list(run: Run, work: Work, platform: Platform) -> ListValidation:
    plan = work.plan
    if not isinstance(platform, Validating):
        return ListValidation(plan.list, plan.platform, "not offered")
    numbers = run.execute("pending_batches", plan_id=run.plan_id, list_id=plan.list, phase=ADDITIONS).fetchall()
    if not numbers:
        return ListValidation(plan.list, plan.platform, "nothing")
    _, batch = read_batch(run, plan.list, ADDITIONS, numbers[0][0], session=1)
    listed = run.execute("list", list_id=plan.former_list or plan.list).fetchone()
    try:
        outcome = platform.validate(remote_of(run, work, listed[0] if listed else None), batch)
    except BoomerangError as error:
        return _refused(work, error)
    state: Literal["taken", "invalid"] = "invalid" if outcome.invalid else "taken"
    return ListValidation(plan.list, plan.platform, state, outcome.received, outcome.invalid)


def _refused(work: Work, error: BoomerangError) -> ListValidation:
    return ListValidation(work.plan.list, work.plan.platform, "refused", message=str(error), exit_code=error.exit_code)
