"""The changes of one list: found in SQL, written to the ledger, cut into requests.

Platforms match people, not hashes: a removal takes a person off the list by any one of their identifiers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
from sqlglot import exp

from audiences.domain import ListKey
from audiences.members import BUILD
from audiences.platforms.base import Field, Limits
from audiences.sql import render, statements

MOST_ROWS_OF_A_MEMBER = 10


def record_changes(
    connection: duckdb.DuckDBPyConnection, key: ListKey, ids: dict[str, Any], fields: Sequence[Field], limits: Limits
) -> None:
    """Find the list's changes and write them to the ledger as changes of the plan in `ids`.

    `placed`, `people` and `refused` must be those of the list's audience and platform.
    """
    named = statements("plan")
    identifying = [position for position, one in enumerate(fields, start=1) if one.identifies]
    of_list = {"list_id": key.list_id, "identifying": identifying}
    connection.execute(named["changes"], {"list_id": key.list_id, "split": key.split})
    if connection.execute("select 1 from changes limit 1").fetchone() is None:
        return
    connection.execute(named["mark_denied"])
    connection.execute(named["removals"], of_list)
    connection.execute(named["removed_values"], {"identifying": identifying})
    connection.execute(f"create or replace temp view holders as {render(_holders(fields))}")
    connection.execute(named["sharing"], {"split": key.split})
    while connection.execute(named["shared_values"], {"identifying": identifying}).fetchone():
        connection.execute(named["sharing"], {"split": key.split})
    connection.execute(named["additions"], {"split": key.split})
    slack = min(limits.rows_per_request - 1, MOST_ROWS_OF_A_MEMBER - 1)
    connection.execute(named["record"], {**ids, "rows": limits.rows_per_request, "slack": slack})


def _holders(fields: Sequence[Field]) -> exp.Select:
    """Customers with an identifying value that is about to be removed."""
    values = exp.select("value").from_("removed_values")
    hits = exp.or_(*(exp.column(one.column).isin(query=values.copy()) for one in fields if one.identifies))
    return exp.select("customer_id").from_(exp.table_("dim_identifiers", db="marts", catalog=BUILD)).where(hits)
