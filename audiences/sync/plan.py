"""The plan: what must change on every list so that it equals its audience, and what the guards say to it.

`make_plan` writes the plan to the ledger and returns it; nothing is sent. It reads a published build, the definitions and
the ledger, and no platform.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from audiences.builds import published_file
from audiences.catalog import Audience, Catalog
from audiences.checking import checked_catalog
from audiences.domain import ListKey
from audiences.errors import ConfigError
from audiences.guards import GuardLimits, ListFacts, Permit, Verdict, judge
from audiences.ledger import Ledger, open_ledger
from audiences.ledger.connection import now_utc
from audiences.ledger.folding import fold
from audiences.members import (
    BUILD,
    Moment,
    attach_build,
    counts_by_reason,
    experiment_of,
    has_experiment,
    is_active,
    needed_for,
    place_members,
    prepare_platform,
    select_audience,
    split_values,
)
from audiences.platforms.base import Field, Limits, PlatformKind
from audiences.platforms.registry import kind_of
from audiences.settings import Settings
from audiences.sql import statements
from audiences.sync.changes import record_changes
from audiences.sync.chosen_build import BuildRef, find_build
from audiences.sync.plan_record import GuardReport, ListPlan, Plan

SIZE_MEMORY = timedelta(days=7)
PLAN_MEMORY = timedelta(days=183)


@dataclass(frozen=True)
class _Context:
    """What planning one list needs to know."""

    settings: Settings
    ledger: Ledger
    plan_id: str
    build: BuildRef
    now: datetime

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        return self.ledger.connection


def make_plan(
    settings: Settings, audiences: Sequence[str] = (), *, as_of: str | None = None, now: datetime | None = None
) -> Plan:
    """Plan every audience, or the named ones, against the newest finished build or the one of `as_of`.

    Args:
        settings: the shop.
        audiences: names of definitions; none means all that are not paused.
        as_of: the build to follow, by its date or timestamp.
        now: the clock for staleness and permits, naive UTC.

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
        context = _Context(settings, ledger, plan_id, build, clock)
        moment = Moment(build.as_of, settings.shop.timezone)
        attach_build(ledger.connection, published_file(settings, build.build_id), ledger.key)
        with ledger.transaction() as connection:
            for audience in needed_for([one.name for one in chosen], catalog):
                select_audience(connection, audience, catalog, schema, moment)
            lists = _planned(context, chosen)
            connection.execute(statements("plan")["prune_changes"])
            connection.execute(statements("plan")["prune_plans"], {"oldest": clock - PLAN_MEMORY})
        ledger.connection.execute(f"detach {BUILD}")
    return Plan(plan_id, build.as_of, build.build_id, tuple(lists))


def chosen_audiences(catalog: Catalog, names: Sequence[str]) -> list[Audience]:
    """The named audiences, or all that are not paused. Raises ConfigError for one that is unknown or paused."""
    wanted = {catalog.audience(name).name for name in names} or set(catalog.audiences)
    for name in names:
        if catalog.audience(name).paused:
            raise ConfigError(f"{name} is paused, nothing of it is sent: take `paused` out of its definition")
    return [audience for audience in catalog.ordered() if audience.name in wanted and not audience.paused]


def definition_hash(audience: Audience, fields: Sequence[Field]) -> str:
    """Changes when the definition or the recipe of the upload rows does."""
    text = repr(audience) + repr([(one.name, one.column) for one in fields])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def list_hash(build_id: str, definition: str, version: int, digest: str) -> str:
    """What `apply` compares: a list whose hash moved is refused."""
    return hashlib.sha256(f"{build_id}|{definition}|{version}|{digest}".encode()).hexdigest()[:16]


def _planned(context: _Context, chosen: Sequence[Audience]) -> list[ListPlan]:
    """All lists, platform by platform, so that each platform's upload rows are made once."""
    connection = context.connection
    connection.execute("create or replace temp table present (audience varchar, member_key varchar, arm varchar)")
    drafts: list[_Draft] = []
    for name in sorted({name for audience in chosen for name in audience.platforms}):
        of_platform = [audience for audience in chosen if name in audience.platforms]
        for number, audience in enumerate(of_platform):
            kind = kind_of(name)
            if number == 0:
                prepare_platform(connection, kind.fields, kind.purposes)
            drafts += _drafted_audience(context, audience, name, kind)
    for audience in chosen:
        experiment = experiment_of(audience) if has_experiment(audience) else None
        ids = {"plan_id": context.plan_id, "audience": audience.name, "experiment": experiment}
        connection.execute(statements("plan")["entries"], ids)
    _hold_siblings(context, drafts)
    return sorted((_finished(context, draft) for draft in drafts), key=lambda item: item.list)


def _drafted_audience(context: _Context, audience: Audience, name: str, kind: PlatformKind) -> list[_Draft]:
    connection = context.connection
    account = audience.platforms[name].account
    place_members(connection, audience)
    connection.execute(statements("plan")["note_present"], {"audience": audience.name})
    _, dropped = counts_by_reason(connection)
    known = connection.execute(
        statements("plan")["known_splits"], {"audience": audience.name, "platform": name, "account": account}
    ).fetchall()
    splits = {*split_values(connection), *(row[0] for row in known)}
    return [
        _drafted_list(context, audience, ListKey(audience.name, name, account, split), kind, dropped)
        for split in sorted(splits, key=lambda value: value or "")
    ]


