"""Who goes from a list, and whom that takes along: platforms match people, not hashes.

A removal takes a person off the list by any one of their identifiers, with all the others that the platform knows of them.
Whoever was sent with one of these, or with one of theirs, and stays, is sent again.
"""

from __future__ import annotations

import duckdb

from audiences.sql import count, has_rows, statements
from audiences.sync.job import Job


def find_removals(connection: duckdb.DuckDBPyConnection, job: Job) -> None:
    """Make `removals` of phase 1, `absorbed` (their rows only change hands) and `put_back` (hit by a removal, but staying)."""
    named, of_list = statements("removals"), {"list_id": job.key.list_id, "identifying": job.identifying}
    if not has_rows(connection, "changes", "operation <> 'add'"):
        connection.execute(named["none_removed"])
        return
    connection.execute(statements("changes")["mark_refused"])
    connection.execute(named["removals"], of_list)
    if not has_rows(connection, "removals"):
        connection.execute(named["none_removed"])
        return
    connection.execute(named["removal_values"], of_list)
    connection.execute(named["holders"])
    connection.execute(named["mark_ended"])
    connection.execute(named["absorbed"], {"split": job.key.split})
    connection.execute(named["leave_absorbed"])
    connection.execute(named["nobody_hit"])
    if not job.is_rebuilt:  # of a rebuild everybody is sent again
        _find_hit(connection, job)
        _pull_along(connection, job)
    connection.execute(named["put_back"], {"list_id": job.key.list_id, "split": job.key.split})


def _find_hit(connection: duckdb.DuckDBPyConnection, job: Job) -> None:
    """Fill `hit` and, with members who stay as they were sent, `hit_as_sent`, round by round until nobody new is found."""
    named, of_list = statements("removals"), {"list_id": job.key.list_id, "identifying": job.identifying}
    has_staying, this_round, is_spreading = has_rows(connection, "staying"), 0, True
    while is_spreading:
        connection.execute(named["hit"], {"round": this_round})
        spread = count(connection, named["spread"], {"round": this_round})
        if has_staying:
            connection.execute(named["hit_as_sent"], {**of_list, "round": this_round})
            spread += count(connection, named["spread_as_sent"], {**of_list, "round": this_round})
        is_spreading, this_round = spread > 0, this_round + 1


def _pull_along(connection: duckdb.DuckDBPyConnection, job: Job) -> None:
    """Give those who wait for a recipe's day, but are hit, the new hashes now."""
    named, of_list = statements("removals"), {"list_id": job.key.list_id, "identifying": job.identifying}
    if not count(connection, named["pull_removals"], {}):
        return
    connection.execute(named["pull_values"], of_list)
    connection.execute(named["pull_changes"])
    connection.execute(named["leave_pulled"])
    connection.execute(named["mark_ended"])
