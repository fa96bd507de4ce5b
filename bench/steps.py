"""The steps of the segments' bench, each run as a process of its own so that its time and memory can be told apart.

`python -m bench.steps STEP FOLDER …`, where STEP is a function of this module.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from audiences.as_of import end_of_day
from audiences.builds import dbt_variables
from audiences.dbt_run import run_dbt
from audiences.demo.shop import generate
from audiences.extract import extract
from audiences.settings import Settings, load_settings
from audiences.warehouse.duckdb import connect
from bench.rows import differing
from bench.script import run_by_hand, run_rendered

ROOT = Path(__file__).parents[1]
DAY = date(2026, 11, 23)
MADE_AS = "models"  # the file that dbt works on, and so the name of its database


def shop(folder: Path) -> Settings:
    """The settings of the demo shop that lies in the bench's folder."""
    return load_settings(folder / "boomerang.yaml")


def prepare(folder: Path, customers: str) -> None:
    """Make the demo shop and load it."""
    shutil.copyfile(ROOT / "boomerang.yaml", folder / "boomerang.yaml")
    settings = shop(folder)
    generate(settings.home / "demo", customers=int(customers), until=DAY)
    extract(settings)


def base(folder: Path) -> None:
    """Take the raw rows and the seeds out of the built warehouse: what all sides begin with."""
    warehouse = shop(folder).warehouse_file
    with connect(folder / "base.duckdb") as connection:
        connection.execute(f"attach '{warehouse}' as built (read_only)")
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_catalog = 'built' and table_schema in ('raw_files', 'seeds')"
        ).fetchall()
        for schema, table in tables:
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create table {schema}.{table} as from built.{schema}.{table}")


def models(folder: Path, *targets: str) -> None:
    """Let dbt make the targets and what they need, with its start and its contracts, without tests."""
    dbt(folder, "run", "--select", *(f"+{name}" for name in targets))


def start(folder: Path, target: str) -> None:
    """Let dbt start, up to where it would begin with the first model."""
    dbt(folder, "list", "--select", target)


def rendered(folder: Path) -> None:
    """Make the same without dbt by the models' own SQL."""
    run_rendered(folder / "target" / "compiled", folder / "base.duckdb", folder / "rendered.duckdb", made_as=MADE_AS)


def by_hand(folder: Path) -> None:
    """Make three segments without dbt by a script of its own."""
    zone = shop(folder).shop.timezone
    run_by_hand(
        folder / "target" / "compiled",
        folder / "base.duckdb",
        folder / "by_hand.duckdb",
        made_as=MADE_AS,
        as_of=end_of_day(DAY, ZoneInfo(zone)),
        zone=zone,
    )


def compare(folder: Path, script: str, *targets: str) -> None:
    """Fail unless dbt and the script made the same rows."""
    different = differing(folder / f"{MADE_AS}.duckdb", folder / f"{script}.duckdb", targets)
    if different:
        raise SystemExit(f"dbt and the script {script!r} give different rows: {', '.join(different)}")


def dbt(folder: Path, *arguments: str) -> None:
    """Run dbt as a build does."""
    settings = shop(folder)
    as_of = end_of_day(DAY, ZoneInfo(settings.shop.timezone))
    results = run_dbt(
        arguments,
        project=settings.dbt_folder,
        target=folder / "target",
        variables=dbt_variables(settings),
        environment={
            "BOOMERANG_AS_OF": f"{as_of:%Y-%m-%d %H:%M:%S.%f}",
            "BOOMERANG_WAREHOUSE": str(folder / f"{MADE_AS}.duckdb"),
            "BOOMERANG_DBT_THREADS": str(settings.warehouse.threads),
        },
    )
    broken = [result for result in results if result.is_broken]
    if broken:
        raise SystemExit("\n".join(f"{one.name}: {one.message}" for one in broken))


STEPS: dict[str, Callable[..., None]] = {
    step.__name__: step for step in (prepare, base, models, start, rendered, by_hand, compare)
}

if __name__ == "__main__":
    STEPS[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
