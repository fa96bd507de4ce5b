"""What planning one list needs to know: its key, its platform's limits, and the numbers that follow from them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from audiences.domain import ListKey
from audiences.platforms.base import Limits, PlatformKind

MOST_ROWS_OF_A_MEMBER = 10
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Job:
    """What finding one list's changes needs to know beside the temporary tables of its audience and platform."""

    plan_id: str
    key: ListKey
    kind: PlatformKind
    limits: Limits
    recipe: str
    keep_days: int | None
    now: datetime
    recipe_share: float
    is_rebuilt: bool = False
    is_frozen: bool = False  # paused: nothing changes but for people who said no or were erased

    @property
    def ids(self) -> dict[str, Any]:
        """What most statements want."""
        return {"plan_id": self.plan_id, "list_id": self.key.list_id}

    @property
    def cut(self) -> dict[str, Any]:
        """What statements want that cut members into requests: `slack` rows are left for the last member."""
        rows = self.rows_per_request
        return {**self.ids, "rows": rows, "slack": min(rows - 1, MOST_ROWS_OF_A_MEMBER - 1)}

    @property
    def identifying(self) -> list[int]:
        """Positions, from 1, of the cells of an upload row that point to a person by themselves."""
        return [position for position, one in enumerate(self.kind.fields, start=1) if one.identifies]

    @property
    def renewal(self) -> tuple[float, float]:
        """How long before the platform forgets a member they are renewed at the latest, and over how long this is spread.

        Both in seconds: a tenth and a fifth of the list's days, so that no more than a few fall on one day.
        """
        days = self.keep_days or 0
        return min(max(days / 10, 1), 14) * A_DAY.total_seconds(), min(days / 5, 30) * A_DAY.total_seconds()

    @property
    def rows_per_request(self) -> int:
        """As many rows as fit into a request by their number and by their bytes."""
        most = self.limits.rows_per_request
        return max(bisect_right(range(most + 1), self.limits.bytes_per_request, key=self.kind.bytes_for) - 1, 1)
