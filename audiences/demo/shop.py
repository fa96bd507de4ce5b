"""The demo shop: a guitar shop's data as files, made by DuckDB SQL from a seed.

The same seed gives the same rows on every machine. All rules are in `sql/`: `shop/` runs once (places, catalogue,
habits), `chunk/` once per range of customers, `export/` writes one entity each. No loop over rows here, and no clock.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib.resources import files
from pathlib import Path

import duckdb

from audiences.errors import ConfigError, DataError
from audiences.shop_model import ENTITIES

FEWEST, MOST = 1_000, 10_000_000
CHUNK = 100_000
ONCE = {"products": "csv", "promotions": "jsonl", "stores": "csv"}
OURS = frozenset({".csv", ".jsonl", ".parquet"})


def generate(
    folder: Path,
    *,
    customers: int = 20_000,
    seed: int = 7,
    until: date = date(2026, 11, 23),
    on_step: Callable[[str], None] | None = None,
    threads: int | None = None,
    chunk: int = CHUNK,
) -> dict[str, int]:
    """Write the shop's files into `folder`, which is replaced whole or not at all.

    Args:
        folder: where to; it may be absent, empty or an older demo shop.
        customers: how many people the shop knows, 1,000 to 10,000,000.
        seed: another seed gives another shop of the same kind.
        until: the last day before "now" in the shop's time zone, New York; the data itself ends three days later.
        on_step: is told what is being written, for a progress bar.
        threads: of DuckDB; default as many as there are cores. The rows do not depend on it.
        chunk: customers per file, which bounds the memory. The rows do not depend on it.

    Returns:
        Rows per entity.

    Raises:
        ConfigError: the number of customers is out of range, or the folder holds something else.
        DataError: the folder cannot be written.
    """
    if not FEWEST <= customers <= MOST:
        raise ConfigError(f"the demo shop has {FEWEST:,} to {MOST:,} customers: {customers:,} is outside")
    _refuse_foreign(folder)
    tell = on_step or (lambda _: None)
    try:
        with _landing(folder) as landing, _engine(landing, threads) as engine:
            _set(engine, seed=seed, until=until)
            _run(engine, "shop")
            rows = _write_shop(engine, landing, tell)
            rows |= _write_customers(engine, landing, range(1, customers + 1, chunk), customers, tell)
    except (OSError, duckdb.IOException) as error:
        raise DataError(f"the demo shop cannot be written to {folder}: {error}") from error
    return {entity: rows[entity] for entity in ENTITIES}


def _write_shop(engine: duckdb.DuckDBPyConnection, landing: Path, tell: Callable[[str], None]) -> dict[str, int]:
    tell("products, promotions, stores")
    return {entity: _export(engine, entity, landing / f"{entity}.{ending}") for entity, ending in ONCE.items()}


def _write_customers(
    engine: duckdb.DuckDBPyConnection, landing: Path, starts: range, customers: int, tell: Callable[[str], None]
) -> dict[str, int]:
    rows = dict.fromkeys((entity for entity in ENTITIES if entity not in ONCE), 0)
    for part, first in enumerate(starts):
        last = min(first + starts.step - 1, customers)
        tell(f"customers {first:,} to {last:,} of {customers:,}")
        _set(engine, first_customer=first, last_customer=last)
        _run(engine, "chunk")
        for entity in rows:
            rows[entity] += _export(engine, entity, landing / f"{entity}-{part:03d}.parquet")
    return rows


def _run(engine: duckdb.DuckDBPyConnection, stage: str) -> None:
    """All statements of one folder of `sql/`, in the order of the file names."""
    for script in sorted((files(__package__) / "sql" / stage).iterdir(), key=lambda script: script.name):
        engine.execute(script.read_text(encoding="utf-8"))


def _export(engine: duckdb.DuckDBPyConnection, entity: str, target: Path) -> int:
    _set(engine, target=str(target))
    script = files(__package__) / "sql" / "export" / f"{entity}.sql"
    row = engine.execute(script.read_text(encoding="utf-8")).fetchone()
    return int(row[0]) if row else 0


def _set(engine: duckdb.DuckDBPyConnection, **values: int | str | date) -> None:
    """Hand values to the scripts, which read them with getvariable()."""
    for name, value in values.items():
        engine.execute(f"set variable {name} = $1", [value])


@contextmanager
def _engine(landing: Path, threads: int | None) -> Iterator[duckdb.DuckDBPyConnection]:
    spill = landing.with_suffix(".spill")
    engine = duckdb.connect(config={"temp_directory": str(spill), "autoinstall_known_extensions": False})
    try:
        if threads is not None:
            engine.execute("set threads = $1", [threads])
        yield engine
    finally:
        engine.close()
        shutil.rmtree(spill, ignore_errors=True)


@contextmanager
def _landing(folder: Path) -> Iterator[Path]:
    """A folder beside the wanted one, which takes its place when the block succeeds and is gone when it fails."""
    landing, old = folder.with_name(f".{folder.name}.partial"), folder.with_name(f".{folder.name}.old")
    for leftover in (landing, old):
        shutil.rmtree(leftover, ignore_errors=True)
    landing.mkdir(parents=True)
    try:
        yield landing
        _swap(landing, folder, old)
    finally:
        shutil.rmtree(landing, ignore_errors=True)


def _swap(landing: Path, folder: Path, old: Path) -> None:
    if folder.exists():
        folder.rename(old)
    try:
        landing.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _refuse_foreign(folder: Path) -> None:
    """The folder is replaced: so nothing but a demo shop may lie in it."""
    if folder.is_dir():
        foreign = [entry.name for entry in folder.iterdir() if not _is_ours(entry)]
    else:
        foreign = [folder.name] if folder.exists() else []
    if foreign:
        raise ConfigError(f"{folder} holds something that is no demo shop ({foreign[0]}): name an empty folder")


def _is_ours(entry: Path) -> bool:
    return entry.suffix in OURS and entry.stem.split("-")[0] in ENTITIES
