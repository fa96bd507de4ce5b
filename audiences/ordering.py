"""In which order audiences are computed: behind those that they exclude, and by priority within an exclusive group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from audiences.definition import Audience

Before = dict[str, dict[str, str]]  # audience: those that come before it, each with why


@dataclass(frozen=True)
class Circle:
    """Audiences that wait for each other; `name` is one that can end it by excluding less."""

    name: str
    steps: tuple[str, ...]

    def __str__(self) -> str:
        """The way round, with the reason of each step."""
        return " ".join((self.name, *self.steps))


def in_order(audiences: Mapping[str, Audience]) -> list[Audience]:
    """Sort topologically, among free ones by group, priority and name. Raises graphlib.CycleError on a circle."""
    sorter = TopologicalSorter(_before(audiences))
    sorter.prepare()
    found: list[Audience] = []
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=lambda name: _rank(audiences[name]))
        name = ready.pop(0)
        found.append(audiences[name])
        sorter.done(name)
    return found


def circles(audiences: Mapping[str, Audience]) -> Iterator[Circle]:
    """Every circle, one after the other; each is cut at one exclusion before the next is looked for."""
    before = _before(audiences)
    while True:
        try:
            TopologicalSorter(before).prepare()
        except CycleError as error:
            waiting = list(reversed(error.args[1]))  # each waits for the next
            start = next(at for at, name in enumerate(waiting[:-1]) if before[name][waiting[at + 1]] == "excludes")
            way = waiting[start:-1] + waiting[: start + 1]
            yield Circle(way[0], tuple(f"{before[one][two]} {two}" for one, two in pairwise(way)))
            del before[way[0]][way[1]]
        else:
            return


def same_place(audiences: Mapping[str, Audience]) -> Iterator[tuple[Audience, Audience]]:
    """Pairs of audiences with one group and one priority."""
    for one, two in pairwise(_by_place(audiences)):
        if (one.exclusive_group, one.priority) == (two.exclusive_group, two.priority):
            yield one, two


def _rank(audience: Audience) -> tuple[str, int, str]:
    return audience.exclusive_group or "", audience.priority or 0, audience.name


def _by_place(audiences: Mapping[str, Audience]) -> list[Audience]:
    return sorted((one for one in audiences.values() if one.exclusive_group), key=_rank)


def _before(audiences: Mapping[str, Audience]) -> Before:
    before: Before = {name: {} for name in sorted(audiences)}
    for one, two in pairwise(_by_place(audiences)):
        if one.exclusive_group == two.exclusive_group:
            before[two.name][one.name] = "comes after"
    for name, audience in audiences.items():
        for excluded in audience.exclude:
            if excluded.kind == "audience" and excluded.name in audiences:
                before[name][excluded.name] = "excludes"
    return before
