"""Who enters an audience and its experiment: planned with the lists, logged when the plan is applied, both arms alike.

Who is held on the way to a list enters with the plan that sends them. So does whoever is held out, but would have gone to
that list: else the arms would differ by who was waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import duckdb

from audiences.catalog import Audience
from audiences.domain import ListId
from audiences.experiments import (
    close_experiments,
    current_experiment,
    experiments_left,
    has_experiment,
    open_experiment,
)
from audiences.splits import HELD_OUT
from audiences.sql import statements
from audiences.sync.drafting import Context, Draft
from audiences.sync.works import Run, Work


def note_present(connection: duckdb.DuckDBPyConnection, audience: Audience) -> None:
    """Add to `present` who came to the draw, each with their stratum: the value of a split, that of those held out too."""
    split = audience.split_by
    if split is None:
        connection.execute(statements("entries")["present"], {"audience": audience.name})
    else:
        values = {"audience": audience.name, "rest": split.rest}
        connection.execute(statements("entries")["present_by_value"], values)


def record_entries(
    context: Context,
    audience: Audience,
    drafts: Sequence[Draft],
    staying_on: Sequence[ListId],
    left_out: Sequence[ListId],
) -> None:
    """Write down who enters and leaves an audience, and hold who waits.

    Args:
        context: of the plan.
        audience: whose people are in `present`.
        drafts: all lists of the plan, with what is held of them.
        staying_on: lists of the audience's family whose removals are held in part.
        left_out: lists of the audience's family that are not planned.
    """
    connection, named = context.connection, statements("entries")
    experiment = current_experiment(connection, audience).id if has_experiment(audience) else None
    ids = {"plan_id": context.plan_id, "audience": audience.name}
    most = audience.max_days_in
    longest = None if most is None else context.build.as_of - timedelta(days=most)
    connection.execute(named["entries"], {**ids, "experiment": experiment, "longest": longest})
    lists = [one for one in drafts if one.key.audience == audience.name]
    leaving = {
        "lists": [one.key.list_id for one in lists],
        "is_held": any("remove" in one.verdict.held for one in lists),
    }
    connection.execute(named["hold_leaving"], {**ids, **leaving})
    own = [one.key.list_id for one in drafts if one.wanted.audience == audience]
    waiting = {"plan_id": context.plan_id, "lists": own}
    if connection.execute(named["any_waiting"], waiting).fetchone() is not None:
        connection.execute(named["hold_waiting"], {**ids, "lists": own})
    others = [*(set(staying_on) - set(own)), *left_out]
    if others:
        connection.execute(named["hold_held_out"], {**ids, "others": others, "held_out": HELD_OUT})


def log_entries(run: Run, works: Sequence[Work], defined_audiences: Iterable[Audience]) -> dict[str, list[str]]:
    """Log who enters each experiment, both arms, and who leaves each audience, before anything is sent; never twice.

    While a list is refused nobody has left, nor has anybody whose removal is held: a fault in the data would else begin
    everybody's rest.
    Returns which arms and strata wait, by the name of each audience that somebody may enter: for `begin_days`.
    """
    defined = [(work, work.audience) for work in works if work.audience is not None]
    entering = {audience.name: audience for work, audience in defined if not _is_shut(work)}
    staying = {work.plan.audience for work in works if not work.is_open}
    leaving = {audience.name for work, audience in defined if work.is_open} - staying
    waiting = {name: _blocked([work for work, one in defined if one.name == name]) for name in entering}
    for name, audience in entering.items():
        left = experiments_left(run.connection, audience, defined_audiences)
        close_experiments(run.connection, left, run.clock())
        if has_experiment(audience):
            experiment = open_experiment(run.connection, audience, run.clock())
            common = {"plan_id": run.plan_id, "audience": name, "as_of": run.as_of, "blocked": waiting[name]}
            run.execute("log_entries", **common, experiment=experiment.id, build_id=run.build_id)
    for name in sorted(leaving):
        run.execute("log_leaving", plan_id=run.plan_id, audience=name, as_of=run.as_of)
    return waiting


def begin_days(run: Run, waiting: Mapping[str, list[str]]) -> None:
    """Begin the days of whoever entered an audience, once all is sent and folded: nobody's who is on no list of it.

    Args:
        run: with the plan.
        waiting: as `log_entries` gave it.
    """
    for name, blocked in waiting.items():
        run.execute("log_history", plan_id=run.plan_id, audience=name, as_of=run.as_of, blocked=blocked)


def _is_shut(work: Work) -> bool:
    """Whether nobody is added to the list by this plan: it was refused, or a guard of its own holds all additions."""
    return not work.is_open or ("add" in work.held and not work.plan.guard.is_waiting)


def _blocked(works: Sequence[Work]) -> list[str]:
    """Arms and strata that go on no account; those held out of a stratum wait where any arm of it does."""
    accounts: Mapping[tuple[str, str], list[Work]] = {work.account: [] for work in works}
    for work in works:
        accounts[work.account].append(work)
    waiting = [
        {key for work in lists if _is_shut(work) for key in _keys(work)}
        for lists in accounts.values()
        if not all(_is_shut(work) for work in lists)
    ]
    return sorted(set.intersection(*waiting)) if waiting else []


def _keys(work: Work) -> Iterable[str]:
    """Arm and stratum of the people of a list, and of those held out who would have gone to it."""
    split = work.plan.split
    if split == HELD_OUT:
        return
    arm, stratum = "treated", split or ""
    if work.audience is not None and work.audience.arms:
        arm, _, stratum = (split or "").partition("/")
    yield f"{arm}/{stratum}"
    yield f"{HELD_OUT}/{stratum}"
