"""Files that are there whole or not at all: written beside, made durable, then put in the place of the old one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

MODE = 0o600
PART = ".part"
LINES_AT_ONCE = 20_000


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Make a file of these lines, which bring their own ends, or put it in the place of the one that is there."""
    beside = path.with_name(f"{path.name}{PART}")
    rest = iter(lines)
    with os.fdopen(
        os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, MODE), "w", encoding="utf-8", newline=""
    ) as file:
        while some := "".join(islice(rest, LINES_AT_ONCE)):
            file.write(some)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    make_durable(path.parent)


def make_durable(folder: Path) -> None:
    """Have the names in a folder survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
