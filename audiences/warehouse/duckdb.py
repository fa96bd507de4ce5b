"""DuckDB: opening files, one writer at a time, and plain words when a file is taken."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from audiences.errors import Busy, DataError

LOCKED = "Could not set lock"
WRITING = "warehouse.lock"
BASE_MEGABYTES = 300
BYTES_PER_ROW = 150


def connect(file: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file; its time zone is UTC.

    Raises:
        Busy: another process holds the file.
        DataError: the file is there but is no DuckDB file of a version that this one reads.
    """
    try:
        connection = duckdb.connect(str(file), read_only=read_only)
    except duckdb.Error as error:
        raise translated(error, file) from None
    connection.execute("set timezone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    return connection


def limit_memory(connection: duckdb.DuckDBPyConnection, rows: int) -> None:
    """Let the connection take memory in proportion to the rows that a run looks at, and spill the rest to disk.

    Without a limit DuckDB fills most of the machine's memory with what it has read, beside whatever else runs there.
    """
    connection.execute(
        "set memory_limit = $limit", {"limit": f"{BASE_MEGABYTES + rows * BYTES_PER_ROW // 1_000_000}MB"}
    )


@contextmanager
def joined_as_written(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Of each join within the block keep the right side in memory, and let the left one stream past.

    DuckDB takes a side with a condition like `a is not null or b is not null` for a fifth of its rows, and so would keep
    long upload rows in memory where short keys would do.
    """
    connection.execute("set disabled_optimizers = 'build_side_probe_side,join_order'")
    try:
        yield
    finally:
        connection.execute("reset disabled_optimizers")


def translated(error: duckdb.Error, file: Path) -> Exception:
    """DuckDB's error on opening `file` as ours."""
    if LOCKED in str(error) or "already attached" in str(error) or "different configuration" in str(error):
        return Busy(
            f"another process holds {file.name}: let it finish, or close the program that has it open, and try again"
        )
    return DataError(f"{file.name} cannot be opened: it is no DuckDB file, or was made by a newer version of DuckDB")


@contextmanager
def exclusive(lock_file: Path, doing: str) -> Iterator[None]:
    """Hold a lock file for the time of the block. Raises Busy when another process holds it."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(f"another process is {doing}: let it finish and try again") from None
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()))
        handle.flush()
        yield


@contextmanager
def writing(home: Path) -> Iterator[None]:
    """Be the only one that writes the warehouse of this home. Raises Busy when somebody else does."""
    with exclusive(home / WRITING, "writing the warehouse"):
        yield


@contextmanager
def being_served(home: Path) -> Iterator[None]:
    """Be the only one that serves the sandbox of this home, or begins it anew. Raises Busy when somebody else does."""
    with exclusive(home / "sandbox.lock", "serving the sandbox of this home (stop it with Ctrl-C)"):
        yield


def is_being_written(home: Path) -> bool:
    """Whether a process is in `writing` for this home at this moment."""
    if not (home / WRITING).is_file():
        return False
    try:
        with writing(home):
            return False
    except Busy:
        return True
