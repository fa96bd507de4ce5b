"""The published build that a plan follows, attached to the ledger's connection, and the temporary tables that come with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from audiences.errors import Busy, DataError
from audiences.sql import statements
from audiences.warehouse.duckdb import limit_memory

BUILD, NEWEST = "build", "newest"


@dataclass(frozen=True)
class Moment:
    """The instant of a build and the shop's time zone."""

    as_of: datetime
    timezone: str


def attach_build(connection: duckdb.DuckDBPyConnection, file: Path, key: str, newest: Path | None = None) -> None:
    """Attach a published build read-only and prepare the temporary tables.

    Args:
        connection: the ledger's.
        file: the build to follow.
        key: the ledger's key.
        newest: the newest build, where another one is followed: who says no in it is not sent by the older one either.

    Raises:
        DataError: a file is gone, or an older version made it.
        Busy: a file cannot be opened now.
    """
    _attach(connection, file, BUILD)
    connection.execute("set variable ledger_key = $key", {"key": key})
    connection.execute(statements("removals")["define_cells"])
    named = statements("attached_build")
    connection.execute(statements("members")["create_funnel"])
    for name in ("define_member_key", "define_tombstone", "define_fingerprint", "define_bucket"):
        connection.execute(named[name])
    try:
        row = connection.execute(named["rows_to_look_at"]).fetchone()
        limit_memory(connection, int(row[0]) if row else 0)
        for name in ("former", "entombed", "erased", "half_erased", "nobody_refused_since"):
            connection.execute(named[name])
        if newest is not None:
            _note_refused_since(connection, newest)
    except (duckdb.BinderException, duckdb.CatalogException):
        raise DataError("an older version of Boomerang made this build: run `boomerang build` again") from None


def _attach(connection: duckdb.DuckDBPyConnection, file: Path, name: str) -> None:
    if not file.is_file():
        raise DataError(f"the published build {file.name} is gone: run `boomerang build` again")
    escaped = str(file).replace("'", "''")
    try:
        connection.execute(f"attach '{escaped}' as {name} (read_only)")
    except duckdb.Error:
        raise Busy(f"the published build {file.name} cannot be opened now: try again") from None


def _note_refused_since(connection: duckdb.DuckDBPyConnection, newest: Path) -> None:
    """Who is not refused by the build that is followed, and is by the newest; and the identifiers that they have there."""
    _attach(connection, newest, NEWEST)
    try:
        for name in ("refused_since", "identifiers_since"):
            connection.execute(statements("attached_build")[name])
    finally:
        connection.execute(f"detach {NEWEST}")
