"""A build: dbt makes every model for one as_of, and only when all of it passed is it published.

dbt works on a copy of the warehouse that replaces it at the end, so a build that fails or is killed leaves the warehouse
and every published build as they were. Readers open published builds only.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from audiences.as_of import parse_as_of
from audiences.dbt_run import NodeResult, run_dbt
from audiences.errors import ConfigError, DataError
from audiences.ledger import Ledger, open_ledger
from audiences.ledger.connection import now_utc, read_id_salt
from audiences.names import hint
from audiences.settings import Settings
from audiences.warehouse.duckdb import connect, is_being_written, writing

PUBLISHED_SCHEMAS = ("marts", "segments", "reporting")
KEPT_BUILDS = 14
DATABASE_SUFFIXES = ("", ".wal")
NONE_RUNS = "update sync.builds set state = 'failed' where state = 'running'"
LEDGER_WAIT = 600.0  # seconds; an apply may hold the ledger while a build ends


@dataclass(frozen=True)
class Build:
    """A finished build. `as_of` is naive UTC."""

    build_id: str
    as_of: datetime
    file: Path
    node_count: int
    seconds: float
    rows: dict[str, int]  # published table -> rows


class BuildFailed(DataError):
    """Models or tests failed; `failed_nodes` names them."""

    def __init__(self, message: str, failed_nodes: list[str]) -> None:
        super().__init__(message)
        self.failed_nodes = failed_nodes


def build(
    settings: Settings,
    as_of: str | None = None,
    *,
    on_node: Callable[[NodeResult], None] | None = None,
    now: datetime | None = None,
) -> Build:
    """Build every model for `as_of` and publish it.

    Args:
        settings: the shop.
        as_of: a date or timestamp as in `parse_as_of`; None is now.
        on_node: called as each model and test ends.
        now: the clock, naive UTC; asked once when it is not given.

    Raises:
        ConfigError: a parameter that no model has, or an as_of that is no date.
        Busy: another process writes the warehouse.
        DataError: nothing was extracted yet, or a model or test failed; the message names them.
    """
    check_parameters(settings)
    started, begun = now or now_utc(), time.monotonic()
    moment = parse_as_of(as_of, timezone=settings.shop.timezone, now=started)
    build_id = f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    with writing(settings.home):
        held = _hold(settings)  # a read-only handle: nobody else can write the warehouse meanwhile
        try:
            _note(settings, build_id, moment, started, "running", [], 0, only_one=True)
            results = _candidate_built(settings, build_id, moment, started, on_node)
            published = _publish(settings, build_id)
        finally:
            held.close()
        candidate_file(settings).replace(settings.warehouse_file)
        with open_ledger(settings, wait=LEDGER_WAIT) as ledger:
            _finish(ledger, build_id, now or now_utc(), len(results))
            _prune(ledger, settings)
    file = published_file(settings, build_id)
    return Build(build_id, moment, file, len(results), time.monotonic() - begun, published)


def settle_killed(ledger: Ledger, settings: Settings) -> None:
    """Note as failed what says that it runs while nobody writes the warehouse: it was stopped or killed."""
    if not is_being_written(settings.home):
        ledger.connection.execute(NONE_RUNS)


def candidate_file(settings: Settings) -> Path:
    """The copy that dbt works on."""
    return settings.home / "warehouse.candidate.duckdb"


def published_file(settings: Settings, build_id: str) -> Path:
    """Where a finished build lies."""
    return settings.published / f"{build_id}.duckdb"


def dbt_variables(settings: Settings) -> dict[str, Any]:
    """The dbt vars of a build: the shop and every parameter of the settings; the same every day, so dbt parses once."""
    shop = settings.shop
    return {
        **settings.vars,
        "shop_timezone": shop.timezone,
        "shop_country": shop.country.upper(),
        "shop_currency": shop.currency.upper(),
        "sources": settings.source_names(),
    }


def check_parameters(settings: Settings) -> None:
    """Raise ConfigError for a parameter in `vars` that the dbt project does not have: dbt would pass it over in silence."""
    project = yaml.safe_load((settings.dbt_folder / "dbt_project.yml").read_text(encoding="utf-8"))
    known = project.get("vars") or {}
    for name in settings.vars:
        if name not in known:
            line = settings.line_of("vars", name)
            raise ConfigError(f"unknown parameter vars.{name}{hint(name, known)}", file=settings.file, line=line)


def _hold(settings: Settings) -> duckdb.DuckDBPyConnection:
    if not settings.warehouse_file.is_file():
        raise DataError("there is nothing to build from yet: run `boomerang extract` first")
    return connect(settings.warehouse_file, read_only=True)


def _candidate_built(
    settings: Settings,
    build_id: str,
    as_of: datetime,
    started: datetime,
    on_node: Callable[[NodeResult], None] | None,
) -> list[NodeResult]:
    candidate = candidate_file(settings)
    salt = read_id_salt(settings.home)
    _drop(candidate)
    for suffix in DATABASE_SUFFIXES:
        original = settings.warehouse_file.with_name(settings.warehouse_file.name + suffix)
        if original.is_file():
            shutil.copyfile(original, candidate.with_name(candidate.name + suffix))
    try:
        results = run_dbt(
            ["build", "--exclude-resource-type", "unit_test"],
            project=settings.dbt_folder,
            target=settings.home / "dbt",
            variables=dbt_variables(settings),
            environment={
                "BOOMERANG_ID_SALT": salt,
                "BOOMERANG_AS_OF": f"{as_of:%Y-%m-%d %H:%M:%S.%f}",
                "BOOMERANG_WAREHOUSE": str(candidate),
                "BOOMERANG_DBT_THREADS": str(settings.warehouse.threads),
            },
            on_node=on_node,
        )
        _refuse_broken(results)
    except BaseException as error:
        _drop(candidate)
        if isinstance(error, Exception):
            failed = getattr(error, "failed_nodes", [])
            _note(settings, build_id, as_of, started, "failed", failed, 0)
        raise
    return results


def _drop(database: Path) -> None:
    """Delete a database with its log; both may hold personal data."""
    for suffix in DATABASE_SUFFIXES:
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _refuse_broken(results: list[NodeResult]) -> None:
    broken = [result for result in results if result.is_broken and result.status != "skipped"]
    if not broken:
        return
    skipped = sum(result.status == "skipped" for result in results)
    lines = [f"  {result.kind} {result.name}: {result.message}" for result in broken[:10]]
    more = [f"  and {len(broken) - 10} more"] if len(broken) > 10 else []
    tail = [f"  ({skipped} that depend on them were skipped)"] if skipped else []
    raise BuildFailed(
        "the build is not published, warehouse and lists are as they were. What failed:\n"
        + "\n".join([*lines, *more, *tail])
        + "\nCorrect the data or the model and run `boomerang build` again.",
        [result.name for result in broken],
    )


def _publish(settings: Settings, build_id: str) -> dict[str, int]:
    """Copy what readers may see into the build's own file, then give it its name in one step."""
    settings.published.mkdir(parents=True, exist_ok=True)
    final = published_file(settings, build_id)
    partial = final.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    rows: dict[str, int] = {}
    with connect(partial) as connection:
        connection.execute(f"attach '{_quoted(candidate_file(settings))}' as candidate (read_only)")
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_catalog = 'candidate' and table_schema in ('marts', 'segments', 'reporting') order by 1, 2"
        ).fetchall()
        for schema in PUBLISHED_SCHEMAS:
            connection.execute(f"create schema if not exists {schema}")
        for schema, table in tables:
            name = f'"{schema}"."{table}"'
            connection.execute(f"create table {name} as select * from candidate.{name}")  # noqa: S608
            count = connection.execute(f"select count(*) from {name}").fetchone()  # noqa: S608
            rows[f"{schema}.{table}"] = int(count[0]) if count else 0
        connection.execute("detach candidate")
    partial.replace(final)
    return rows


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _note(
    settings: Settings,
    build_id: str,
    as_of: datetime,
    started: datetime,
    state: str,
    failed: list[str],
    nodes: int,
    *,
    only_one: bool = False,
) -> None:
    with open_ledger(settings, wait=LEDGER_WAIT) as ledger, ledger.transaction() as connection:
        if only_one:
            connection.execute(NONE_RUNS)
        connection.execute("delete from sync.builds where build_id = ?", [build_id])
        connection.execute(
            "insert into sync.builds (build_id, as_of, started_at, state, node_count, failed_nodes) values (?, ?, ?, ?, ?, ?)",
            [build_id, as_of, started, state, nodes, failed],
        )


def _finish(ledger: Ledger, build_id: str, finished: datetime, node_count: int) -> None:
    with ledger.transaction() as connection:
        connection.execute(
            "update sync.builds set state = 'finished', finished_at = ?, node_count = ? where build_id = ?",
            [finished, node_count, build_id],
        )


def _prune(ledger: Ledger, settings: Settings) -> None:
    """Keep the newest published builds; a file that no finished build owns was left by a killed one."""
    kept = {
        row[0]
        for row in ledger.connection.execute(
            "select build_id from sync.builds where state = 'finished' order by sequence_number desc limit ?",
            [KEPT_BUILDS],
        ).fetchall()
    }
    for file in settings.published.glob("*"):
        if file.name.split(".")[0] not in kept:
            file.unlink(missing_ok=True)
