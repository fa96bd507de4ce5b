"""The columns that files give against the columns that an entity has: what is missing, misplaced or left out."""

from __future__ import annotations

import re
from datetime import datetime

from audiences.errors import DataError
from audiences.log import get_logger
from audiences.names import nearest
from flows.sources.casting import HINTS, Cast, cast_column
from flows.sources.reading import Place

COLUMN_NAME = re.compile(r"[a-z_][a-z0-9_ .-]{0,62}")
"""What may be shown as a column's name: in a file without a header the first row, with its values, stands there."""

log = get_logger("sources.files")


def casts_for(place: Place, found: dict[str, str]) -> list[Cast]:
    """A cast for each column of the entity.

    Args:
        place: where it is read from.
        found: the given columns, lower case, with their DuckDB types.

    Raises:
        DataError: a required column is missing, or a type can never become the one that is asked for.
    """
    _check_present(place, found)
    return [_cast(place, column, found.get(column)) for column in place.mapped.entity.columns]


def warn_of_extra(place: Place, found: dict[str, str]) -> None:
    """Say in the log which given columns the entity does not have; names only."""
    entity = place.mapped.entity
    extra = [name for name in found if name not in entity.columns]
    names = ", ".join(name for name in extra if COLUMN_NAME.fullmatch(name))
    if extra:
        log.warning(
            "%s: %d columns of %s are not in the shop model and are left out: %s", entity.name, len(extra), place, names
        )


def taken_rows(casts: list[Cast], cursor: str | None, since: datetime | None) -> str:
    """The condition on rows to load: as new as `since`, its one parameter, or without an instant; all if it is None."""
    if since is None:
        return "true"
    value = next(cast.value for cast in casts if cast.column == cursor)
    return f"coalesce({value} >= ?, true)"


def _cast(place: Place, column: str, found: str | None) -> Cast:
    entity = place.mapped.entity
    cast = cast_column(entity, column, found, place.mapped.zone)
    if cast is None:
        wanted = entity.columns[column]
        shown = re.split(r"[(\[]", found or "")[0]
        raise DataError(
            f"{entity.name}: column {column} of {place} is {shown} and cannot become {wanted}; {HINTS[wanted]}"
        )
    return cast


def _check_present(place: Place, found: dict[str, str]) -> None:
    entity = place.mapped.entity
    cursor = place.mapped.cursor
    for column in (*entity.required, *([cursor] if cursor else [])):
        if column not in found:
            raise DataError(_missing(place, column, found))
    either = [column for column in entity.key if column not in entity.required]
    if either and not found.keys() & set(either):
        raise DataError(
            f"{entity.name}: {place} has none of the columns {', '.join(either)}; give at least one of them"
        )


def _missing(place: Place, column: str, found: dict[str, str]) -> str:
    """In a message only a name that is like the missing one is shown."""
    alike = nearest(column, [name for name in found if COLUMN_NAME.fullmatch(name)])
    meant = (
        f"did you mean {alike}? Write a SELECT with {alike} as {column}"
        if alike
        else f"write a SELECT with ... as {column}"
    )
    return f"{place.mapped.entity.name}: column {column} is missing in {place}; {meant}, or rename it in the file"
