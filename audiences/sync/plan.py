"""The plan: what must change on every list so that it equals its audience, and what the guards say to it.

`make_plan` writes the plan to the ledger and returns it; nothing is sent. It reads a published build, the definitions and
the ledger, and no platform.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal

from audiences.attached_build import BUILD, Moment
from audiences.candidates import is_active, needed_for, select_audience
from audiences.catalog import Audience, Catalog
from audiences.checking import checked_catalog
from audiences.domain import ListId, ListKey
from audiences.errors import ConfigError
from audiences.experiments import current_experiment, experiments_left, has_experiment
from audiences.ledger import open_ledger
from audiences.ledger.connection import now_utc
from audiences.ledger.folding import fold
from audiences.ledger.pruning import prune
from audiences.members import counts_by_reason, family_of_values, place_members, prepare_platform, split_values
from audiences.platforms.base import PlatformKind
from audiences.settings import Settings
from audiences.splits import HELD_OUT, memory_of
from audiences.sql import count, statements
from audiences.sync.chosen_build import attach_chosen, find_build
from audiences.sync.drafting import Context, Draft, Wanted, draft, family_of, finish, list_name
from audiences.sync.entries import note_present, record_entries
from audiences.sync.kinds import Account, by_rows, is_set, kind_in
from audiences.sync.plan_record import ListPlan, Plan
from audiences.sync.renames import former_names, looked_at, refuse_clashes

NOBODY_YET = "nobody is in the audience yet: its lists are made with their first members"


def make_plan(
    settings: Settings,
    audiences: Sequence[str] = (),
    *,
    as_of: str | None = None,
    now: datetime | None = None,
    purpose: Literal["sync", "rebuild"] = "sync",
) -> Plan:
    """Plan every audience, or the named ones, against the newest finished build or the one of `as_of`.

    Args:
        settings: the shop.
        audiences: names of definitions; none means all, and the lists too that no definition asks for any more.
        as_of: the build to follow, by its date or timestamp.
        now: the clock for staleness, permits and expiry, naive UTC.
        purpose: `rebuild` removes and adds again whoever is on the lists of the named audiences.

    Raises:
        ConfigError: a definition is wrong or unknown.
        DataError: there is no finished build.
        Busy: another process holds the ledger.
    """
    clock = now or now_utc()
    catalog, schema = checked_catalog(settings)
    chosen = chosen_audiences(catalog, audiences)
    with open_ledger(settings) as ledger:
        build = find_build(ledger, settings, as_of, clock)
        with ledger.transaction():
            fold(ledger.connection)
        plan_id = f"{clock:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        refuse_clashes(ledger.connection, catalog)
        former = former_names(ledger.connection, catalog.audiences.values())
        context = Context(settings, ledger, plan_id, build, clock, purpose, former)
        moment = Moment(build.as_of, settings.shop.timezone)
        attach_chosen(ledger, settings, build)
        with ledger.transaction() as connection:
            with looked_at(connection, former, plan_id):
                for audience in needed_for([one.name for one in chosen], catalog):
                    select_audience(connection, audience, catalog, schema, moment)
                lists = _planned(context, chosen, catalog, is_whole=not audiences)
            prune(connection, clock, settings.guards.max_build_age)
        ledger.connection.execute(f"detach {BUILD}")
    return Plan(plan_id, build.as_of, build.build_id, tuple(lists))


def chosen_audiences(catalog: Catalog, names: Sequence[str]) -> list[Audience]:
    """The named audiences, or all that are not paused. Raises ConfigError for one that is unknown or paused."""
    wanted = {catalog.audience(name).name for name in names} or set(catalog.audiences)
    for name in names:
        if catalog.audience(name).paused:
            raise ConfigError(f"{name} is paused, nothing of it is sent: take `paused` out of its definition")
    return [audience for audience in catalog.ordered() if audience.name in wanted and not audience.paused]


def _planned(context: Context, chosen: Sequence[Audience], catalog: Catalog, *, is_whole: bool) -> list[ListPlan]:
    """All lists, platform by platform, so that each platform's people are made once."""
    connection = context.connection
    connection.execute(statements("entries")["create_present"])
    drafts: list[Draft] = []
    orphans = _orphans(context, chosen, catalog) if is_whole else []
    targets = {account for audience in chosen for account in audience.accounts}
    for kind, accounts in by_rows(context.settings, targets | {one.key.platform_account for one in orphans}):
        prepare_platform(connection, kind.fields, kind.purposes)
        connection.execute(statements("changes")["refused_keys"])
        for audience in chosen:
            for platform, account in accounts.intersection(audience.accounts):
                own_kind = kind_in(context.settings, platform, account)
                drafts += _drafted_audience(context, audience, own_kind, _notes(context, audience, catalog))
        for wanted in _without_list(orphans, drafts, accounts):
            connection.execute(statements("members")["none_placed"])
            drafts.append(draft(context, wanted))
    siblings = _hold_siblings(context, drafts, catalog)
    families = {} if is_whole else _left_out(context, drafts, catalog)
    left_out = _hold_left_out(context, drafts, families)
    for audience in chosen:
        own = [one for one in drafts if one.wanted.audience == audience]
        staying_on = [other for one in own for other in siblings.get(one.key.list_id, ())]
        others = [other for one in own for other in families.get(_family(one, catalog), ())]
        record_entries(context, audience, drafts, staying_on, others)
    finished = [
        finish(context, one, siblings.get(one.key.list_id, ()), left_out.get(one.key.list_id, ())) for one in drafts
    ]
    return sorted(finished, key=lambda item: item.list)


