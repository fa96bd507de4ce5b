"""The files that are made of a list: the whole of it, and what a run changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

from audiences.platforms.file_lists import CHANGES
from audiences.platforms.file_members import Members
from audiences.platforms.file_templates import Sheet, Template
from audiences.platforms.file_writing import make_durable, write_lines


def is_exported(folder: Path, template: Template, members: Members) -> bool:
    """Whether the files show the list as it is."""
    return members.run is None and all((folder / _name("members", sheet)).is_file() for sheet in template.sheets)


def export(folder: Path, template: Template, members: Members) -> None:
    """Make the files of the changes that are in none yet, then those of the whole list. May be done twice."""
    if members.run is not None:
        changes = folder / CHANGES
        changes.mkdir(exist_ok=True, mode=0o700)
        for sheet in template.sheets:
            _write_some(changes / _name(f"{members.run}-removes", sheet), sheet, members.removed())
            _write_some(changes / _name(f"{members.run}-adds", sheet), sheet, members.added())
    for sheet in template.sheets:
        write_lines(folder / _name("members", sheet), _with_header(sheet, sheet.lines(members.lines())))
    members.end_run()


def drop_old_changes(folder: Path, days: int, now: datetime) -> None:
    """Delete the changes of runs so long ago: they hold hashes of people who have left since. `now` has its zone."""
    before = (now - timedelta(days=days)).timestamp()
    old = [file for file in (folder / CHANGES).glob("*.csv") if file.stat().st_mtime < before]
    for file in old:
        file.unlink(missing_ok=True)
    if old:
        make_durable(folder / CHANGES)


def _write_some(path: Path, sheet: Sheet, rows: Iterable[str]) -> None:
    """A file with these rows, or none where there are none."""
    lines = sheet.lines(rows)
    first = next(lines, None)
    if first is None:
        path.unlink(missing_ok=True)
    else:
        write_lines(path, _with_header(sheet, chain([first], lines)))


def _with_header(sheet: Sheet, lines: Iterable[str]) -> Iterator[str]:
    return chain([f"{sheet.header}\n"] if sheet.header else [], lines)


def _name(what: str, sheet: Sheet) -> str:
    return f"{what}{sheet.suffix}.csv"
