"""A request's rows, read from the plan."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from audiences.domain import HashRow, ListId
from audiences.platforms.base import Batch
from audiences.sql import statements
from audiences.sync.works import Run


def read_batch(run: Run, list_id: ListId, phase: int, number: int, session: int) -> tuple[list[str], Batch]:
    """The member key of each row, and the rows, of one request; without what a guard holds or the platform refused."""
    which = {"plan_id": run.plan_id, "list_id": list_id, "phase": phase, "batch_number": number}
    table = run.connection.sql(statements("apply")["batch_rows"], params=which).to_arrow_table()
    members = table.column("member_key").to_pylist()
    rows = [HashRow(row) for row in table.column("upload_row").to_pylist()]
    return members, Batch(rows, session, _rows_per_member(members))


def _rows_per_member(members: Sequence[str]) -> list[int]:
    """How many of the rows are each member's; empty where each has one."""
    if len(set(members)) == len(members):
        return []
    return [len(list(theirs)) for _, theirs in groupby(members)]
