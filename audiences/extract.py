"""Extract: every source of the settings delivers the shop model into the warehouse, each whole or not at all.

Sources are found by name in the entry point group `boomerang.sources`; this module knows none of them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from audiences.errors import ConfigError
from audiences.names import hint
from audiences.warehouse.duckdb import writing

if TYPE_CHECKING:
    from audiences.settings import Settings

GROUP = "boomerang.sources"

Progress = Callable[[str, int], None]
"""Told the entity and its rows each time one was read and found good."""


@dataclass(frozen=True)
class SourceContext:
    """What a source is given: its options with placeholders filled in, and where to read and to write.

    Relative paths in `options` start at `base`; rows go to `raw_<name>` in the DuckDB file `warehouse`; what a source
    has to keep for itself goes below `home`; `timezone` is the shop's.
    """

    name: str
    options: Mapping[str, Any]
    base: Path
    warehouse: Path
    home: Path
    timezone: str
    on_progress: Progress | None = None


@dataclass(frozen=True)
class EntityLoad:
    """One entity of one load: `rows` were taken; `empty` means that the settings do not give this entity."""

    entity: str
    rows: int
    mode: Literal["full", "incremental", "empty"]


@dataclass(frozen=True)
class SourceLoad:
    """One source's load: its entities in the order of the shop model, and how many seconds it took."""

    source: str
    entities: tuple[EntityLoad, ...]
    seconds: float


Source = Callable[[SourceContext], Sequence[EntityLoad]]
"""What the entry point group `boomerang.sources` names: loads all entities, or raises and changes nothing."""


def extract(settings: Settings, names: Iterable[str] = (), on_progress: Progress | None = None) -> list[SourceLoad]:
    """Load sources into the warehouse, one after the other.

    Args:
        settings: says which sources there are.
        names: the sources to load; none means all of the settings.
        on_progress: told the entity and its rows each time one was read and found good.

    Raises:
        ConfigError: an unknown source, or wrong options of one.
        DataError: a source's data cannot be used; that source's rows in the warehouse are as they were.
        Busy: another process writes or holds the warehouse.
    """
    wanted = _chosen(settings, tuple(names))
    sources = [(find_source(name), _context(settings, name, on_progress)) for name in wanted]
    with writing(settings.home):
        return [_timed(source, context) for source, context in sources]


def find_source(name: str) -> Source:
    """The source that is registered as `name`. Raises ConfigError that names the nearest right name."""
    registered = _registered()
    if name not in registered:
        raise ConfigError(f"there is no source {name!r}{hint(name, registered)}")
    source: Source = registered[name].load()
    return source


def look_at(settings: Settings, name: str) -> None:
    """What can be known of a source without loading it: its options, and what its module's own `check(context)` finds.

    Raises ConfigError or DataError that says what to do.
    """
    context = _context(settings, name, None)
    check = getattr(sys.modules[find_source(name).__module__], "check", None)
    if check is not None:
        check(context)


def _registered() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _chosen(settings: Settings, names: tuple[str, ...]) -> list[str]:
    configured = settings.source_names()
    if not configured:
        raise ConfigError("the settings name no source: add one under `sources`, for example `files`")
    for name in names:
        if name not in configured:
            raise ConfigError(f"source {name!r} is not in the settings{hint(name, configured)}")
    return [name for name in configured if not names or name in names]


def _context(settings: Settings, name: str, on_progress: Progress | None) -> SourceContext:
    return SourceContext(
        name=name,
        options=settings.source_options(name),
        base=settings.base,
        warehouse=settings.warehouse_file,
        home=settings.home,
        timezone=settings.shop.timezone,
        on_progress=on_progress,
    )


def _timed(source: Source, context: SourceContext) -> SourceLoad:
    started = time.monotonic()
    loads = tuple(source(context))
    return SourceLoad(context.name, loads, time.monotonic() - started)
