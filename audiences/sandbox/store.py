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
create table if not exists sessions (
    account text not null, session text not null, list integer not null, opened_at real not null,
    finished integer not null, received integer not null, invalid integer not null, primary key (account, session)
) without rowid;
create table if not exists waiting (
    id integer primary key, list integer not null, adding integer not null, due_at real not null, rows text not null
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
    """One upload session: `received` and `invalid` count rows over all its batches."""

    session: str
    list_id: int
    opened_at: float
    finished: bool
    received: int
    invalid: int


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
        self._connection.execute("delete from waiting where list = ?", [number])
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
            "select session, list, opened_at, finished, received, invalid from sessions"
            " where account = ? and session = ?"
        )
        row = self._connection.execute(query, [account, session]).fetchone()
        return Session(row[0], row[1], row[2], bool(row[3]), row[4], row[5]) if row else None

    def sessions(self, number: int) -> Sequence[Session]:
        """The upload sessions of a list, newest first."""
        query = (
            "select session, list, opened_at, finished, received, invalid from sessions where list = ?"
            " order by opened_at desc, session"
        )
        return [Session(r[0], r[1], r[2], bool(r[3]), r[4], r[5]) for r in self._connection.execute(query, [number])]

    def keep_session(self, account: str, session: Session) -> None:
        """Write a session as it is now."""
        self._connection.execute(
            "insert or replace into sessions (account, session, list, opened_at, finished, received, invalid)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            [account, *vars(session).values()],
        )

    def wait(self, number: int, rows: Sequence[tuple[Identifiers, str]], *, adding: bool, due_at: float) -> None:
        """Keep a batch that the platform will process later."""
        self._connection.execute(
            "insert into waiting (list, adding, due_at, rows) values (?, ?, ?, ?)",
            [number, adding, due_at, json.dumps(rows)],
        )

    def waiting(self, number: int) -> int:
        """How many batches of a list wait to be processed."""
        return int(self._connection.execute("select count(*) from waiting where list = ?", [number]).fetchone()[0])

    def settle(self, now: float) -> None:
        """Process the batches that are due, in the order in which they came."""
        query = "select id, list, adding, rows from waiting where due_at <= ? order by id"
        for number, list_number, adding, text in self._connection.execute(query, [now]).fetchall():
            rows = [(tuple(identifiers), row) for identifiers, row in json.loads(text)]
            (self.people.add if adding else self.people.remove)(list_number, rows)
            self._connection.execute("delete from waiting where id = ?", [number])


def _list(row: tuple[Any, ...]) -> StoredList:
    number, platform, account, name, description, created_at, changed_at, options = row
    return StoredList(number, platform, account, name, description, created_at, changed_at, json.loads(options))
