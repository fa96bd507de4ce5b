"""The options of the source `files` as values: for each entity the files or the SELECT that it is read from.

Looks at names and shapes only, so that a mistake in the settings is said before any row is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from audiences.errors import ConfigError
from audiences.extract import SourceContext
from audiences.names import hint
from audiences.shop_model import ENTITIES, Entity

OPTIONS = ("path", "select", "cursor", "format", "timezone", "delimiter")
FORMATS = ("csv", "parquet", "jsonl")
SUFFIXES = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
}  # fmt: skip
COMPRESSED = (".gz", ".zst")


@dataclass(frozen=True)
class Mapped:
    """How one entity is read: either `path` (with `format`) or `select` is set.

    `zone` is the time zone of times that have none; rows below the newest `cursor` of the warehouse are left out.
    """

    where: str  # its place in the settings
    entity: Entity
    path: str | None
    format: str
    select: str | None
    cursor: str | None
    zone: str
    delimiter: str | None


def read_mapping(context: SourceContext) -> list[Mapped]:
    """All mapped entities in the order of the shop model.

    Raises ConfigError for an unknown entity or option, and for a wrong value, always with the nearest right name.
    """
    for name in context.options:
        if name not in ENTITIES:
            raise ConfigError(f"sources.{context.name}: there is no entity {name!r}{hint(str(name), ENTITIES)}")
    if not context.options:
        raise ConfigError(
            f"sources.{context.name} names no entity: give at least one, for example `orders: {{path: ...}}`"
        )
    return [_mapped(context, entity) for entity in ENTITIES.values() if entity.name in context.options]


def _mapped(context: SourceContext, entity: Entity) -> Mapped:
    where = f"sources.{context.name}.{entity.name}"
    given = context.options[entity.name]
    options: Mapping[str, Any] = {"select": given} if isinstance(given, str) else given
    if not isinstance(options, Mapping):
        raise ConfigError(f"{where}: write a SELECT, or a mapping with `path` or `select`")
    _check_options(where, options)
    path = options.get("path")
    return Mapped(
        where=where,
        entity=entity,
        path=path,
        format=_format(where, path, options.get("format")) if path else "select",
        select=options.get("select"),
        cursor=_cursor(where, entity, options.get("cursor")),
        zone=_zone(where, context, options.get("timezone")),
        delimiter=_delimiter(where, options.get("delimiter")),
    )


def _check_options(where: str, options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if name not in OPTIONS:
            raise ConfigError(f"{where}: there is no option {name!r}{hint(str(name), OPTIONS)}")
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(f"{where}.{name}: write text")
    if ("path" in options) == ("select" in options):
        raise ConfigError(f"{where}: give either `path` or `select`")
    if "://" in options.get("path", ""):
        raise ConfigError(f"{where}.path: only files on this machine can be read; fetch them first")


def _format(where: str, path: str, given: str | None) -> str:
    if given is not None:
        if given not in FORMATS:
            raise ConfigError(f"{where}.format: there is no format {given!r}{hint(given, FORMATS)}")
        return given
    suffixes = [suffix.lower() for suffix in Path(path).suffixes if suffix.lower() not in COMPRESSED]
    found = SUFFIXES.get(suffixes[-1]) if suffixes else None
    if found is None:
        raise ConfigError(
            f"{where}.path: the format cannot be told from the name; add `format: csv`, `parquet` or `jsonl`"
        )
    return found


def _cursor(where: str, entity: Entity, given: str | None) -> str | None:
    if given is None:
        return None
    usable = [name for name, type_name in entity.columns.items() if type_name == "timestamp"]
    if not usable:
        raise ConfigError(
            f"{where}.cursor: {entity.name} have no time column, they are always loaded whole; leave it out"
        )
    if given not in usable:
        raise ConfigError(f"{where}.cursor: {given!r} is no time column of {entity.name}{hint(given, usable)}")
    return given


def _zone(where: str, context: SourceContext, given: str | None) -> str:
    if given is None:
        return "UTC"
    zone = context.timezone if given == "shop" else given
    try:
        return ZoneInfo(zone).key
    except (KeyError, ValueError, OSError):
        raise ConfigError(
            f"{where}.timezone: {zone!r} is no time zone; write `shop` or one like Europe/Berlin"
        ) from None


def _delimiter(where: str, given: str | None) -> str | None:
    if given is not None and len(given) != 1:
        raise ConfigError(f"{where}.delimiter: write one character")
    return given
