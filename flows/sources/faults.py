"""What is wrong with an entity's files, in words that name entity, column and file, and never a value.

DuckDB's own messages quote rows; of them only what a SELECT itself wrote is passed on, and line numbers.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

import duckdb

from audiences.errors import BoomerangError, ConfigError, DataError
from audiences.log import redact
from flows.sources.casting import HINTS, Cast
from flows.sources.columns import COLUMN_NAME, casts_for, taken_rows
from flows.sources.reading import VIEW, Place, delimiter_of, open_place, select_files

WRONG_SELECT = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.NotImplementedException)
LINE = re.compile(r"\b[Ll]ine:? (\d+)")
COLUMN = re.compile(r'column "([^"\n]+)"')
NO_FILE = re.compile(r'No files found that match the pattern "([^"\n]*)"')


Result = TypeVar("Result")


def attempt(step: Callable[[], Result]) -> Result | Exception:
    """Do the step; an error of DuckDB or of a file comes back as a value, so that no traceback carries its text on."""
    try:
        return step()
    except (duckdb.Error, ValueError, OSError) as error:
        return error.with_traceback(None)


def explain(
    connection: duckdb.DuckDBPyConnection, place: Place, since: datetime | None, problem: Exception
) -> BoomerangError:
    """Read the files again, one by one, and say what is wrong with the first that does not fit.

    Args:
        connection: the reader.
        place: the files, or the SELECT.
        since: the cursor's lower end, as it was when the problem came up.
        problem: what came up.

    Returns:
        ConfigError when the SELECT is wrong, else DataError.
    """
    for part in place.each():
        found = attempt(partial(open_place, connection, part))
        if isinstance(found, Exception):
            return _unreadable(connection, part, found)
        casts = casts_for(part, found)
        unfit = attempt(partial(_unfit, connection, part, casts, since))
        if isinstance(unfit, Exception):
            return _unreadable(connection, part, unfit)
        if unfit is not None:
            return DataError(unfit)
    name, stopped = place.mapped.entity.name, type(problem).__name__
    if len(place.files) > 1 and isinstance(problem, duckdb.Error):
        return DataError(
            f"{name}: {place} cannot be read as one ({stopped}); give all of them the same columns and types"
        )
    return DataError(f"{name}: reading {place} stopped with {stopped}; look at free memory and disk, then try again")


def _unfit(
    connection: duckdb.DuckDBPyConnection, place: Place, casts: list[Cast], since: datetime | None
) -> str | None:
    """The first column with a value that is missing or does not fit. Touches every column, so that damage shows."""
    cursor = place.mapped.cursor
    tests = [
        test
        for cast in casts
        for test in (f"{cast.given} is null", f"{cast.given} is not null and {cast.value} is null")
    ]
    counts = ", ".join(f"count(*) filter ({test}), min(row_number_) filter ({test})" for test in tests)
    rows = f"select *, row_number() over () as row_number_ from {VIEW}"  # noqa: S608
    query = f"select {counts} from ({rows}) where {taken_rows(casts, cursor, since)}"  # noqa: S608
    row = connection.execute(query, [] if since is None else [since]).fetchall()[0]
    for index, cast in enumerate(casts):
        empty, first_empty, wrong, first_wrong = row[4 * index : 4 * index + 4]
        if wrong:
            return _misfit(place, cast, wrong, first_wrong)
        if empty and cast.required:
            return _empty(place, cast, empty, first_empty)
    return None


def _misfit(place: Place, cast: Cast, count: int, first: int) -> str:
    return (
        f"{place.mapped.entity.name}: column {cast.column} of {place} holds {_rows(place, count, first)} "
        f"that cannot become {cast.type}; {HINTS[cast.type]}"
    )


def _empty(place: Place, cast: Cast, count: int, first: int) -> str:
    return (
        f"{place.mapped.entity.name}: column {cast.column} of {place} is empty in {_rows(place, count, first)} "
        f"but is required; fill it, or leave such rows out with a SELECT ... where {cast.column} is not null"
    )


def _rows(place: Place, count: int, first: int) -> str:
    """How many, and in a file where the first is; the rows of a SELECT have no place."""
    values = f"{count:,} row{'s' if count > 1 else ''}"
    return values if place.mapped.select is not None else f"{values} (the first is row {first:,}, a header not counted)"


def _unreadable(connection: duckdb.DuckDBPyConnection, place: Place, fault: Exception) -> BoomerangError:
    if place.mapped.select is not None:
        return _wrong_select(connection, place, fault)
    name, line = place.mapped.entity.name, LINE.search(str(fault))
    if place.mapped.format == "parquet":
        return DataError(f"{name}: {place} cannot be read as Parquet: it is truncated or damaged; write it again")
    if place.mapped.format == "jsonl":
        where = f"line {line[1]} is not one JSON object" if line else "it is not one JSON object per line"
        return DataError(f"{name}: {place} cannot be read as JSON Lines: {where}; write it again")
    return DataError(f"{name}: {place} cannot be read as CSV: {_csv_fault(place)}")


def _wrong_select(connection: duckdb.DuckDBPyConnection, place: Place, fault: Exception) -> BoomerangError:
    name, text, where = place.mapped.entity.name, str(fault), place.mapped.where
    if isinstance(fault, ValueError) and not isinstance(fault, duckdb.Error):
        return ConfigError(f"{where}: {text}")
    if isinstance(fault, WRONG_SELECT):
        return ConfigError(f"{where}: the SELECT is wrong. {redact(text.splitlines()[0])}")
    absent = NO_FILE.search(text)
    if absent:
        return DataError(f"{name}: there is no file {absent[1]}; put it there, or correct the SELECT in {where}")
    for file in select_files(place.mapped.select or ""):
        if file.endswith((".parquet", ".pq")) and isinstance(attempt(partial(_footer, connection, file)), Exception):
            return DataError(f"{name}: {file} cannot be read as Parquet: it is truncated or damaged; write it again")
    return DataError(
        f"{name}: {place} stops{_named(text)}: a file is damaged, or a value does not fit its column; "
        "in CSV read with all_varchar = true, and cast with try_cast"
    )


def _named(text: str) -> str:
    """The line and the column that DuckDB names, when it does."""
    line, column = LINE.search(text), COLUMN.search(text)
    shown = column is not None and COLUMN_NAME.fullmatch(column[1].lower()) is not None
    return (f" at line {line[1]}" if line else "") + (f" at column {column[1]}" if column and shown else "")


def _footer(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    connection.execute("select count(*) from parquet_schema(?)", [file]).fetchall()


def _csv_fault(place: Place) -> str:
    """The first line of a CSV file that is no UTF-8 or has another number of fields than the header."""
    file = place.files[0]
    opener = gzip.open if file.suffix == ".gz" else open
    try:
        with opener(file, "rt", encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, delimiter=delimiter_of(place.mapped, file), strict=True)
            header = len(next(reader, []))
            for fields in reader:
                if fields and len(fields) != header:
                    return (
                        f"line {reader.line_num} has {len(fields)} fields, the header has {header}; quote or correct it"
                    )
    except UnicodeDecodeError:
        return "it is not UTF-8; save it as UTF-8, or read it in a SELECT with read_csv(..., encoding = 'latin-1')"
    except csv.Error:
        return 'its quotes do not match; quote fields with " and double a " inside one'
    except OSError:
        return "it cannot be opened; look at its permissions, and whether it is packed as its name says"
    return "its lines differ in their number of fields; quote or correct them"
