"""The demo's way through everything: rows in, segments, plan, lists in the sandbox, and a second sync that sends nothing."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from audiences.builds import Build, build
from audiences.demo.shop import generate
from audiences.errors import ConfigError
from audiences.extract import extract
from audiences.sandbox.server import Sandbox
from audiences.settings import DEFAULT_FILE, PlatformSettings, Settings, load_settings
from audiences.sync.apply import ListResult, apply_plan
from audiences.sync.plan import make_plan
from audiences.sync.plan_record import ListPlan
from audiences.warehouse.duckdb import being_served, connect

ENVIRONMENT = "demo"
PEOPLE_PER_REQUEST = 20_000


@dataclass(frozen=True)
class TourList:
    """One list of the demo; `people_there` is what the sandbox itself says."""

    list: str
    members: int
    sent: int
    people_there: int | None
    state: str
    message: str
    dropped: dict[str, int]


@dataclass(frozen=True)
class Tour:
    """What the demo did, for its summary. `second_changes` are those that no guard holds, `seconds` of the wall's clock."""

    settings_file: str
    rows: dict[str, int]
    segments: dict[str, int]
    lists: tuple[TourList, ...]
    second_changes: int
    second_writes: int
    next_day: str
    seconds: float


def tour(
    config: Path | None = None,
    *,
    customers: int = 20_000,
    seed: int = 7,
    until: date = date(2026, 11, 23),
    on_step: Callable[[str], None] = lambda _: None,
) -> Tour:
    """Run the demo from the beginning; what an earlier one left in the demo's home goes.

    Args:
        config: a settings file with `environment: demo`; default `boomerang.yaml`, made when there is none.
        customers: how many the shop has.
        seed: another seed is another shop.
        until: the shop's last full day; the build is of its end.
        on_step: is told what is being done.

    Raises:
        ConfigError: the settings are of a real shop.
        Busy: `boomerang sandbox` is running on the same home.
    """
    begun = time.monotonic()
    settings = _settings(config)
    with being_served(settings.home):  # a running sandbox would keep what is deleted here
        _start_over(settings)
    generate(
        settings.home / "demo", customers=customers, seed=seed, until=until, on_step=lambda t: on_step(f"shop: {t}")
    )
    loads = extract(settings, on_progress=lambda entity, _rows: on_step(f"loading {entity}"))
    made = build(settings, until.isoformat(), on_node=lambda node: on_step(f"dbt: {node.name}"))
    with Sandbox(settings.home / "sandbox.sqlite") as sandbox:
        near = _pointed_at(settings, sandbox)
        on_step("telling the sandbox who is who")
        _introduce(sandbox, made)
        on_step("planning and sending")
        plan = make_plan(near)
        applied = {item.list: item for item in apply_plan(near, plan.plan_id).lists}
        inspection = sandbox.inspect("meta")
        there = {item["id"]: int(item["people"]) for item in inspection.lists()}
        writes = inspection.requests()["writes"]
        again = make_plan(near)
        apply_plan(near, again.plan_id)
        second_writes = inspection.requests()["writes"] - writes
    return Tour(
        settings_file=str(settings.file),
        rows={entity.entity: entity.rows for one in loads for entity in one.entities},
        segments={
            table.removeprefix("segments."): n for table, n in made.rows.items() if table.startswith("segments.")
        },
        lists=tuple(_toured(item, applied[item.list], there) for item in plan.lists),
        second_changes=sum(item.changes - sum(item.guard.held.values()) for item in again.lists),
        second_writes=second_writes,
        next_day=(until + timedelta(days=1)).isoformat(),
        seconds=time.monotonic() - begun,
    )


def _toured(planned: ListPlan, applied: ListResult, there: Mapping[str, int]) -> TourList:
    """One list for the summary; `there` are the people in the sandbox by the list's id."""
    people = there.get(applied.external_id or "")
    return TourList(
        planned.list, planned.members, applied.sent, people, applied.state, applied.message, planned.dropped
    )


def _introduce(sandbox: Sandbox, made: Build) -> None:
    """Tell the sandbox which hashes are of one person, as a real platform knows it from its own accounts."""
    with connect(made.file, read_only=True) as connection:
        people = connection.execute(
            "select list_distinct(list_filter(flatten(list([email_plain, phone_digits])), lambda value: value is not null)) "
            "from marts.dim_identifiers group by customer_id"
        )
        while rows := people.fetchmany(PEOPLE_PER_REQUEST):
            sandbox.register([row[0] for row in rows])


def _settings(config: Path | None) -> Settings:
    if config is None and not Path(DEFAULT_FILE).is_file():
        config = Path("boomerang-demo") / DEFAULT_FILE
        if not config.is_file():
            _lay_out(config.parent)
    settings = load_settings(config)
    if settings.environment != ENVIRONMENT:
        raise ConfigError(
            f"these are settings of the environment {settings.environment!r}, and the demo starts over in its home: "
            "run it in an empty folder, or with --config and settings of environment demo",
            file=settings.file,
        )
    return settings


def _lay_out(folder: Path) -> None:
    """The demo's own settings, where Boomerang was installed without its checkout."""
    package = Path(__file__).parents[1]
    shipped = package / "_shipped" / DEFAULT_FILE
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(shipped if shipped.is_file() else package.parent / DEFAULT_FILE, folder / DEFAULT_FILE)
    shutil.copytree(package / "definitions", folder / "audiences" / "definitions", dirs_exist_ok=True)


def _start_over(settings: Settings) -> None:
    for file in settings.home.glob("*.duckdb*"):
        file.unlink()
    for name in ("sandbox.sqlite", "sandbox.sqlite-wal", "sandbox.sqlite-shm", "ledger.key"):
        (settings.home / name).unlink(missing_ok=True)
    shutil.rmtree(settings.published, ignore_errors=True)


def _pointed_at(settings: Settings, sandbox: Sandbox) -> Settings:
    """The settings with every platform's endpoint at the sandbox, whatever port it found."""
    platforms = {
        name: PlatformSettings(endpoint=sandbox.endpoint(name), accounts=of_platform.accounts)
        for name, of_platform in settings.platforms.items()
    }
    return settings.with_platforms(platforms)
