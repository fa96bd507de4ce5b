"""Experiments: which one assigns the people of an audience to arms, and when it is closed and the next one begins.

Raising the held-out share only adds people to those held out. Lowering it, or taking an arm away, would bring people back
who were measured as held out: then the experiment is closed and the next generation draws anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import count

import duckdb

from audiences.definition import Audience
from audiences.sql import statements

ROUNDING = 1e-9


@dataclass(frozen=True)
class Experiment:
    """One experiment. `generation` counts from 1; `closes` says that it takes the place of the one before it."""

    scope: str
    generation: int
    is_new: bool

    @property
    def id(self) -> str:
        """What draws the arms and stands in the log of entries."""
        return self.scope if self.generation == 1 else f"{self.scope}#{self.generation}"

    @property
    def closes(self) -> bool:
        """Whether an older generation ends with it."""
        return self.is_new and self.generation > 1


def current_experiment(connection: duckdb.DuckDBPyConnection, audience: Audience) -> Experiment:
    """The experiment of the audience as it is defined now; new when none is open, or the open one cannot go on."""
    scope = scope_of(connection, audience)
    row = connection.execute(statements("experiments")["newest"], {"scope": scope}).fetchone()
    if row is None:
        return Experiment(scope, 1, is_new=True)
    generation, holdout, arms, is_open = row
    names = {name for name, _ in arms_of(audience)}
    goes_on = is_open and holdout_share(audience) >= holdout - ROUNDING and set(json.loads(arms)) <= names
    return Experiment(scope, generation if goes_on else generation + 1, is_new=not goes_on)


def open_experiment(connection: duckdb.DuckDBPyConnection, audience: Audience, now: datetime) -> Experiment:
    """Write down the audience's experiment as it is now, closing the one before where it cannot go on."""
    experiment = current_experiment(connection, audience)
    arms = json.dumps([name for name, _ in arms_of(audience)])
    common = {"scope": experiment.scope, "generation": experiment.generation}
    if experiment.is_new:
        connection.execute(statements("experiments")["close"], {"scope": experiment.scope, "now": now})
        values = {**common, "holdout": holdout_share(audience), "arms": arms, "now": now}
        connection.execute(statements("experiments")["open"], values)
    else:
        values = {**common, "holdout": holdout_share(audience), "arms": arms}
        connection.execute(statements("experiments")["widen"], values)
    return experiment


def experiments_left(
    connection: duckdb.DuckDBPyConnection, audience: Audience, others: Iterable[Audience]
) -> list[Experiment]:
    """Open experiments that drew this audience's people and that no definition asks for any more.

    Everybody is sent now, those who were held out too: these experiments cannot go on.
    """
    asked = {scope_of(connection, one) for one in others if has_experiment(one)}
    possible = {own_scope(connection, audience), f"group:{audience.exclusive_group}", "global"} - asked
    rows = connection.execute(statements("experiments")["open_ones"], {"scopes": sorted(possible)}).fetchall()
    return [Experiment(scope, generation, is_new=False) for scope, generation in rows]


def close_experiments(connection: duckdb.DuckDBPyConnection, experiments: Iterable[Experiment], now: datetime) -> None:
    """Close experiments that go on no more."""
    for one in experiments:
        connection.execute(statements("experiments")["close"], {"scope": one.scope, "now": now})


def scope_of(connection: duckdb.DuckDBPyConnection, audience: Audience) -> str:
    """Whose experiment assigns the audience's people: its own, its group's, or the one of the whole programme."""
    scope = audience.holdout.scope if audience.holdout else "audience"
    if scope == "global":
        return "global"
    return f"group:{audience.exclusive_group}" if scope == "group" else own_scope(connection, audience)


def own_scope(connection: duckdb.DuckDBPyConnection, audience: Audience) -> str:
    """By the first name that the audience ever had, as the ledger knows it, whatever the definition still says of it.

    A name that another audience had before belongs to the other's experiment: who has it now is counted from 2.
    """
    known = dict(connection.execute(statements("experiments")["known_scopes"]).fetchall())
    for name in (audience.name, *reversed(audience.renamed_from)):
        if name in known:
            return str(known[name])
    free = [scope for scope in map(_scope_named, _names(audience)) if scope not in known.values()]
    begun = connection.execute(statements("experiments")["begun"], {"scopes": free}).fetchall()
    first = next((scope for scope in free if (scope,) in begun), next(iter(free), None))
    named = _scope_named(audience.name)
    return first or next(scope for scope in (f"{named}~{number}" for number in count(2)) if scope not in known.values())


def remember_scope(connection: duckdb.DuckDBPyConnection, audience: Audience) -> None:
    """Write down whose experiment the audience's own is, where its name alone does not tell it."""
    scope = own_scope(connection, audience)
    values = {"audience": audience.name, "scope": scope}
    connection.execute(statements("experiments")["forget_scope"], values)
    if scope != _scope_named(audience.name):
        connection.execute(statements("experiments")["remember_scope"], values)


def _names(audience: Audience) -> list[str]:
    return [*audience.renamed_from, audience.name]


def _scope_named(name: str) -> str:
    return f"audience:{name}"


def arms_of(audience: Audience) -> list[tuple[str, float]]:
    """The arms beside the holdout, each with the upper end of its share of the buckets, in the order written.

    Who is above the last end is in no arm.
    """
    named = [(name, part) for name, part in (audience.arms or {}).items() if name != "holdout"]
    if not named:
        return [("treated", 1.0)]
    ends, end = [], holdout_share(audience)
    for name, part in named:
        end += part
        ends.append((name, end if end < 1 - ROUNDING else 1.0))
    return ends


def has_experiment(audience: Audience) -> bool:
    """Whether its people are assigned to arms at all."""
    return bool(audience.arms) or holdout_share(audience) > 0


def holdout_share(audience: Audience) -> float:
    """The share of people who are held out, from 0 to 1."""
    if audience.arms:
        return float(audience.arms.get("holdout", 0.0))
    return audience.holdout.share if audience.holdout else 0.0
