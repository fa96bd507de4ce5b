"""Repairing lists: whoever is on them is removed, by the hashes that were sent, and who is wanted is added again.

That puts back whom somebody took off, and clears what went wrong there. Whom somebody else put on stays: nobody here knows
their hashes. Killed in the middle, the next rebuild or sync goes on from what the ledger knows.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from audiences.domain import ListId
from audiences.errors import BoomerangError
from audiences.ledger import open_ledger
from audiences.ledger.connection import now_utc
from audiences.platforms.registry import open_platform
from audiences.settings import Settings
from audiences.sql import statements
from audiences.sync.apply import apply_plan
from audiences.sync.plan import make_plan
from audiences.sync.plan_record import Plan
from audiences.sync.works import ApplyResult, ListResult, Progress


@dataclass(frozen=True)
class Preparation:
    """A rebuild that was planned. `warnings` are lists and sentences: what guards would say if this were a sync."""

    audience: str
    plan: Plan
    warnings: tuple[tuple[str, str], ...]

    @property
    def people(self) -> int:
        """Whose membership is touched."""
        return sum(one.changes for one in self.plan.lists)


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild came to: one result per round, a second one for lists that had to be made anew first."""

    audience: str
    results: tuple[ApplyResult, ...]
    renamed: tuple[str, ...]
    not_renamed: dict[str, str]

    @property
    def lists(self) -> tuple[ListResult, ...]:
        """The last word on each list."""
        return self.results[-1].lists


def plan_rebuild(settings: Settings, audience: str, *, clock: Callable[[], datetime] = now_utc) -> Preparation:
    """Plan to remove and add again everybody on the audience's lists.

    Guards that look at sizes do not hold a rebuild; what they would say is in `warnings`. While a build is too old or a newer
    one unfinished, who is on the list is put back, and who would come or go is held as in a sync.

    Args:
        settings: the shop.
        audience: the name of its definition.
        clock: naive UTC.

    Raises:
        ConfigError: no such audience, it is paused, or a definition is wrong.
        DataError: there is no finished build.
        Busy: another process holds the ledger.
    """
    usual = make_plan(settings, [audience], now=clock())
    plan = make_plan(settings, [audience], now=clock(), purpose="rebuild")
    held = {one.list: one.guard.reasons for one in plan.lists}
    warnings = [
        (str(one.list), reason)
        for one in usual.lists
        for reason in one.guard.reasons
        if reason not in held.get(one.list, [])
    ]
    return Preparation(audience, plan, tuple(warnings))


def rebuild_lists(
    settings: Settings,
    prepared: Preparation,
    *,
    on_progress: Progress | None = None,
    clock: Callable[[], datetime] = now_utc,
) -> Rebuilt:
    """Carry out a rebuild, and give lists that were renamed there their name back.

    A list that is gone is made anew and filled in a second round.

    Raises:
        DataError: the ledger has no such plan.
        Busy: another process holds the ledger.
    """
    results = [apply_plan(settings, prepared.plan.plan_id, on_progress=on_progress, clock=clock)]
    if any(one.state == "stale" for one in results[0].lists):
        again = make_plan(settings, [prepared.audience], now=clock())
        results.append(apply_plan(settings, again.plan_id, on_progress=on_progress, clock=clock))
    renamed, not_renamed = _rename(settings, prepared.audience)
    return Rebuilt(prepared.audience, tuple(results), renamed, not_renamed)


def _rename(settings: Settings, audience: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Ask each list for its name and put it right; which lists were renamed, and why others were not."""
    with open_ledger(settings) as ledger:
        lists = ledger.connection.execute(statements("status")["names"], {"audience": audience}).fetchall()
    renamed: list[str] = []
    failed: dict[str, str] = {}
    for list_id, platform, account, external_id, label in lists:
        try:
            if _put_right(settings, (platform, account), external_id, label):
                renamed.append(ListId(list_id))
        except BoomerangError as error:
            failed[list_id] = str(error)
    return tuple(renamed), failed


def _put_right(settings: Settings, account: tuple[str, str], external_id: str, label: str) -> bool:
    endpoint, options = settings.account(*account)
    with closing(open_platform(account[0], endpoint=endpoint, account=options)) as platform:
        if platform.status(external_id).name == label:
            return False
        platform.rename(external_id, label)
        return True
