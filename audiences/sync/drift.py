"""Drift: when the size that a platform tells moves against the ledger. Pure: values in, a sentence out.

Platforms round sizes, tell them late and recognise only some of the people. So bounds are compared, never numbers; only what
lasts counts; and there is a margin on top. What is said is worth a look, it is no proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from audiences.amounts import amount

MEMORY = timedelta(days=14)
"""So far back a size is compared with the newest one."""
DELAY = timedelta(days=3)
"""So long a platform may take until its size shows what was processed."""
MARGIN = 0.05
FEW = 100
"""So many people more or less are never drift."""
FEWEST_RECOGNISED = 0.05
"""Of a list of a thousand and more, a platform that recognises fewer than one in twenty has not got what was sent."""
FROM_CONFIRMED = 1_000


@dataclass(frozen=True)
class Size:
    """What a platform said of a list at one time: bounds in people; and how many members the ledger had then."""

    asked_at: datetime
    lower: int | None
    upper: int | None
    members: int


def drift(sizes: Sequence[Size], *, most_people: int, confirmed: int, filled_at: datetime | None) -> str:
    """What is odd about a list's size, in a sentence; empty where nothing is, or where too little is known.

    Args:
        sizes: what the platform said, oldest first, of this remote list only.
        most_people: how many people the members could be there at most: each upload row may be another person.
        confirmed: how many members the platform says it has processed.
        filled_at: when the member who was sent longest ago was sent; sizes of before tell of another filling.
    """
    if not sizes or filled_at is None:
        return ""
    newest = sizes[-1]
    if newest.lower is None or newest.upper is None:
        return ""
    above = _above(newest, sizes, most_people)
    if above or newest.asked_at - filled_at < DELAY:
        return above
    return _fell(newest, sizes, filled_at) or _low(newest, confirmed)


def _above(newest: Size, sizes: Sequence[Size], most_people: int) -> str:
    """More people than the members explain, those counted who left only lately."""
    explained = max([most_people, *_members_until(newest, sizes)])
    if (newest.lower or 0) <= explained * (1 + MARGIN) + FEW:
        return ""
    return (
        f"the platform shows at least {amount(newest.lower or 0, 'person', 'people')}, and the members explain "
        f"{explained:,} at most: "
        "people came onto the list by another way, or removals do not take effect"
    )


def _fell(newest: Size, sizes: Sequence[Size], filled_at: datetime) -> str:
    """The platform's size fell although the ledger's did not, whichever of the last days each size speaks of."""
    fewest = min(_members_until(newest, sizes))
    for one in sizes:
        is_known = sizes[0].asked_at <= one.asked_at - DELAY and filled_at <= one.asked_at - DELAY
        if not is_known or one.asked_at < newest.asked_at - MEMORY or max(_members_until(one, sizes)) > fewest:
            continue
        if (one.lower or 0) * (1 - MARGIN) > (newest.upper or 0):
            return (
                f"the platform's size fell from {span(one.lower, one.upper)} to {span(newest.lower, newest.upper)} since "
                f"{one.asked_at:%Y-%m-%d}, and the members did not: people went off the list by another way"
            )
    return ""


def _members_until(one: Size, sizes: Sequence[Size]) -> list[int]:
    """How many members there were at the times that a size may speak of, as far back as a platform may be late."""
    early = max((size.asked_at for size in sizes if size.asked_at <= one.asked_at - DELAY), default=None)
    return [
        size.members for size in sizes if size.asked_at <= one.asked_at and (early is None or size.asked_at >= early)
    ]


def _low(newest: Size, confirmed: int) -> str:
    if confirmed < FROM_CONFIRMED or (newest.upper or 0) >= confirmed * FEWEST_RECOGNISED:
        return ""
    return (
        f"the platform confirmed {amount(confirmed, 'member')} and shows "
        f"{amount(newest.upper or 0, 'person', 'people')} at most: "
        "it recognises hardly anybody, or people went off the list by another way"
    )


def span(lower: int | None, upper: int | None) -> str:
    """`1,100–1,200`; empty where the platform tells no size."""
    if lower is None and upper is None:
        return ""
    if lower is None or upper is None:
        return f"up to {upper:,}" if lower is None else f"from {lower:,}"
    return f"{lower:,}" if lower == upper else f"{lower:,}–{upper:,}"
