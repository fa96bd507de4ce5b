"""The doctor: looks at settings, warehouse, definitions and platforms without writing, and says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from audiences.amounts import amount
from audiences.builds import check_parameters
from audiences.checking import check_definitions
from audiences.errors import AuthError, BoomerangError, ConfigError, DataError
from audiences.extract import look_at
from audiences.ledger import open_ledger
from audiences.platforms.registry import open_platform
from audiences.settings import Settings
from audiences.sync.status import read_status
from audiences.warehouse.duckdb import connect


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `advice` is empty when it is well, `exit_code` says who must act."""

    what: str
    is_well: bool
    advice: str = ""
    exit_code: int = 0


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything, one finding at a time; a platform is asked, never written to."""
    yield Finding(f"settings {settings.file.name}", is_well=True)
    yield from _sources(settings)
    yield _dbt(settings)
    yield from _definitions(settings)
    yield from _state(settings)
    for platform, of_platform in settings.platforms.items():
        for account in of_platform.accounts:
            yield from _platform(settings, platform, account)


def _failed(what: str, error: BoomerangError) -> Finding:
    return Finding(what, is_well=False, advice=str(error), exit_code=error.exit_code)


def _sources(settings: Settings) -> Iterator[Finding]:
    if not settings.sources:
        yield Finding("sources", is_well=False, advice="the settings name no source", exit_code=ConfigError.exit_code)
    for name in settings.source_names():
        try:
            look_at(settings, name)
        except BoomerangError as error:
            yield _failed(f"source {name}", error)
        else:
            yield Finding(f"source {name}: {', '.join(settings.source_options(name))}", is_well=True)


def _dbt(settings: Settings) -> Finding:
    if (settings.dbt_folder / "dbt_project.yml").is_file():
        try:
            check_parameters(settings)
        except ConfigError as error:
            return _failed("dbt project", error)
        return Finding("dbt project", is_well=True)
    advice = "there is no dbt project: run `boomerang init`, or set dbt_project"
    return Finding("dbt project", is_well=False, advice=advice, exit_code=ConfigError.exit_code)


def _definitions(settings: Settings) -> Iterator[Finding]:
    try:
        catalog, _, problems = check_definitions(settings)
    except BoomerangError as error:
        yield _failed("definitions", error)
        return
    for problem in problems:
        yield Finding("definitions", is_well=False, advice=str(problem), exit_code=ConfigError.exit_code)
    if not problems:
        yield Finding(f"definitions: {amount(len(catalog.audiences), 'audience')}", is_well=True)


def _state(settings: Settings) -> Iterator[Finding]:
    if not settings.warehouse_file.is_file():
        advice = "nothing was loaded yet: run `boomerang extract`"
        yield Finding("warehouse", is_well=False, advice=advice, exit_code=DataError.exit_code)
        return
    try:
        connect(settings.warehouse_file, read_only=True).close()
        yield Finding("warehouse", is_well=True)
        with open_ledger(settings):
            yield Finding("ledger", is_well=True)
        builds = read_status(settings).builds
    except BoomerangError as error:
        yield _failed("warehouse and ledger", error)
        return
    if builds and builds[0].state == "finished":
        yield Finding(f"newest build {builds[0].build_id}", is_well=True)
    else:
        advice = "no build is finished" if not builds else f"the newest build is {builds[0].state}"
        yield Finding("builds", is_well=False, advice=f"{advice}: run `boomerang build`", exit_code=DataError.exit_code)


def _platform(settings: Settings, name: str, account: str) -> Iterator[Finding]:
    what = f"platform {name}:{account}"
    try:
        endpoint, options = settings.account(name, account)
        platform = open_platform(name, endpoint=endpoint, account=options)
        try:
            complaints = platform.check()
        finally:
            platform.close()
    except BoomerangError as error:
        yield _failed(what, error)
        return
    for complaint in complaints:
        yield Finding(what, is_well=False, advice=complaint, exit_code=AuthError.exit_code)
    if not complaints:
        yield Finding(what, is_well=True)
