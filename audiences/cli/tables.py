"""Tables for people: what the commands print without --json."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from audiences.printable import printable

WIDTH_WITHOUT_TERMINAL = 190


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows on stdout; numbers to the right, long text folded."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    listed = [list(row) for row in rows]
    for position, column in enumerate(columns):
        numeric = bool(listed) and all(isinstance(row[position], int | float) for row in listed)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in listed:
        table.add_row(*(shown(value) for value in row))
    width = None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    console.print(printable(title))  # of its own: a table's title folds at the table's width
    console.print(table)


def shown(value: object) -> str:
    """A value as people read it: thousands apart, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else printable(str(value))


def local(moment: datetime | None, timezone: str) -> str | None:
    """A naive UTC instant by the shop's clock: the end of 23 November is 2026-11-23 23:59 there, whatever day it is in UTC."""
    if moment is None:
        return None
    return f"{moment.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"


def reasons(counts: dict[str, int]) -> str:
    """`where 120, holdout 30`, the largest first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{reason} {count:,}" for reason, count in ordered)