def _drafted_audience(context: Context, audience: Audience, kind: PlatformKind, notes: tuple[str, ...]) -> list[Draft]:
    connection, named = context.connection, statements("plan")
    key = ListKey(audience.name, kind.name, audience.platforms[kind.name].account)
    place_members(connection, audience, key.list_id, context.build.build_id)
    memory = None
    if audience.split_by is not None:
        memory = memory_of(connection, key.list_id, family_of_values(key.list_id, audience.split_by.column))
    note_present(connection, audience)
    _, dropped = counts_by_reason(connection)
    ids = {"audience": audience.name, "platform": key.platform, "account": key.account}
    known = {row[0] for row in connection.execute(named["known_splits"], ids).fetchall()}
    current = set(split_values(connection))
    kept = {row[0] for row in connection.execute(named["kept"]).fetchall()} if audience.split_by else set()
    is_over = not is_active(audience, Moment(context.build.as_of, context.settings.shop.timezone))
    if audience.has_several_lists and current | known == {None}:
        notes = (*notes, NOBODY_YET)
    return [
        draft(
            context,
            Wanted(
                key=ListKey(key.audience, key.platform, key.account, split),
                kind=kind,
                name=list_name(audience, split),
                audience=audience,
                is_over=is_over or (_is_closed(audience, split, kept) and not _is_lost(context, key, split)),
                dropped=dropped,
                notes=notes,
                split_values=memory,
            ),
        )
        for split in sorted(current | known, key=lambda value: value or "")
    ]


def _is_lost(context: Context, key: ListKey, split: str | None) -> bool:
    """Whether most people of a list that is closed are gone from the audience, and not only on another list of it."""
    list_id = ListKey(key.audience, key.platform, key.account, split).list_id
    row = context.connection.execute(statements("plan")["share_gone"], {"list_id": list_id}).fetchone()
    return row is not None and (row[0] or 0.0) > 0.5


def _is_closed(audience: Audience, split: str | None, kept: set[str]) -> bool:
    """Whether the definition makes no such list any more: its arm is gone, or the value has no list of its own."""
    if split == HELD_OUT:
        return not audience.push_exclusion
    value = split
    if audience.arms:
        arm, _, rest = (split or "").partition("/")
        if arm not in audience.arms:
            return True
        value = rest or None
    if audience.split_by is None or value is None:
        return (value is None) != (audience.split_by is None)
    return value not in kept and value != audience.split_by.rest


def _notes(context: Context, audience: Audience, catalog: Catalog) -> tuple[str, ...]:
    former = context.former.get(audience.name)
    notes = [] if former is None else [f"taken over from {former}, with everybody who is on it"]
    left = experiments_left(context.connection, audience, catalog.audiences.values())
    notes += [f"the experiment {one.id} is closed: nobody is held out by it any more" for one in left]
    experiment = current_experiment(context.connection, audience)
    if has_experiment(audience) and experiment.closes:
        why = "because fewer are held out, an arm is gone, or all were sent"
        notes.append(f"the experiment is closed, {why}: {experiment.id} begins")
    return tuple(notes)


