"""The changes of one list: found in SQL, written to the ledger, cut into requests.

Platforms match people, not hashes: a removal takes a person off the list by any one of their identifiers.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
from sqlglot import exp

from audiences.domain import ListKey
from audiences.platforms.base import Limits, PlatformKind
from audiences.sql import render, statements

MOST_ROWS_OF_A_MEMBER = 10
FEWEST_OF_A_RECIPE = 1000
"""So many people a day get a new recipe's hashes at least, however small the list."""
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


def record_changes(connection: duckdb.DuckDBPyConnection, job: Job) -> dict[str, int]:
    """Find the list's changes and write them to the ledger. Returns how many people wait for a later day, by cause.

    `placed`, `people` and `refused` must be those of the list's audience and platform, `refused_keys` of its platform.
    """
    waiting = _find_changes(connection, job)
    if not _has_rows(connection, "changes"):
        return waiting
    named, of_list = statements("plan"), {"list_id": job.key.list_id}
    if connection.execute("select 1 from changes where operation <> 'add' limit 1").fetchone() is not None:
        _find_removals(connection, job)
    else:
        _no_removals(connection)
    connection.execute(named["additions"], {"split": job.key.split, **of_list})
    connection.execute(named["inherit_cause"])
    cut = {**job.ids, "rows": job.rows_per_request, "slack": _slack(job.rows_per_request)}
    # An insert of no rows before a large one leaves DuckDB 2.0.0 with wrong statistics of the table, and rows unseen
    for step, source, values in (
        ("record_removals", "removals", cut),
        ("record_additions", "additions", cut),
        ("record_absorbed", "absorbed", job.ids),
    ):
        if _has_rows(connection, source):
            connection.execute(named[step], values)
    return waiting


def _has_rows(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return connection.execute(render(exp.select("1").from_(table).limit(1))).fetchone() is not None


def _find_changes(connection: duckdb.DuckDBPyConnection, job: Job) -> dict[str, int]:
    """Make `changes`, without those that wait: beyond today's budget of a new recipe, or in quarantine."""
    named, within_spread = statements("plan"), job.renewal
    connection.execute(
        named["changes"],
        {
            "list_id": job.key.list_id, "split": job.key.split, "recipe": job.recipe, "now": job.now,
            "is_rebuilt": job.is_rebuilt, "renew_within": within_spread[0], "renew_spread": within_spread[1],
        },
    )  # fmt: skip
    if job.is_frozen:
        connection.execute(named["only_ended"], {"list_id": job.key.list_id, "identifying": job.identifying})
    waiting = {"quarantine": _deleted(connection.execute(named["quarantined"], {"list_id": job.key.list_id}))}
    midnight = job.now.replace(hour=0, minute=0, second=0, microsecond=0)
    changed = connection.execute("select count(*) from changes where cause = 'recipe'").fetchone()
    if changed and changed[0]:
        done, size = (
            connection.execute(named[name], values).fetchone() or (0,)
            for name, values in (
                ("recipe_done", {"list_id": job.key.list_id, "since": midnight}),
                ("size", {"list_id": job.key.list_id}),
            )
        )
        budget = max(round(size[0] * job.recipe_share), FEWEST_OF_A_RECIPE) - done[0]
        waiting["recipe"] = _deleted(connection.execute(named["recipe_budget"], {"budget": max(budget, 0)}))
    return {cause: count for cause, count in waiting.items() if count}


def _deleted(result: duckdb.DuckDBPyConnection) -> int:
    row = result.fetchone()
    return int(row[0]) if row else 0


def _find_removals(connection: duckdb.DuckDBPyConnection, job: Job) -> None:
    """Make `removals`, `absorbed` and `sharing`: who goes, whose rows only change hands, and who is hit by a removal."""
    named = statements("plan")
    of_list = {"list_id": job.key.list_id, "identifying": job.identifying}
    connection.execute(named["mark_refused"])
    connection.execute(named["removals"], of_list)
    if not _has_rows(connection, "removals"):
        return _no_removals(connection)
    connection.execute(named["removal_values"], of_list)
    connection.execute(named["holders"])
    connection.execute(named["mark_refused_values"])
    connection.execute(named["absorbed"], {"split": job.key.split})
    connection.execute(named["absorb"])
    connection.execute(named["removed_values"])
    connection.execute(named["sharing"], {"split": job.key.split})
    while connection.execute(named["spread_removal"]).fetchone():
        connection.execute(named["sharing"], {"split": job.key.split})
    return None


def _no_removals(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(statements("plan")["none_removed"])


def _slack(rows: int) -> int:
    return min(rows - 1, MOST_ROWS_OF_A_MEMBER - 1)


def hold(connection: duckdb.DuckDBPyConnection, job: Job, held: dict[str, int], *, only_lost_consent: bool) -> None:
    """Mark what a guard holds; who stays on the list meanwhile is put back where a removal hits them."""
    if not held:
        return
    named = statements("plan")
    operations = [operation for operation in held if not (only_lost_consent and operation == "remove")]
    connection.execute(named["hold"], {**job.ids, "held": operations})
    if only_lost_consent:
        connection.execute(named["hold_consent"], job.ids)
    if "update" in held:
        connection.execute(named["stay_as_sent"], {**job.ids, "identifying": job.identifying})
