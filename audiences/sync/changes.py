"""The changes of one list: found in SQL, written to the ledger, cut into requests."""

from __future__ import annotations

import duckdb

from audiences.guards import Verdict
from audiences.sql import count, has_rows, statements
from audiences.sync.job import Job
from audiences.sync.removals import find_removals
from audiences.warehouse.duckdb import joined_as_written

FEWEST_OF_A_RECIPE = 1000
"""So many people a day get a new recipe's hashes at least, however small the list."""


def record_changes(connection: duckdb.DuckDBPyConnection, job: Job) -> dict[str, int]:
    """Find the list's changes and write them to the ledger. Returns how many people wait for a later day, by cause.

    `placed`, `people` and `refused` must be those of the list's audience and platform, `refused_keys` of its platform.
    """
    _find_changes(connection, job)
    if has_rows(connection, "changes"):
        find_removals(connection, job)
        _record(connection, job)
    return dict(connection.execute(statements("changes")["waiting"]).fetchall())


def _find_changes(connection: duckdb.DuckDBPyConnection, job: Job) -> None:
    """Make `changes`, and `staying` of those that are not done: of a paused list, in quarantine, beyond a recipe's budget."""
    named, of_list, renewal = statements("changes"), {"list_id": job.key.list_id}, job.renewal
    connection.execute(
        named["changes"],
        {
            **of_list, "split": job.key.split, "recipe": job.recipe, "now": job.now,
            "is_rebuilt": job.is_rebuilt, "renew_within": renewal[0], "renew_spread": renewal[1],
        },
    )  # fmt: skip
    connection.execute(named["nobody_stays"])
    if job.is_frozen:
        connection.execute(named["only_ended"], {**of_list, "identifying": job.identifying})
        connection.execute(named["leave_staying"])
    connection.execute(named["quarantined"], of_list)
    connection.execute(named["leave_staying"])
    if has_rows(connection, "changes", "cause = 'recipe'"):
        connection.execute(named["recipe_budget"], {"budget": _recipe_budget(connection, job)})
        connection.execute(named["leave_staying"])


def _recipe_budget(connection: duckdb.DuckDBPyConnection, job: Job) -> int:
    """How many people may still get a new recipe's hashes today."""
    midnight = job.now.replace(hour=0, minute=0, second=0, microsecond=0)
    of_list = {"list_id": job.key.list_id}
    done = count(connection, statements("changes")["recipe_done"], {**of_list, "since": midnight})
    size = count(connection, statements("plan")["size"], of_list)
    return max(max(round(size * job.recipe_share), FEWEST_OF_A_RECIPE) - done, 0)


def _record(connection: duckdb.DuckDBPyConnection, job: Job) -> None:
    """Write down what was found. Who is put back comes after the additions, in requests of their own."""
    removals, named = statements("removals"), statements("record")
    connection.execute(removals["additions"])
    connection.execute(removals["inherit_cause"])
    # An insert of no rows before a large one leaves DuckDB 2.0.0 with wrong statistics of the table, and rows unseen
    if has_rows(connection, "removals"):
        connection.execute(named["record_removals"], job.cut)
    with joined_as_written(connection):
        _record_additions(connection, job)
    if has_rows(connection, "absorbed"):
        connection.execute(named["record_absorbed"], job.ids)
    _put_back(connection, job)


def _record_additions(connection: duckdb.DuckDBPyConnection, job: Job) -> None:
    named, cut = statements("record"), job.cut
    connection.execute(named["numbered"], {"rows": cut["rows"]})
    singles = count(connection, named["record_single"], job.ids) if has_rows(connection, "numbered") else 0
    connection.execute(named["several"])
    if has_rows(connection, "several"):
        last = max(singles - 1, 0) // cut["rows"]
        connection.execute(named["record_several"], {**cut, "last": last, "taken": singles - last * cut["rows"]})


def _put_back(
    connection: duckdb.DuckDBPyConnection, job: Job, *, operation: str = "update", cause: str = "shared"
) -> int:
    """Write down who is in `put_back`, to be sent again as they were. Returns how many they are."""
    named = statements("record")
    if not has_rows(connection, "put_back"):
        return 0
    first = count(connection, named["first_batch"], job.ids)
    values = {**job.cut, "first": first, "operation": operation, "cause": cause}
    return count(connection, named["record_as_sent"], values)


def hold(connection: duckdb.DuckDBPyConnection, job: Job, verdict: Verdict) -> None:
    """Mark what a guard holds; who stays on the list meanwhile is put back where a removal hits them."""
    if not verdict.held:
        return
    named, only_lost_consent = statements("record"), verdict.holds_only_lost_consent
    operations = [operation for operation in verdict.held if not (only_lost_consent and operation == "remove")]
    connection.execute(named["hold"], {**job.ids, "held": operations})
    if only_lost_consent:
        connection.execute(named["hold_consent"], job.ids)
    if verdict.frees_overdue and "remove" in operations:
        connection.execute(named["free_overdue"], job.ids)
    if set(verdict.held) == {"add"}:
        return
    _bind(connection, job)
    while True:
        for step in ("gone", "put_back_held"):
            connection.execute(named[step], {**job.ids, "identifying": job.identifying})
        if not _put_back(connection, job):
            return


def renew_as_sent(connection: duckdb.DuckDBPyConnection, job: Job) -> tuple[int, int]:
    """Renew whose update waits or is held, where the platform would forget them meanwhile: with what they were sent with.

    Returns how many these are, and how many of them wait for a recipe's day.
    """
    named = statements("record")
    connection.execute(named["stays_too_long"], {**job.ids, "now": job.now, "renew_within": job.renewal[0]})
    of_a_recipe = count(connection, named["late_for_a_recipe"])
    return _put_back(connection, job, operation="renew", cause="renewal"), of_a_recipe


def _bind(connection: duckdb.DuckDBPyConnection, job: Job) -> None:
    """Keep a new recipe from those who share an identifier, as sent, with somebody who is held."""
    named, has_more = statements("record"), True
    while has_more:
        connection.execute(named["bound"], {**job.ids, "identifying": job.identifying, "recipe": job.recipe})
        renewed = count(connection, named["renew_bound"], job.ids)
        has_more = renewed + count(connection, named["hold_bound"], job.ids) > 0


def digest_of(connection: duckdb.DuckDBPyConnection, plan_id: str, list_id: str) -> str:
    """A sum over all recorded changes of a list: equal for equal changes, whatever is held of them."""
    row = connection.execute(statements("record")["digest"], {"plan_id": plan_id, "list_id": list_id}).fetchone()
    return str(row[0]) if row else ""
