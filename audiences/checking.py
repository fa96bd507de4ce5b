"""Checking all definitions against the settings, the models' contracts and the platforms, without a build or a connection."""

from __future__ import annotations

from audiences.catalog import Catalog, PlatformInfo, Schema, check, load_catalog, raise_problems, schema_from_contracts
from audiences.platforms.registry import kind_of
from audiences.problems import Problem
from audiences.settings import Settings


def check_definitions(settings: Settings) -> tuple[Catalog, Schema, list[Problem]]:
    """The catalogue, the columns that it may use, and everything that is wrong with it."""
    catalog = load_catalog(settings.definitions)
    schema = schema_from_contracts(settings.dbt_folder)
    platforms = {
        name: PlatformInfo(
            tuple(of_platform.accounts), kind_of(name).limits_for({}).max_keep_days, kind_of(name).options_wrong
        )
        for name, of_platform in settings.platforms.items()
    }
    return catalog, schema, check(catalog, schema, platforms)


def checked_catalog(settings: Settings) -> tuple[Catalog, Schema]:
    """The catalogue and its columns. Raises ConfigError that names every problem when anything is wrong."""
    catalog, schema, problems = check_definitions(settings)
    raise_problems(problems)
    return catalog, schema
