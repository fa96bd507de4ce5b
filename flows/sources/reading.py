"""Opening the shop's files with DuckDB: whatever an entity is read from becomes the view `given_rows`.

Knows formats, not the shop model's types. Errors leave as DuckDB raised them; `faults` puts them into words.
"""

from __future__ import annotations

import glob
import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import duckdb

from audiences.errors import DataError
from flows.sources.mapping import SUFFIXES, Mapped

VIEW = "given_rows"
DELIMITERS = ",;\t|"
LITERAL = re.compile(r"'((?:[^']|'')+)'")


@dataclass(frozen=True)
class Place:
    """Where an entity is read from, with its files (none for a SELECT); as text, how a message names it."""

    mapped: Mapped
    base: Path
    files: tuple[Path, ...]

    def __str__(self) -> str:
        if self.mapped.select is not None:
            names = select_files(self.mapped.select)
            return f"its SELECT over {', '.join(names)}" if names else "its SELECT"
        if len(self.files) > 1:
            return f"{self.mapped.path} ({len(self.files)} files)"
        return str(self.files[0].relative_to(self.base) if self.files[0].is_relative_to(self.base) else self.files[0])

    def each(self) -> list[Place]:
        """One place per file, to find the one that is wrong; a SELECT cannot be taken apart."""
        return [replace(self, files=(file,)) for file in self.files] or [self]


def open_reader(base: Path, scratch: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that looks for relative paths in `base` and spills to `scratch`."""
    connection = duckdb.connect()
    connection.execute("set enable_progress_bar = false")
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set file_search_path = ?", [str(base)])
    connection.execute("set temp_directory = ?", [str(scratch / "spill")])
    return connection


def find_place(base: Path, mapped: Mapped) -> Place:
    """Where the entity is read from, files sorted. Raises DataError when a path or glob names no file."""
    if mapped.path is None:
        return Place(mapped, base, ())
    pattern = str(Path(mapped.path).expanduser())
    names = sorted(glob.glob(pattern, root_dir=base, recursive=True))  # noqa: PTH207  # takes absolute ones too
    found = tuple(base / name for name in names if (base / name).is_file())
    if not found:
        raise DataError(
            f"{mapped.entity.name}: there is no file {mapped.path}; put it there, or correct {mapped.where} "
            "(relative paths start at the settings file)"
        )
    return Place(mapped, base, found)


def open_place(connection: duckdb.DuckDBPyConnection, place: Place) -> dict[str, str]:
    """Make the view over the files or the SELECT.

    Returns:
        The given columns, lower case, with their DuckDB types. In JSON the first 20,000 rows tell the names.

    Raises:
        duckdb.Error: the SELECT or one of the files cannot be used.
        ValueError: the text of the settings is not exactly one SELECT.
        OSError: a file cannot be opened.
    """
    mapped, files = place.mapped, place.files
    connection.execute("set timezone = ?", [mapped.zone])
    if mapped.select is not None:
        _open_select(connection, mapped.select)
    elif mapped.format == "parquet":
        _parquet(connection, files).create_view(VIEW, replace=True)
    elif mapped.format == "csv":
        _csv(connection, mapped, files).create_view(VIEW, replace=True)
    else:
        return _open_json(connection, mapped, files)
    return {row[0].lower(): row[1] for row in connection.execute(f"describe {VIEW}").fetchall()}


def delimiter_of(mapped: Mapped, file: Path) -> str:
    """The delimiter of the settings, else the one that stands most often in the header."""
    if mapped.delimiter is not None:
        return mapped.delimiter
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8", errors="replace") as lines:
        header = str(lines.readline())
    return max(DELIMITERS, key=header.count)


def select_files(select: str) -> list[str]:
    """The text literals of a SELECT that look like files or globs, each once."""
    literals = [literal.replace("''", "'") for literal in LITERAL.findall(select)]
    return list(dict.fromkeys(name for name in literals if _has_known_suffix(name)))


def _has_known_suffix(name: str) -> bool:
    return any(suffix.lower() in SUFFIXES for suffix in Path(name).suffixes)


def _open_select(connection: duckdb.DuckDBPyConnection, select: str) -> None:
    statements = connection.extract_statements(select)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise ValueError("write exactly one SELECT")
    query = statements[0].query.rstrip().rstrip(";")
    connection.execute(f"create or replace view {VIEW} as\n{query}\n")


def _parquet(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> duckdb.DuckDBPyRelation:
    return connection.read_parquet(_names(files), union_by_name=True, binary_as_string=True)


def _csv(connection: duckdb.DuckDBPyConnection, mapped: Mapped, files: Sequence[Path]) -> duckdb.DuckDBPyRelation:
    """Every column as text, nothing guessed, so that a value that does not fit is ours to explain."""
    return connection.read_csv(
        _names(files),
        header=True,
        sep=delimiter_of(mapped, files[0]),
        all_varchar=True,
        quotechar='"',
        escapechar='"',
        skiprows=0,
        comment="",
        strict_mode=True,
        union_by_name=True,
    )


def _open_json(connection: duckdb.DuckDBPyConnection, mapped: Mapped, files: Sequence[Path]) -> dict[str, str]:
    """Every column as text. All are asked for, for one may stand only below the rows that tell the names."""
    sampled = connection.read_json(_names(files), format=_json_format(files), maximum_depth=1)
    spelled = {name.lower(): name for name in sampled.columns}  # JSON minds upper and lower case
    columns = {spelled.get(column, column): "VARCHAR" for column in mapped.entity.columns}
    connection.read_json(_names(files), columns=columns, format=_json_format(files)).create_view(VIEW, replace=True)
    return dict.fromkeys(spelled, "VARCHAR")


def _json_format(files: Sequence[Path]) -> Literal["auto", "newline_delimited"]:
    return "auto" if any(".json" in file.suffixes for file in files) else "newline_delimited"


def _names(files: Sequence[Path]) -> Any:
    """A list, which DuckDB takes though its type stubs say one path."""
    return [str(file) for file in files]
