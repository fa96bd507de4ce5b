"""Opening the ledger: its key, its migrations, its owner's name."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb

from audiences.errors import Busy, ConfigError, DataError
from audiences.ledger.activity import noticed, read_activity
from audiences.settings import Settings
from audiences.sql import has_rows
from audiences.warehouse.duckdb import connect

KEY_BYTES = 32
KEY = re.compile(rf"[0-9a-f]{{{2 * KEY_BYTES}}}")

TOO_EARLY = (
    "this ledger was written before the first release of Boomerang and cannot be used any more: delete the lists that it made "
    "at the platforms, put ledger.duckdb and ledger.key aside, run `boomerang build` and `boomerang sync`; a new ledger is made"
)


@dataclass(frozen=True)
class Ledger:
    """An open ledger. `key` is the secret behind every member_key; it is handed to SQL as a parameter only."""

    connection: duckdb.DuckDBPyConnection
    ledger_id: str
    environment: str
    key: str

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All statements of the block, or none of them."""
        self.connection.begin()
        try:
            yield self.connection
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()


def now_utc() -> datetime:
    """The clock, as a naive UTC timestamp; asked at the edge only and handed down."""
    return datetime.now(UTC).replace(tzinfo=None)


@contextmanager
def open_ledger(settings: Settings, *, wait: float = 0.0) -> Iterator[Ledger]:
    """Open the ledger of these settings, created and migrated as needed; closed after the block.

    Args:
        settings: whose home it lies in.
        wait: how long, in seconds, to wait for another process to give it back.

    Raises:
        Busy: another process holds it.
        ConfigError: it belongs to another environment, or its key is missing or broken.
        DataError: a newer version of Boomerang wrote it, or one from before the first release.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    connection = _connect(settings.ledger_file, wait)
    try:
        with noticed(settings.home):
            yield _opened(connection, settings)
    finally:
        connection.close()


def _connect(file: Path, wait: float) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + wait
    while True:
        try:
            return connect(file)
        except Busy as error:
            if time.monotonic() >= deadline:
                holder = read_activity(file.parent)
                raise Busy(f"{error} ({holder})" if holder else str(error)) from None
            time.sleep(0.2)


def _opened(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Ledger:
    connection.execute(
        "set force_compression = 'zstd'"
    )  # hashes: smaller, and sooner written, than what DuckDB tries first
    version = _version(connection)
    key = _key(settings.home, may_create=version == 0)
    _migrate(connection, version, settings.environment, key)
    row = connection.execute(
        "select ledger_id, environment, key_check from sync.schema_version order by version desc limit 1"
    ).fetchone()
    assert row is not None
    ledger_id, environment, key_check = row
    if environment != settings.environment:
        raise ConfigError(
            f"this ledger belongs to the environment {environment!r}, the settings say {settings.environment!r}: "
            "use another home for another environment",
            file=settings.file,
        )
    if key_check != _check_of(key):
        raise ConfigError(f"{_key_file(settings.home).name} is not the key of this ledger: restore it from the backup")
    return Ledger(connection, ledger_id, environment, key)


def _key_file(home: Path) -> Path:
    return home / "ledger.key"


def _key(home: Path, *, may_create: bool) -> str:
    file = _key_file(home)
    if file.is_file():
        key = file.read_text(encoding="ascii", errors="replace").strip()
        if KEY.fullmatch(key) is None:
            raise ConfigError(_broken(file, may_create=may_create))
        return key
    if not may_create:
        raise ConfigError(
            f"{file.name} is missing beside the ledger: restore it from the backup, it cannot be made again"
        )
    key = secrets.token_hex(KEY_BYTES)
    _write_whole(file, key + "\n")
    return key


def _broken(file: Path, *, may_create: bool) -> str:
    what = f"{file.name} is no key: it is empty, cut short or changed"
    return f"{what}; delete it, a new ledger gets a new one" if may_create else f"{what}; restore it from the backup"


def _write_whole(file: Path, text: str) -> None:
    """Write beside and rename, for the owner alone: whoever is killed leaves a whole file or none."""
    beside = file.with_name(f"{file.name}.{secrets.token_hex(4)}.new")
    beside.touch(mode=0o600)
    with beside.open("w", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(file)


def read_id_salt(home: Path) -> str:
    """The secret in the ids of customers who are known by an address alone; from the ledger's key, which must be there."""
    return hashlib.sha256(f"boomerang customer ids {_key(home, may_create=False)}".encode()).hexdigest()[:32]


def _check_of(key: str) -> str:
    return hashlib.sha256(f"boomerang ledger key {key}".encode()).hexdigest()[:16]


def _version(connection: duckdb.DuckDBPyConnection) -> int:
    try:
        row = connection.execute("select max(version) from sync.schema_version").fetchone()
    except duckdb.CatalogException:
        return 0
    return int(row[0]) if row and row[0] is not None else 0


@cache
def _migrations() -> list[tuple[int, str]]:
    folder = files("audiences.ledger") / "migrations"
    found = [
        (int(file.name[:4]), file.read_text(encoding="utf-8")) for file in folder.iterdir() if file.name[:4].isdigit()
    ]
    return sorted(found)


def _migrate(connection: duckdb.DuckDBPyConnection, version: int, environment: str, key: str) -> None:
    migrations = _migrations()
    if version > migrations[-1][0]:
        raise DataError("this ledger was written by a newer version of Boomerang: update Boomerang")
    if version == 1 and has_rows(connection, "sync.builds"):
        raise DataError(TOO_EARLY)
    for number, sql in migrations:
        if number <= version:
            continue
        connection.begin()
        connection.execute(sql)
        row = connection.execute("select any_value(ledger_id) from sync.schema_version").fetchone()
        ledger_id = row[0] if row and row[0] else uuid.uuid4().hex[:12]
        connection.execute(
            "insert into sync.schema_version values (?, ?, ?, ?, ?)",
            [number, now_utc(), ledger_id, environment, _check_of(key)],
        )
        connection.commit()
