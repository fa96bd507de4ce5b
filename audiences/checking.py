"""Checking all definitions against the settings, the models' contracts and the platforms, without a build or a connection."""

from __future__ import annotations

from audiences.catalog import Catalog, PlatformInfo, Schema, check, load_catalog, raise_problems, schema_from_contracts
from audiences.platforms.registry import kind_of
from audiences.problems import Problem, of_document
from audiences.settings import Settings


def check_definitions(settings: Settings) -> tuple[Catalog, Schema, list[Problem]]:
    """The catalogue, the columns that it may use, and everything that is wrong with it."""
    catalog = load_catalog(settings.definitions)
    schema = schema_from_contracts(settings.dbt_folder)
    platforms = {
        name: PlatformInfo(tuple(of_platform.accounts), kind_of(name).limits_for({}).max_keep_days)
        for name, of_platform in settings.platforms.items()
    }
    problems = [*check(catalog, schema, platforms), *_not_carried_out(catalog)]
    return catalog, schema, sorted(problems)


def _not_carried_out(catalog: Catalog) -> list[Problem]:
    """What a definition may say one day, refused while nothing would come of it."""
    why = "push_exclusion is not carried out yet: take it out, no such list would be made"
    return [
        of_document(catalog.documents[name], ("push_exclusion",), why)
        for name, audience in catalog.audiences.items()
        if audience.push_exclusion
    ]


def checked_catalog(settings: Settings) -> tuple[Catalog, Schema]:
    """The catalogue and its columns. Raises ConfigError that names every problem when anything is wrong."""
    catalog, schema, problems = check_definitions(settings)
    raise_problems(problems)
    return catalog, schema