@dataclass(frozen=True)
class _Draft:
    """One list whose changes are recorded and judged, before its siblings are looked at."""

    audience: Audience
    key: ListKey
    kind: PlatformKind
    limits: Limits
    dropped: dict[str, int]
    facts: ListFacts
    updates: int
    version: int
    digest: str
    verdict: Verdict


def _drafted_list(
    context: _Context, audience: Audience, key: ListKey, kind: PlatformKind, dropped: dict[str, int]
) -> _Draft:
    connection, named = context.connection, statements("plan")
    limits = kind.limits_for(context.settings.limits_account(key.platform, key.account))
    ids = {"plan_id": context.plan_id, "list_id": key.list_id}
    record_changes(connection, key, ids, kind.fields, limits)
    summary = connection.execute(named["summary"], ids).fetchone()
    assert summary is not None
    adds, updates, changed, removes, denied, digest = summary
    size = _count(connection, named["size"], {"list_id": key.list_id})
    since = context.now - SIZE_MEMORY
    listed = connection.execute(named["list"], {"list_id": key.list_id}).fetchone()
    version = int(listed[1]) if listed else 0
    facts = ListFacts(
        size=size,
        largest=max(size, _count(connection, named["largest"], {"list_id": key.list_id, "since": since})),
        wanted=_count(connection, named["wanted"], {"split": key.split}),
        adds=adds,
        changed=changed,
        removes=removes,
        exempt_removes=denied,
        build_age=context.now - context.build.as_of,
        newer_build_failed=context.build.newer_failed,
        was_sent_before=version > 0,
        is_exclusion=audience.role == "exclude",
        is_over=not is_active(audience, Moment(context.build.as_of, context.settings.shop.timezone)),
    )
    verdict = _judged(context, key, facts, _limits_of(context.settings, audience, limits))
    connection.execute(named["hold"], {**ids, "held": list(verdict.held)})
    return _Draft(audience, key, kind, limits, dropped, facts, updates, version, digest, verdict)


def _hold_siblings(context: _Context, drafts: Sequence[_Draft]) -> None:
    """Who stays on a list because its removals are held is not added to another split of it or audience of its group."""
    families: dict[tuple[str, str], list[_Draft]] = {}
    for draft in drafts:
        group = draft.audience.exclusive_group
        family = f"group {group}" if group else f"audience {draft.audience.name}"
        families.setdefault((draft.key.platform, family), []).append(draft)
    for members in families.values():
        if any("remove" in draft.verdict.held for draft in members):
            lists = [draft.key.list_id for draft in members]
            context.connection.execute(
                statements("plan")["hold_siblings"], {"plan_id": context.plan_id, "lists": lists}
            )


def _finished(context: _Context, draft: _Draft) -> ListPlan:
    """The list's plan as it is kept and shown, with what waits for its siblings."""
    key, facts = draft.key, draft.facts
    ids = {"plan_id": context.plan_id, "list_id": key.list_id}
    requests, rows, waiting = context.connection.execute(statements("plan")["requests"], ids).fetchone() or (0, 0, 0)
    definition = definition_hash(draft.audience, draft.kind.fields)
    entry = ListPlan(
        list=key.list_id,
        audience=draft.audience.name,
        platform=key.platform,
        account=key.account,
        split=key.split,
        hash=list_hash(context.build.build_id, definition, draft.version, draft.digest),
        members=facts.wanted,
        adds=facts.adds,
        updates=draft.updates,
        removes=facts.removes,
        renews=0,
        unchanged=facts.wanted - facts.adds - draft.updates,
        dropped=draft.dropped,
        guard=_reported(draft.verdict, waiting),
        requests=requests,
        bytes=draft.kind.bytes_for(rows) if rows else 0,
        seconds=round(requests * 3600 / draft.limits.requests_per_hour, 1),
    )
    _store(context, entry, draft.version, definition, draft.digest, draft.verdict)
    return entry


def _reported(verdict: Verdict, waiting: int) -> GuardReport:
    if waiting == 0 or "add" in verdict.held:
        return GuardReport(verdict.name, verdict.held, verdict.reasons)
    reason = f"{waiting} people wait here: a guard holds their removal from another list"
    return GuardReport("held", {**verdict.held, "add": waiting}, [*verdict.reasons, reason])


def _limits_of(settings: Settings, audience: Audience, limits: Limits) -> GuardLimits:
    own, default = audience.guards, settings.guards
    return GuardLimits(
        max_shrink=default.max_shrink if own.max_shrink is None else own.max_shrink,
        max_growth=default.max_growth if own.max_growth is None else own.max_growth,
        max_updates=default.max_updates if own.max_updates is None else own.max_updates,
        from_members=default.from_members,
        min_members=max(limits.min_members, own.min_members or 0),
        max_build_age=default.max_build_age,
    )


def _judged(context: _Context, key: ListKey, facts: ListFacts, limits: GuardLimits) -> Verdict:
    rows = context.connection.execute(
        statements("plan")["permits"], {"list_id": key.list_id, "now": context.now}
    ).fetchall()
    return judge(facts, limits, [Permit(*row) for row in rows])


def _store(context: _Context, entry: ListPlan, version: int, definition: str, digest: str, verdict: Verdict) -> None:
    context.connection.execute(
        "insert into sync.plans values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'planned', null)",
        [
            context.plan_id, entry.list, context.build.build_id, context.build.as_of, context.now, version, definition,
            digest, entry.hash, list(entry.guard.held), list(verdict.used_permits), json.dumps(asdict(entry)),
        ],
    )  # fmt: skip


def _count(connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, Any]) -> int:
    row = connection.execute(sql, parameters).fetchone()
    return int(row[0]) if row else 0
