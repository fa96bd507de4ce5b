"""The rows of one list, kept in a small SQLite file beside what is made of them.

A request is one transaction: it is there as a whole, or not at all, whenever the process dies. Each row is found by the cells
that point to a person, so adding it again changes nothing, and a removal takes off every row that shares such a cell.
What changed since the files were made last is one run; it stays known until they are made.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from audiences.domain import HashRow

MODE = 0o600
KEY_DIGITS = 32
"""Hex digits of a hash that rows are found by: sixteen bytes, as the ledger's keys."""
WAIT_SECONDS = 10
PRAGMAS = (
    "pragma journal_mode = wal",
    "pragma synchronous = full",
    "pragma secure_delete = on",
    "pragma temp_store = memory",
    "pragma cache_size = -200000",
)
TABLES = (
    "create table if not exists members (id integer primary key, line text not null)",
    "create table if not exists cells (cell blob, member integer, primary key (cell, member)) without rowid",
    "create table if not exists removed (line text not null)",
    "create table if not exists state (one integer primary key, next_id integer, member_count integer, "
    "run text, run_from integer)",
    "insert or ignore into state values (1, 1, 0, null, null)",
    "create temp table incoming (line text, cell blob)",
    "create temp table wanted (cell blob primary key) without rowid",
)
INCOMING = "insert into incoming values (?, ?)"
NEW = """
select line
from incoming
where not exists (
    select 1
    from cells
    inner join members on members.id = cells.member
    where cells.cell = incoming.cell and members.line = incoming.line
)
order by incoming.rowid
"""
WANTED = "insert or ignore into wanted values (?)"
FOUND = """
select id, line
from members
where id in (select cells.member from wanted cross join cells where cells.cell = wanted.cell)
order by id
"""  # SQLite keeps the order of a cross join: the few that are wanted are looked up, the many are not read
ADD_MEMBER = "insert into members values (?, ?)"
ADD_CELL = "insert into cells values (?, ?)"
ADD_REMOVED = "insert into removed values (?)"
DROP_MEMBER = "delete from members where id = ?"
DROP_CELL = "delete from cells where cell = ? and member = ?"
COUNT = "update state set next_id = next_id + ?, member_count = member_count + ?"
STATE = "select next_id, member_count, run, run_from from state"
BEGIN_RUN = "update state set run = ?, run_from = next_id"
END_RUN = "update state set run = null, run_from = null"
ALL = "select line from members order by id"
ADDED = "select line from members where id >= (select run_from from state) order by id"
REMOVED = "select line from removed order by rowid"


class Members:
    """The rows of one list. Not safe to use from several threads at once; from one after the other it is."""

    def __init__(self, file: Path, identifying: tuple[int, ...]) -> None:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, MODE))
        self._identifying = identifying
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=WAIT_SECONDS)
        try:
            for statement in (*PRAGMAS, *TABLES):
                self._connection.execute(statement)
        except sqlite3.Error:
            self._connection.close()
            raise

    @property
    def count(self) -> int:
        """How many rows the list has."""
        return int(self._state()[1])

    @property
    def run(self) -> str | None:
        """The run whose changes are in no file yet; None when there are none."""
        return self._state()[2]

    def identifies(self, row: HashRow) -> bool:
        """Whether any cell of a row points to a person by itself."""
        return bool(self._cells(row))

    def add(self, rows: Sequence[HashRow], run: str) -> None:
        """Add the rows that are not there yet; those that identify nobody are left out. `run` is its name if one begins."""
        found = {row: cells for row in dict.fromkeys(rows) if (cells := self._cells(row))}
        with self._changing() as connection:
            connection.execute("delete from incoming")
            connection.executemany(INCOMING, ((row, cells[0]) for row, cells in found.items()))
            new = [line for (line,) in connection.execute(NEW)]
            if not new:
                return
            self._begin(run)
            first = self._state()[0]
            connection.executemany(ADD_MEMBER, enumerate(new, start=first))
            numbered = ((cell, number) for number, line in enumerate(new, start=first) for cell in found[HashRow(line)])
            connection.executemany(ADD_CELL, sorted(numbered))
            connection.execute(COUNT, (len(new), len(new)))

    def remove(self, rows: Sequence[HashRow], run: str) -> None:
        """Remove every row that shares an identifying cell with one of these. `run` is its name if one begins."""
        with self._changing() as connection:
            connection.execute("delete from wanted")
            connection.executemany(WANTED, ((cell,) for row in rows for cell in self._cells(row)))
            found = connection.execute(FOUND).fetchall()
            if not found:
                return
            self._begin(run)
            run_from = self._state()[3]
            connection.executemany(ADD_REMOVED, ((line,) for number, line in found if number < run_from))
            connection.executemany(
                DROP_CELL, ((cell, number) for number, line in found for cell in self._cells(HashRow(line)))
            )
            connection.executemany(DROP_MEMBER, ((number,) for number, _ in found))
            connection.execute(COUNT, (0, -len(found)))

    def lines(self) -> Iterator[str]:
        """All rows, in the order in which they came."""
        return self._read(ALL)

    def added(self) -> Iterator[str]:
        """The rows that came in this run and are still there."""
        return self._read(ADDED)

    def removed(self) -> Iterator[str]:
        """The rows that were there before this run and were removed in it."""
        return self._read(REMOVED)

    def end_run(self) -> None:
        """The changes of the run are in files now."""
        with self._changing() as connection:
            connection.execute("delete from removed")
            connection.execute(END_RUN)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _begin(self, run: str) -> None:
        if self.run is None:
            self._connection.execute(BEGIN_RUN, (run,))

    def _state(self) -> tuple[int, int, str | None, int]:
        state: tuple[int, int, str | None, int] = self._connection.execute(STATE).fetchone()
        return state

    def _read(self, statement: str) -> Iterator[str]:
        return (line for (line,) in self._connection.execute(statement))

    def _cells(self, row: HashRow) -> list[bytes]:
        values = row.split(",")
        found = (values[place] for place in self._identifying)
        return sorted({bytes.fromhex(value[:KEY_DIGITS]) for value in found if value})

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, durable when the block has ended."""
        self._connection.execute("begin immediate")
        try:
            yield self._connection
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            raise
        self._connection.execute("commit")
