"""The shop of the engine's bench: its settings, one audience, the contracts, and its published builds by day."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import yaml

from audiences.ledger import open_ledger
from audiences.settings import Settings, load_settings
from audiences.warehouse.duckdb import connect

FIRST_DAY = datetime(2026, 11, 24, 4, 59, 59, 999999)
DAYS = {"first": 0, "quiet": 1, "busy": 2}  # each with its build; the quiet day's is the first day's again
AUDIENCE = {
    "label": "Lapsed buyers",
    "owner": "growth@example.com",
    "segment": "lapsed_buyers",
    "where": {"all": [{"days_since_last_order": {"gte": 180}}]},
    "platforms": {"meta": {"account": "main"}},
}
CONTRACTS = {
    "segments/seg_lapsed_buyers": {
        "customer_id": "string", "qualified_at": "timestamp", "reason": "string", "days_since_last_order": "int64",
    },
    "dim_customers": {
        "customer_id": "string", "country": "string", "order_count": "int64", "value_tier": "string",
    },
}  # fmt: skip
TOKEN = "sandbox-token"


def moved_blocks(members: int) -> int:
    """How many blocks of 50 members are gone, and as many new, on the busy day: half a percent each way."""
    return max(members // 10_000, 1)


def prepare(folder: Path, members: int, endpoint: str) -> None:
    """Set the shop up, and make both builds: of the first days, and after one percent moved."""
    set_up(folder, endpoint)
    make_build(folder / "before.duckdb", members, 0)
    make_build(folder / "after.duckdb", members, moved_blocks(members))


def set_up(folder: Path, endpoint: str) -> None:
    """Write settings, definition and contracts."""
    (folder / "definitions").mkdir()
    _write(folder / "definitions" / "lapsed_buyers.yaml", AUDIENCE)
    for name, columns in CONTRACTS.items():
        described = [{"name": column, "data_type": kind} for column, kind in columns.items()]
        model = {"name": Path(name).name, "columns": described}
        _write(folder / "dbt" / "models" / f"{name}.yml", {"version": 2, "models": [model]})
    account = {"id": "act_1", "access_token": TOKEN}
    settings = {
        "shop": {"name": "Bench", "timezone": "America/New_York"},
        "home": "home",
        "environment": "bench",
        "definitions": "definitions",
        "dbt_project": "dbt",
        "platforms": {"meta": {"endpoint": endpoint, "accounts": {"main": account}}},
    }
    _write(folder / "boomerang.yaml", settings)


def settings_of(folder: Path) -> Settings:
    """The shop's settings."""
    return load_settings(folder / "boomerang.yaml")


def publish(folder: Path, day: str) -> None:
    """Let the day's build be the newest finished one."""
    settings, as_of = settings_of(folder), FIRST_DAY + timedelta(days=DAYS[day])
    build_id = f"{as_of:%Y%m%d-%H%M%S}-0000"
    settings.published.mkdir(parents=True, exist_ok=True)
    made = folder / ("after.duckdb" if day == "busy" else "before.duckdb")
    (settings.published / f"{build_id}.duckdb").hardlink_to(made)
    with open_ledger(settings) as ledger:
        ledger.connection.execute(
            "insert into sync.builds (build_id, as_of, started_at, finished_at, state, node_count, failed_nodes) "
            "values ($1, $2, $2, $2, 'finished', 1, [])",
            [build_id, as_of],
        )
    (folder / "day").write_text(day, encoding="utf-8")


def as_of(folder: Path) -> datetime:
    """The end of the newest day, UTC."""
    return FIRST_DAY + timedelta(days=DAYS[(folder / "day").read_text(encoding="utf-8")])


def now(folder: Path) -> datetime:
    """The clock of the newest day: four hours after its end."""
    return as_of(folder) + timedelta(hours=4)


def newest_build(folder: Path) -> Path:
    """The file that the newest day was built into."""
    return max(settings_of(folder).published.glob("*.duckdb"))


def make_build(file: Path, members: int, moved: int) -> None:
    """A published build of so many members, the first `moved` blocks of them gone and as many new."""
    with connect(file) as connection:
        connection.execute(f"set variable members = {members}")
        connection.execute(f"set variable moved = {moved}")
        script = Path(__file__).with_name("engine_build.sql").read_text(encoding="utf-8")
        for name in ("members", "moved"):
            script = script.replace(f"${name}", f"getvariable('{name}')")
        connection.execute(script)


def _write(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
