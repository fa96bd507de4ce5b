"""The sandbox's memory: a SQLite database, in memory or in a file; a request's changes happen whole or not at all."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audiences.sandbox.people import Identifiers, People

SCHEMA = """
create table if not exists lists (
    id integer primary key, platform text not null, account text not null,
    name text not null, description text not null,
    created_at real not null, changed_at real not null, options text not null, deleted integer not null default 0
);
create table if not exists list_rows (
    list integer not null, person integer not null, identifiers text not null, row text not null,
    primary key (list, person, row)
) without rowid;
create table if not exists identifiers (hash text primary key, person integer not null) without rowid;
create table if not exists person_numbers (kind text primary key, last integer not null) without rowid;
create table if not exists joined (old integer primary key, new integer not null);
create index if not exists joined_by_new on joined (new);
create table if not exists upload_sessions (
    account text not null, session text not null, list integer not null, opened_at real not null,
    finished integer not null, received integer not null, invalid integer not null, adding integer not null,
    due_at real not null, fails integer not null, primary key (account, session)
) without rowid;
create index if not exists upload_sessions_by_list on upload_sessions (list, opened_at);
create table if not exists pending (
    id integer primary key, list integer not null, session text not null, adding integer not null,
    due_at real not null, fails integer not null, row_count integer not null, rows text not null
);
"""


@dataclass(frozen=True)
class StoredList:
    """One remote list. `options` is what only its platform knows (subtype, schema shape, flags)."""

    id: int
    platform: str
    account: str
    name: str
    description: str
    created_at: float
    changed_at: float
    options: dict[str, Any]


@dataclass(frozen=True)
class Session:
    """One upload session: `received` and `invalid` count rows over all its batches.

    At `due_at` it is processed; when it `fails`, nothing of it takes effect.
    """

    session: str
    list_id: int
    opened_at: float
    finished: bool
    received: int
    invalid: int
    adding: bool = True
    due_at: float = 0.0
    fails: bool = False


@dataclass(frozen=True)
class Pending:
    """One batch that is not processed yet; `rows` are as sent."""

    session: str
    adding: bool
    due_at: float
    fails: bool
    rows: list[str]


class Store:
    """Lists, people, sessions and batches that wait. Use it inside `transaction()`; times are in seconds."""

    def __init__(self, file: Path | None = None) -> None:
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            file or ":memory:", check_same_thread=False, isolation_level=None, timeout=10
        )
        self._lock = threading.RLock()
        if file is not None:
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(SCHEMA)
        self.people = People(self._connection)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[Store]:
        """One request's changes: kept together when the block ends, forgotten together when it raises."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield self
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def create(self, new: StoredList) -> None:
        """Keep a new list under its id."""
        self._connection.execute(
            "insert into lists (id, platform, account, name, description, created_at, changed_at, options)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            [*list(vars(new).values())[:-1], json.dumps(new.options)],
        )

    def change(self, changed: StoredList) -> None:
        """Keep name, description, time and options of a list as they are now."""
        self._connection.execute(
            "update lists set name = ?, description = ?, changed_at = ?, options = ? where id = ?",
            [changed.name, changed.description, changed.changed_at, json.dumps(changed.options), changed.id],
        )

    def delete(self, number: int) -> None:
        """Delete a list and what is on it; its id is never used again."""
        self._connection.execute("update lists set deleted = 1 where id = ?", [number])
        self._connection.execute("delete from pending where list = ?", [number])
        self.people.clear(number)

    def last_id(self, platform: str) -> int | None:
        """The highest list id ever given on the platform."""
        query = "select max(id) from lists where platform = ?"
        return self._connection.execute(query, [platform]).fetchone()[0]  # type: ignore[no-any-return]

    def find_lists(self, platform: str, account: str | None = None) -> list[StoredList]:
        """The lists of a platform, or of one of its accounts, newest first."""
        query = (
            "select id, platform, account, name, description, created_at, changed_at, options from lists"
            " where not deleted and platform = ? and account = coalesce(?, account) order by id desc"
        )
        return [_list(row) for row in self._connection.execute(query, [platform, account])]

    def find_list(self, platform: str, number: int) -> StoredList | None:
        """One list, or None when it never was or is deleted."""
        query = (
            "select id, platform, account, name, description, created_at, changed_at, options from lists"
            " where not deleted and platform = ? and id = ?"
        )
        row = self._connection.execute(query, [platform, number]).fetchone()
        return _list(row) if row else None

    def session(self, account: str, session: str) -> Session | None:
        """One upload session of an account."""
        query = (
            "select session, list, opened_at, finished, received, invalid, adding, due_at, fails from upload_sessions"
            " where account = ? and session = ?"
        )
        row = self._connection.execute(query, [account, session]).fetchone()
        return _session(row) if row else None

    def sessions(self, number: int) -> Sequence[Session]:
        """The upload sessions of a list, newest first."""
        query = (
            "select session, list, opened_at, finished, received, invalid, adding, due_at, fails from upload_sessions"
            " where list = ? order by opened_at desc, session"
        )
        return [_session(row) for row in self._connection.execute(query, [number])]

    def session_counts(self, number: int, now: float) -> dict[str, int]:
        """How many sessions of a list are processed, failed and still pending."""
        query = (
            "select count(*) filter (where due_at <= ? and not fails), count(*) filter (where due_at <= ? and fails),"
            " count(*) filter (where due_at > ?) from upload_sessions where list = ?"
        )
        counts = self._connection.execute(query, [now, now, now, number]).fetchone()
        return dict(zip(("processed", "failed", "pending"), counts, strict=True))

    def keep_session(self, account: str, session: Session) -> None:
        """Write a session as it is now."""
        self._connection.execute(
            "insert or replace into upload_sessions (account, session, list, opened_at, finished, received, invalid,"
            " adding, due_at, fails) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [account, *vars(session).values()],
        )

    def wait(
        self,
        number: int,
        rows: Sequence[tuple[Identifiers, str]],
        *,
        adding: bool,
        due_at: float,
        session: str = "",
        fails: bool = False,
    ) -> None:
        """Keep a batch that the platform will process later; when one of a session `fails`, all of it does."""
        self._connection.execute(
            "insert into pending (list, session, adding, due_at, fails, row_count, rows) values (?, ?, ?, ?, ?, ?, ?)",
            [number, session, adding, due_at, fails, len(rows), json.dumps(rows)],
        )
        if fails and session:
            query = "update pending set fails = 1 where list = ? and session = ?"
            self._connection.execute(query, [number, session])

    def waiting(self, number: int) -> int:
        """How many batches of a list wait to be processed."""
        return int(self._connection.execute("select count(*) from pending where list = ?", [number]).fetchone()[0])

    def last_due(self, number: int) -> float:
        """When the last of a list's waiting batches is processed; 0 when none waits. A list takes them in order."""
        query = "select coalesce(max(due_at), 0) from pending where list = ?"
        return float(self._connection.execute(query, [number]).fetchone()[0])

    def pending_rows(self, number: int) -> dict[str, int]:
        """How many rows of a list wait to be added and to be removed."""
        query = (
            "select coalesce(sum(row_count) filter (where adding), 0), coalesce(sum(row_count)"
            " filter (where not adding), 0) from pending where list = ?"
        )
        counts = self._connection.execute(query, [number]).fetchone()
        return dict(zip(("add", "remove"), counts, strict=True))

    def pending(self, number: int) -> list[Pending]:
        """The batches of a list that wait, in the order in which they came."""
        query = "select session, adding, due_at, fails, rows from pending where list = ? order by id"
        return [
            Pending(session, bool(adding), due_at, bool(fails), [row for _, row in json.loads(rows)])
            for session, adding, due_at, fails, rows in self._connection.execute(query, [number])
        ]

    def settle(self, now: float) -> None:
        """Process the batches that are due, in the order in which they came; those that fail change nothing."""
        query = "select id, list, adding, fails, rows from pending where due_at <= ? order by id"
        for number, list_number, adding, fails, text in self._connection.execute(query, [now]).fetchall():
            rows = [(tuple(identifiers), row) for identifiers, row in json.loads(text)]
            if not fails:
                (self.people.add if adding else self.people.remove)(list_number, rows)
            self._connection.execute("delete from pending where id = ?", [number])


def _session(row: tuple[Any, ...]) -> Session:
    session, list_id, opened_at, finished, received, invalid, adding, due_at, fails = row
    return Session(session, list_id, opened_at, bool(finished), received, invalid, bool(adding), due_at, bool(fails))


def _list(row: tuple[Any, ...]) -> StoredList:
    number, platform, account, name, description, created_at, changed_at, options = row
    return StoredList(number, platform, account, name, description, created_at, changed_at, json.loads(options))