def _orphans(context: Context, chosen: Sequence[Audience], catalog: Catalog) -> list[Wanted]:
    """Lists of paused audiences, and those whose audience, platform or account is not in a definition any more."""
    asked = {(one.name, platform, target.account) for one in chosen for platform, target in one.platforms.items()}
    found = []
    for list_id, audience, platform, account, split, label in context.connection.execute(
        statements("plan")["lists"]
    ).fetchall():
        if (audience, platform, account) in asked or not is_set(context.settings, platform, account):
            continue
        definition = catalog.audiences.get(audience)
        is_paused = (
            definition is not None
            and definition.paused
            and platform in definition.platforms
            and definition.platforms[platform].account == account
        )
        state = "paused" if is_paused else "retired"
        note = (
            "paused: only people who said no or were erased are removed"
            if is_paused
            else "no definition asks for this list any more: everybody is removed once it is released"
        )
        key = ListKey(audience, platform, account, split)
        assert key.list_id == list_id
        found.append(Wanted(key, kind_in(context.settings, platform, account), label, state, notes=(note,)))
    return found


def _without_list(orphans: Sequence[Wanted], drafts: Sequence[Draft], accounts: Collection[Account]) -> list[Wanted]:
    planned = {one.key for one in drafts}
    return [one for one in orphans if one.key.platform_account in accounts and one.key not in planned]


def _hold_siblings(context: Context, drafts: Sequence[Draft], catalog: Catalog) -> dict[ListId, list[ListId]]:
    """Who stays on a list because its removals are held is not added to another list of its family.

    Returns for each list of such a family all lists of the family.
    """
    siblings: dict[ListId, list[ListId]] = {}
    families: dict[str, list[Draft]] = {}
    for one in drafts:
        families.setdefault(_family(one, catalog), []).append(one)
    for members in families.values():
        lists = [one.key.list_id for one in members]
        values = {"plan_id": context.plan_id, "lists": lists}
        if len(lists) > 1 and any(one.facts.removes for one in members):
            context.connection.execute(statements("record")["current_keys"], values)
        if any("remove" in one.verdict.held for one in members):
            context.connection.execute(statements("record")["hold_siblings"], values)
            siblings |= dict.fromkeys(lists, lists)
    return siblings


def _family(one: Draft, catalog: Catalog) -> str:
    definition = catalog.audiences.get(one.key.audience) if one.wanted.state != "paused" else None
    return family_of(definition, one.key.platform, one.key.audience)


def _left_out(context: Context, drafts: Sequence[Draft], catalog: Catalog) -> dict[str, list[ListId]]:
    """The lists that are not planned, though their account is there, by family."""
    families: dict[str, list[ListId]] = {}
    planned = {one.key.list_id for one in drafts}
    for list_id, name, platform, account, *_ in context.connection.execute(statements("plan")["lists"]).fetchall():
        definition = catalog.audiences.get(name)
        is_paused = definition is not None and definition.paused
        if list_id not in planned and not is_paused and is_set(context.settings, platform, account):
            families.setdefault(family_of(definition, platform, name), []).append(list_id)
    return families


def _hold_left_out(
    context: Context, drafts: Sequence[Draft], families: Mapping[str, Sequence[ListId]]
) -> dict[ListId, list[ListId]]:
    """Where only some audiences are planned: nobody is added who is on a list of the family that is left out.

    Returns for each list whose additions wait the lists that people are on.
    """
    found: dict[ListId, list[ListId]] = {}
    for one in drafts:
        others = families.get(family_of(one.wanted.audience, one.key.platform, one.key.audience), [])
        values = {"plan_id": context.plan_id, "list_id": one.key.list_id, "others": others}
        if others and count(context.connection, statements("record")["hold_left_out"], values):
            rows = context.connection.execute(statements("record")["left_out"], values).fetchall()
            found[one.key.list_id] = [row[0] for row in rows]
    return found
