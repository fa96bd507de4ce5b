"""Families: lists that have nobody in common, those of an exclusive group, else those of one audience.

Who is still on one list of a family is not added to another.
"""

from __future__ import annotations

from collections.abc import Sequence

from audiences.amounts import amount
from audiences.errors import Unavailable
from audiences.sql import count, statements
from audiences.sync.works import Run, Work


def hold_moving(run: Run, work: Work, works: Sequence[Work]) -> None:
    """Hold the additions of people whose removal from another list of the family did not happen.

    To be called when no removal of the family is under way any more, and before the list's first addition.

    Args:
        run: with the plan.
        work: the list that is about to add.
        works: all lists of the plan, those too that were refused or could not be reached.
    """
    others = [one for one in works if one is not work and one.family == work.family and _may_lack_removals(one)]
    if not others:
        return
    values = {"plan_id": run.plan_id, "list_id": work.plan.list, "others": [one.plan.list for one in others]}
    work.waiting += count(run.connection, statements("apply")["hold_moving"], values)
    work.waits_for = [one.plan.list for one in others]


def _may_lack_removals(work: Work) -> bool:
    return not work.is_open or work.not_removed > 0


def tell_waiting(work: Work) -> None:
    """Say of a list that all went but for people who wait here that it is not done yet."""
    if work.waiting and work.result.state == "applied":
        work.fail(Unavailable(waiting_words(work)))


def waiting_words(work: Work) -> str:
    """Who waits, and for which lists."""
    people = amount(work.waiting, "person waits", "people wait")
    return f"{people} here: they are still on {' or '.join(work.waits_for)}, where a removal did not happen"
