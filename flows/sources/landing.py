"""From typed Parquet files into the warehouse, whole or not at all: dlt lands them beside, one transaction swaps.

What a killed run left behind is taken away by the next one; how far a cursor got is read from the swapped rows alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from audiences.errors import BoomerangError, Busy, DataError
from audiences.extract import EntityLoad, SourceContext
from audiences.shop_model import DUCKDB_TYPES, ENTITIES, Entity, Type
from audiences.warehouse.duckdb import connect, translated
from flows.sources.staging import Staged

LOADED_AT = "_loaded_at"

DLT_TYPES: dict[Type, dict[str, Any]] = {
    "string": {"data_type": "text"},
    "int64": {"data_type": "bigint"},
    "double": {"data_type": "double"},
    "decimal": {"data_type": "decimal", "precision": 18, "scale": 4},
    "bool": {"data_type": "bool"},
    "timestamp": {"data_type": "timestamp", "timezone": False, "precision": 6},
    "date": {"data_type": "date"},
}

DLT_SETTINGS = {
    "runtime.dlthub_telemetry": False,
    "runtime.log_level": "CRITICAL",  # its warnings and tracebacks may quote rows
    "restore_from_destination": False,
}


@contextmanager
def scratch(context: SourceContext) -> Iterator[Path]:
    """An empty folder below home that only this user can read, gone at the end."""
    folder = context.home / "landing" / context.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prepare(context: SourceContext, cursors: dict[str, str]) -> dict[str, datetime]:
    """Take away what a killed run left, and tell how far each cursor got.

    Args:
        context: names the warehouse.
        cursors: cursor column by entity.

    Returns:
        By entity the newest instant that is in the warehouse, UTC; absent where nothing is, or in other columns.

    Raises:
        Busy: another process holds the warehouse.
    """
    with closing(connect(context.warehouse)) as connection:
        connection.execute(f'drop schema if exists "{_landing(context)}" cascade')
        newest = {name: _newest(connection, context, ENTITIES[name], cursor) for name, cursor in cursors.items()}
    return {name: instant for name, instant in newest.items() if instant is not None}


def land(context: SourceContext, staged: Sequence[Staged], folder: Path) -> None:
    """Let dlt load the files into a schema beside the real one.

    Raises:
        Busy: another process holds the warehouse.
        DataError: the load failed; what was there before is untouched.
    """
    import dlt  # takes a second, and an error in the settings is to come before it

    with_rows = [one for one in staged if one.rows]
    if not with_rows:
        return
    with dlt.config.values(DLT_SETTINGS):
        pipeline = dlt.pipeline(
            f"boomerang_{context.name}",
            pipelines_dir=str(folder / "loader"),
            destination=dlt.destinations.duckdb(str(context.warehouse)),
            dataset_name=_landing(context),
        )
        problem = _run(context, pipeline, [_resource(one) for one in with_rows])
    if problem is not None:
        raise problem


def swap(context: SourceContext, staged: Sequence[Staged], loaded_at: datetime | None = None) -> list[EntityLoad]:
    """Make what was landed the content of `raw_<source>` in one transaction, then drop the landing schema.

    Args:
        context: names the source and the warehouse.
        staged: what was landed; entities of the shop model that are not in it become empty.
        loaded_at: UTC without zone, for the column `_loaded_at`; default now.

    Returns:
        What was done, in the order of the shop model.
    """
    by_name = {one.entity.name: one for one in staged}
    instant = loaded_at or datetime.now(UTC).replace(tzinfo=None)
    with closing(connect(context.warehouse)) as connection:
        connection.begin()
        connection.execute(f'create schema if not exists "{_raw(context)}"')
        loads = [
            _swap_one(connection, context, entity, by_name.get(name), instant) for name, entity in ENTITIES.items()
        ]
        connection.commit()
        connection.execute(f'drop schema if exists "{_landing(context)}" cascade')
    return loads


def _raw(context: SourceContext) -> str:
    return f"raw_{context.name}"


def _landing(context: SourceContext) -> str:
    return f"raw_{context.name}_landing"


def _newest(
    connection: duckdb.DuckDBPyConnection, context: SourceContext, entity: Entity, cursor: str
) -> datetime | None:
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ?",
        [_raw(context), entity.name],
    ).fetchall()
    if dict(columns) != {**_types(entity), LOADED_AT: "TIMESTAMP"}:
        return None
    query = f'select max("{cursor}") from "{_raw(context)}"."{entity.name}"'  # noqa: S608  # checked names
    newest: datetime | None = connection.execute(query).fetchall()[0][0]
    return newest


def _types(entity: Entity) -> dict[str, str]:
    return {column: DUCKDB_TYPES[type_name] for column, type_name in entity.columns.items()}


def _resource(staged: Staged) -> Any:
    """The file as it is: told which columns cannot be null in it, dlt links it instead of writing it anew."""
    import dlt
    from pyarrow import parquet

    nullable = {field.name: field.nullable for field in parquet.read_schema(staged.file)}
    hints = {name: {**DLT_TYPES[kind], "nullable": nullable[name]} for name, kind in staged.entity.columns.items()}
    item = dlt.mark.with_file_import(str(staged.file), "parquet", staged.rows)
    return dlt.resource([item], name=staged.entity.name, columns=hints, write_disposition="append")


def _run(context: SourceContext, pipeline: Any, resources: list[Any]) -> BoomerangError | None:
    """Run dlt. Its exceptions may quote rows, so only their kind leaves this function."""
    from dlt.common.exceptions import DltException

    try:
        pipeline.run(resources, loader_file_format="parquet")
    except (DltException, duckdb.Error) as error:
        return _stopped(context, "landing", _duckdb_cause(error) or error)
    return None


def _stopped(context: SourceContext, doing: str, error: BaseException) -> BoomerangError:
    """What stopped a load, told by its kind alone."""
    if isinstance(error, duckdb.Error) and isinstance(busy := translated(error, context.warehouse), Busy):
        return busy
    return DataError(
        f"{context.name}: {doing} stopped with {type(error).__name__}; the warehouse holds what it held before. "
        "Look at free disk space and memory, then try again"
    )


def _duckdb_cause(error: BaseException | None) -> duckdb.Error | None:
    while error is not None and not isinstance(error, duckdb.Error):
        error = error.__cause__ or error.__context__
    return error


def _swap_one(
    connection: duckdb.DuckDBPyConnection,
    context: SourceContext,
    entity: Entity,
    staged: Staged | None,
    loaded_at: datetime,
) -> EntityLoad:
    table = f'"{_raw(context)}"."{entity.name}"'
    landed = f'"{_landing(context)}"."{entity.name}"'
    if staged is None or staged.since is None:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in _types(entity).items())
        connection.execute(f"create or replace table {table} ({columns}, {LOADED_AT} timestamp)")
    elif staged.rows:
        same = " and ".join(f'old."{column}" is not distinct from new."{column}"' for column in entity.key)
        connection.execute(f"delete from {table} as old using {landed} as new where {same}")  # noqa: S608
    if staged is None:
        return EntityLoad(entity.name, 0, "empty")
    if staged.rows:
        names = ", ".join(f'"{column}"' for column in entity.columns)
        connection.execute(f"insert into {table} select {names}, ? from {landed}", [loaded_at])  # noqa: S608
    return EntityLoad(entity.name, staged.rows, "full" if staged.since is None else "incremental")
