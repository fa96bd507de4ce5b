"""One entity from its files to one typed Parquet file that fits the shop model in every row, or to an error.

Files are read once; only when a row does not fit are they read again, to say what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from audiences.shop_model import Entity
from flows.sources import faults
from flows.sources.casting import Cast
from flows.sources.columns import casts_for, taken_rows, warn_of_extra
from flows.sources.mapping import Mapped
from flows.sources.reading import VIEW, find_place, open_place

UNFIT = "error('unfit')"


@dataclass(frozen=True)
class Staged:
    """One entity, read and found good: `rows` in the typed `file`; with `since` they only add to what is there."""

    entity: Entity
    file: Path
    rows: int
    since: datetime | None


def stage(
    connection: duckdb.DuckDBPyConnection, base: Path, mapped: Mapped, since: datetime | None, folder: Path
) -> Staged:
    """Read one entity and write it to `folder`.

    Args:
        connection: from `open_reader`.
        base: where relative paths start.
        mapped: what to read.
        since: UTC; rows whose cursor is older are left out, rows without a value in it are taken.
        folder: where the typed file goes.

    Raises:
        ConfigError: a SELECT that cannot be one.
        DataError: no such file, an unreadable one, a missing column, a value that is missing or does not fit.
    """
    place = find_place(base, mapped)
    found = faults.attempt(lambda: open_place(connection, place))
    if isinstance(found, Exception):
        raise faults.explain(connection, place, since, found)
    casts = casts_for(place, found)
    warn_of_extra(place, found)
    target = folder / f"{mapped.entity.name}.parquet"
    rows = faults.attempt(lambda: _write(connection, casts, mapped.cursor, since, target))
    if isinstance(rows, Exception):
        raise faults.explain(connection, place, since, rows)
    return Staged(mapped.entity, target, rows, since)


def _write(
    connection: duckdb.DuckDBPyConnection, casts: list[Cast], cursor: str | None, since: datetime | None, target: Path
) -> int:
    columns = ", ".join(f'{_checked(cast)} as "{cast.column}"' for cast in casts)
    query = f"copy (select {columns} from {VIEW} where {taken_rows(casts, cursor, since)}) to ? (format parquet)"  # noqa: S608
    values: list[object] = [str(target)] if since is None else [since, str(target)]
    done = connection.execute(query, values)
    return int(done.fetchall()[0][0])


def _checked(cast: Cast) -> str:
    """The typed value; a row where it is missing though required, or does not fit, stops the query."""
    if cast.required:
        return f"coalesce({cast.value}, {UNFIT})"
    if not cast.can_fail:
        return cast.value
    return f"coalesce({cast.value}, case when {cast.given} is not null then {UNFIT} end)"
