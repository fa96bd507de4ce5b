"""From typed Parquet files into the warehouse, whole or not at all: dlt lands them beside, one transaction swaps.

What a killed run left behind is taken away by the next one; how far a cursor got is read from the swapped rows alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from audiences.errors import ConfigError, DataError
from audiences.extract import EntityLoad, SourceContext
from audiences.shop_model import DUCKDB_TYPES, ENTITIES, Entity, Type
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

UNFIT_FOR_DLT = frozenset("'%?*=")
"""Characters that dlt, or DuckDB's log file, takes for something else in a path."""

DLT_SETTINGS = {"restore_from_destination": False, "load.raise_on_max_retries": 1}


@contextmanager
def scratch(context: SourceContext) -> Iterator[Path]:
    """An empty folder below home that only this user can read, gone at the end.

    Raises ConfigError for a home that the loader cannot work in.
    """
    unfit = sorted(UNFIT_FOR_DLT & set(str(context.home)))
    if unfit:
        raise ConfigError(f"home: the loader cannot take a folder with {' '.join(unfit)} in its path; choose another")
    folder = context.home / "landing" / context.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prepare(warehouse: duckdb.DuckDBPyConnection, source: str, cursors: Mapping[str, str]) -> dict[str, datetime]:
    """Take away what a killed run left, and tell how far each cursor got.

    Args:
        warehouse: an open connection.
        source: the source's name.
        cursors: cursor column by entity.

    Returns:
        By entity the newest instant that is in the warehouse, UTC; absent where nothing is, or in other columns.
    """
    warehouse.execute(f'drop schema if exists "{_landing(source)}" cascade')
    newest = {name: _newest(warehouse, source, ENTITIES[name], cursor) for name, cursor in cursors.items()}
    return {name: instant for name, instant in newest.items() if instant is not None}


def land(warehouse: duckdb.DuckDBPyConnection, source: str, staged: Sequence[Staged], folder: Path) -> None:
    """Let dlt load the typed files into a schema beside the real one; `folder` is where it may work.

    Raises DataError when it stops; what was in the warehouse before is untouched.
    """
    import dlt  # takes a second, and an error in the settings is to come before it

    with_rows = [one for one in staged if one.rows]
    if not with_rows:
        return
    _hush()
    with dlt.config.values(DLT_SETTINGS):
        pipeline = dlt.pipeline(
            f"boomerang_{source}",
            pipelines_dir=str(folder / "loader"),
            destination=dlt.destinations.duckdb(warehouse),
            dataset_name=_landing(source),
        )
        problem = _run(pipeline, [_resource(one) for one in with_rows])
    if problem is not None:
        raise DataError(_stopped(source, "landing", problem))


def swap(
    warehouse: duckdb.DuckDBPyConnection, source: str, staged: Sequence[Staged], loaded_at: datetime
) -> list[EntityLoad]:
    """Make what was landed the content of `raw_<source>` in one transaction, then drop the landing schema.

    Args:
        warehouse: an open connection.
        source: the source's name.
        staged: what was landed; entities of the shop model that are not in it become empty.
        loaded_at: UTC without zone, for the column `_loaded_at`.

    Returns:
        What was done, in the order of the shop model.

    Raises:
        DataError: the transaction stopped and was rolled back.
    """
    by_name = {one.entity.name: one for one in staged}
    problem = None
    warehouse.begin()
    try:
        warehouse.execute(f'create schema if not exists "{_raw(source)}"')
        loads = [
            _swap_one(warehouse, source, entity, by_name.get(name), loaded_at) for name, entity in ENTITIES.items()
        ]
        warehouse.commit()
    except duckdb.Error as error:
        problem = _stopped(source, "swapping", error)
    if problem is not None:
        raise DataError(problem)
    warehouse.execute(f'drop schema if exists "{_landing(source)}" cascade')
    return loads


def _raw(source: str) -> str:
    return f"raw_{source}"


def _landing(source: str) -> str:
    return f"raw_{source}_landing"


def _newest(warehouse: duckdb.DuckDBPyConnection, source: str, entity: Entity, cursor: str) -> datetime | None:
    columns = warehouse.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ?",
        [_raw(source), entity.name],
    ).fetchall()
    if dict(columns) != {**_types(entity), LOADED_AT: "TIMESTAMP"}:
        return None
    query = f'select max("{cursor}") from "{_raw(source)}"."{entity.name}"'  # noqa: S608  # checked names
    newest: datetime | None = warehouse.execute(query).fetchall()[0][0]
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


def _hush() -> None:
    """No telemetry, and no log of dlt's own: its tracebacks may quote rows.

    The setting alone comes too late, for importing dlt starts the telemetry, and leaves an id in the user's folder.
    """
    from dlt.common.configuration.specs import RuntimeConfiguration
    from dlt.common.runtime import anon_tracker, run_context
    from dlt.pipeline import trace

    quiet = RuntimeConfiguration(dlthub_telemetry=False, log_level="CRITICAL")
    run_context.active().initialize_runtime(quiet)
    anon_tracker.disable_anon_tracker()
    trace.TRACKING_MODULES = []


def _run(pipeline: Any, resources: list[Any]) -> BaseException | None:
    """Run dlt; what stopped it comes back as a value, as near to DuckDB as can be told. Ctrl-C stays Ctrl-C."""
    from dlt.common.exceptions import DltException

    try:
        pipeline.run(resources, loader_file_format="parquet")
    except (DltException, duckdb.Error) as error:
        chain = list(_causes(error))
        if any(isinstance(cause, KeyboardInterrupt) for cause in chain):
            raise KeyboardInterrupt from None
        return next((cause for cause in chain if isinstance(cause, duckdb.Error)), error)
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _stopped(source: str, doing: str, error: BaseException) -> str:
    """A sentence that tells of the error its kind alone, for its text may quote rows."""
    return (
        f"{source}: {doing} stopped with {type(error).__name__}; the warehouse holds what it held before. "
        "Look at free disk space and memory, then try again"
    )


def _swap_one(
    warehouse: duckdb.DuckDBPyConnection, source: str, entity: Entity, staged: Staged | None, loaded_at: datetime
) -> EntityLoad:
    table, landed = f'"{_raw(source)}"."{entity.name}"', f'"{_landing(source)}"."{entity.name}"'
    if staged is None or staged.since is None:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in _types(entity).items())
        warehouse.execute(f"create or replace table {table} ({columns}, {LOADED_AT} timestamp)")
    elif staged.rows:
        same = " and ".join(f'old."{column}" is not distinct from new."{column}"' for column in entity.key)
        warehouse.execute(f"delete from {table} as old using {landed} as new where {same}")  # noqa: S608
    if staged is None:
        return EntityLoad(entity.name, 0, "empty")
    if staged.rows:
        names = ", ".join(f'"{column}"' for column in entity.columns)
        warehouse.execute(f"insert into {table} select {names}, ? from {landed}", [loaded_at])  # noqa: S608
    return EntityLoad(entity.name, staged.rows, "full" if staged.since is None else "incremental")
