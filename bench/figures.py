"""What a bench measures, and how two things are set beside each other: in turns, in one run, as a ratio."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

Ours = TypeVar("Ours")
Theirs = TypeVar("Theirs")


@dataclass(frozen=True)
class Options:
    """How large the benches are. `folder` is theirs to fill and is empty at first."""

    folder: Path
    customers: int = 20_000
    rows: int = 200_000
    repeats: int = 3
    sizes: tuple[int, ...] = (1_000_000, 10_000_000)  # members, for the engine


@dataclass(frozen=True)
class Usage:
    """What a process and its children took: seconds on the wall, seconds of CPU, and the largest one's memory."""

    wall: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True)
class Line:
    """One line of the table: what beside what, in which unit, and both in pairs that were measured in turns."""

    what: str
    other: str
    unit: str
    pairs: tuple[tuple[float, float], ...]

    @property
    def ours(self) -> float:
        """The median of ours."""
        return statistics.median(ours for ours, _ in self.pairs)

    @property
    def beside(self) -> float:
        """The median of the other."""
        return statistics.median(beside for _, beside in self.pairs)

    @property
    def ratios(self) -> list[float]:
        """Ours by the other, pair by pair, the smallest first."""
        return sorted(ours / beside for ours, beside in self.pairs)

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return {**asdict(self), "ratio": statistics.median(self.ratios)}


def in_turns(ours: Callable[[], Ours], theirs: Callable[[], Theirs], repeats: int) -> list[tuple[Ours, Theirs]]:
    """Run both one after the other, so often: what else the machine does then meets both."""
    return [(ours(), theirs()) for _ in range(repeats)]


def used_by(*command: object) -> Usage:
    """Run a Python module, for example `used_by("bench.steps", "models", folder)`, to its end.

    Raises SystemExit when it fails; what it says of that stands above. A child's memory begins with that of its parent,
    so the parent has to stay small: what needs memory runs as a step of its own.
    """
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", *map(str, command)], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command[:2]))} failed")
    return Usage(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def cpu_seconds(run: Callable[[], None]) -> float:
    """CPU seconds of this process, all threads, user and system."""
    began = time.process_time()
    run()
    return time.process_time() - began


def table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table."""
    rows = [["Boomerang", "beside", "unit", "ours", "other", "ratio (lowest – highest)"]]
    for line in lines:
        ratios = line.ratios
        spread = f" ({ratios[0]:.2f} – {ratios[-1]:.2f})" if len(ratios) > 1 else ""
        ratio = f"{statistics.median(ratios):.2f}{spread}"
        rows.append([line.what, line.other, line.unit, number(line.ours), number(line.beside), ratio])
    return columns(rows)


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text as a Markdown table, the first as its head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    texts = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(texts)


def say(text: str) -> None:
    """Tell on stderr what is being done."""
    print(text, file=sys.stderr, flush=True)


def number(value: float) -> str:
    """A figure as the tables show it: two decimals below 100, none above."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
