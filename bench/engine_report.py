"""What the engine's bench found: what each step takes, how it grows with the members, and the targets with a verdict."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.figures import Line, Usage, columns, number


@dataclass(frozen=True)
class Step:
    """One step at one size: the whole process, and the seconds of the step alone, without Python's start."""

    name: str
    members: int
    process: Usage
    wall: float
    cpu: float


@dataclass(frozen=True)
class Target:
    """A figure that must not be above `at_most`; None where it is only told. `other` is empty for an absolute figure."""

    what: str
    other: str
    unit: str
    ours: float
    beside: float | None
    value: float
    at_most: float | None

    @property
    def verdict(self) -> str:
        """`ok`, `over`, or nothing where there is no bound."""
        if self.at_most is None:
            return ""
        return "ok" if self.value <= self.at_most else "over"


def ratio(line: Line, at_most: float | None) -> Target:
    """The median ratio of a line's pairs."""
    middle = statistics.median(line.ratios)
    return Target(line.what, line.other, line.unit, line.ours, line.beside, middle, at_most)


def absolute(what: str, unit: str, value: float, at_most: float | None) -> Target:
    """A figure that stands beside nothing."""
    return Target(what, "", unit, value, None, value, at_most)


@dataclass
class Report:
    """All that was found, in the order in which it was."""

    steps: list[Step] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain values, with the verdicts."""
        targets = [{**asdict(one), "verdict": one.verdict} for one in self.targets]
        return {"steps": [asdict(one) for one in self.steps], "targets": targets}

    def table(self) -> str:
        """Steps, then targets, as Markdown."""
        head = ["step", "members", "wall s", "CPU s", "members/s", "peak MB"]
        steps = [
            [
                one.name, f"{one.members:,}", number(one.process.wall), number(one.process.cpu),
                number(one.members / one.process.wall), number(one.process.peak_mb),
            ]
            for one in self.steps
        ]  # fmt: skip
        return f"{columns([head, *steps])}\n\n{columns([_TARGET_HEAD, *map(_target_row, self.targets)])}"


_TARGET_HEAD = ["what", "beside", "unit", "ours", "other", "figure", "target", "verdict"]


def _target_row(one: Target) -> list[str]:
    beside = "" if one.beside is None else number(one.beside)
    bound = "" if one.at_most is None else f"≤ {one.at_most:g}"
    return [one.what, one.other, one.unit, number(one.ours), beside, number(one.value), bound, one.verdict]


def growth(steps: Sequence[Step], at_most: float) -> list[Target]:
    """The exponents of time and memory between the smallest and the largest size, step by step; none for one size."""
    sizes = sorted({one.members for one in steps})
    if len(sizes) < 2:
        return []
    low, high = ({one.name: one for one in steps if one.members == size} for size in (sizes[0], sizes[-1]))
    found = []
    for name, small in low.items():
        large, times = high[name], sizes[-1] / sizes[0]
        pairs = {"wall": (large.wall, small.wall), "memory": (large.process.peak_mb, small.process.peak_mb)}
        for unit, (ours, beside) in pairs.items():
            exponent = math.log(ours / beside) / math.log(times)
            found.append(Target(f"{name}, growth", f"{sizes[0]:,} members", unit, ours, beside, exponent, at_most))
    return found
