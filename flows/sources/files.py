"""The source `files`: a shop's CSV, Parquet and JSON Lines files as the shop model, in `raw_files`.

Everything is read and checked before anything is loaded, and loaded whole or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from audiences.extract import EntityLoad, SourceContext
from audiences.warehouse.duckdb import connect
from flows.sources import landing
from flows.sources.mapping import Mapped, read_mapping
from flows.sources.reading import find_place, open_reader
from flows.sources.staging import Staged, stage


def load(context: SourceContext) -> Sequence[EntityLoad]:
    """Load all entities that the options map; docs/sources.md has the options.

    Raises:
        ConfigError: wrong options, or a SELECT that cannot be one.
        DataError: a file, a column or a value that cannot be used. The warehouse is as it was.
        Busy: another process holds the warehouse.
    """
    mapped = read_mapping(context)
    with landing.scratch(context) as folder, closing(connect(context.warehouse)) as warehouse:
        cursors = {one.entity.name: one.cursor for one in mapped if one.cursor}
        since = landing.prepare(warehouse, context.name, cursors)
        staged = _stage_all(context, mapped, since, folder)
        landing.land(warehouse, context.name, staged, folder)
        return landing.swap(warehouse, context.name, staged, datetime.now(UTC).replace(tzinfo=None))


def check(context: SourceContext) -> None:
    """Look at options and files without reading them, for `boomerang doctor`. Raises ConfigError or DataError like `load`."""
    for one in read_mapping(context):
        find_place(context.base, one)


def _stage_all(
    context: SourceContext, mapped: Sequence[Mapped], since: dict[str, datetime], folder: Path
) -> list[Staged]:
    staged = []
    with closing(open_reader(context.base, folder)) as connection:
        for one in mapped:
            staged.append(stage(connection, context.base, one, since.get(one.entity.name), folder))
            if context.on_progress:
                context.on_progress(one.entity.name, staged[-1].rows)
    return staged
