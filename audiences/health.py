"""The doctor: looks at settings, warehouse, definitions and platforms without writing, and says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from audiences.amounts import amount
from audiences.builds import check_parameters
from audiences.checking import check_definitions
from audiences.errors import AuthError, BoomerangError, ConfigError, DataError, RateLimited
from audiences.extract import look_at
from audiences.ledger import open_ledger
from audiences.platforms.base import AccountState, Telling
from audiences.platforms.registry import open_platform
from audiences.settings import Settings
from audiences.sync.status import read_status
from audiences.warehouse.duckdb import connect

NEARLY_USED = 0.95
MOST_APART = timedelta(minutes=5)


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
            state = platform.account_state() if not complaints and isinstance(platform, Telling) else None
            most_lists = platform.limits.max_lists
        finally:
            platform.close()
    except BoomerangError as error:
        yield _failed(what, error)
        return
    for complaint in complaints:
        yield Finding(what, is_well=False, advice=complaint, exit_code=AuthError.exit_code)
    if not complaints:
        yield Finding(what, is_well=True)
    if state is not None:
        yield from _account_state(what, state, most_lists)


def _account_state(what: str, state: AccountState, most_lists: int) -> Iterator[Finding]:
    """Room for lists, what is left of the budget of calls, and whether both clocks agree, as far as the platform tells."""
    if state.lists is not None:
        is_full = state.lists >= most_lists
        advice = (
            "there is no room for another list: delete there what nobody needs, or ask the platform for more and set "
            "max_lists in the account's settings"
        )
        lists = f"{what} lists: {state.lists:,} of {most_lists:,}"
        yield Finding(lists, not is_full, advice if is_full else "", ConfigError.exit_code if is_full else 0)
    if state.budget_used is not None:
        is_used_up = state.budget_used >= NEARLY_USED
        advice = "nearly all calls of this hour are used: a sync now would slow down or leave a rest for later"
        used = f"{what} budget of calls: {state.budget_used:.0%} used"
        yield Finding(used, not is_used_up, advice if is_used_up else "", RateLimited.exit_code if is_used_up else 0)
    if state.clock_ahead is not None:
        yield _clock(what, state.clock_ahead)


def _clock(what: str, ahead: timedelta) -> Finding:
    minutes = round(abs(ahead) / timedelta(minutes=1))
    if abs(ahead) < MOST_APART:
        return Finding(f"{what} clock", is_well=True)
    where = "behind" if ahead > timedelta() else "ahead of"
    advice = (
        f"this machine's clock is {amount(minutes, 'minute')} {where} the platform's: set it by a time server, else tokens "
        "seem expired and what a guard calls a day is not one"
    )
    return Finding(f"{what} clock", is_well=False, advice=advice, exit_code=ConfigError.exit_code)
