"""One list of a plan: its changes recorded, its facts gathered and judged, its part of the plan written.

A draft is what is known of a list before its siblings are looked at.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

import duckdb

from audiences.amounts import amount
from audiences.catalog import Audience
from audiences.definition import Guards
from audiences.domain import ListKey
from audiences.guards import Kind, ListFacts, Permit, Verdict, judge, limits_for
from audiences.ledger import Ledger
from audiences.platforms.base import Limits, PlatformKind
from audiences.settings import Settings
from audiences.splits import HELD_OUT
from audiences.sql import count, statements
from audiences.sync.changes import digest_of, hold, record_changes, renew_as_sent
from audiences.sync.chosen_build import BuildRef
from audiences.sync.job import Job
from audiences.sync.plan_record import GuardReport, ListPlan
from audiences.sync.room import Room

SIZE_MEMORY = timedelta(days=7)


@dataclass(frozen=True)
class Context:
    """What planning one list needs to know."""

    settings: Settings
    ledger: Ledger
    plan_id: str
    build: BuildRef
    now: datetime
    purpose: str = "sync"
    former: Mapping[str, str] = field(default_factory=dict)
    """The audiences whose lists still have a former name in the ledger, with that name."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The ledger's connection, with the build attached."""
        return self.ledger.connection

    @cached_property
    def room(self) -> Room:
        """The lists that this plan makes, so far."""
        return Room(self.connection)


@dataclass(frozen=True)
class Wanted:
    """What a definition says of one list; `state` is why it is planned: active, paused, or retired (nobody asks for it)."""

    key: ListKey
    kind: PlatformKind
    name: str
    state: str = "active"
    audience: Audience | None = None
    is_over: bool = False
    dropped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    split_values: str | None = None


@dataclass(frozen=True)
class Draft:
    """One list whose changes are recorded and judged."""

    wanted: Wanted
    job: Job
    facts: ListFacts
    updates: int
    renews: int
    absorbed: int
    waiting: dict[str, int]
    untouched: int
    """Wanted members for whom nothing is sent and nothing waits but a recipe's day."""
    version: int
    digest: str
    verdict: Verdict

    @property
    def key(self) -> ListKey:
        """The list's key."""
        return self.wanted.key


def list_name(audience: Audience, split: str | None) -> str:
    """What the ad manager shows: the label, with the split value behind it."""
    return audience.label if split is None else f"{audience.label} – {split}"


def recipe_of(connection: duckdb.DuckDBPyConnection, kind: PlatformKind) -> str:
    """The recipe of the upload rows: the version of the normalisation, and the platform's fields."""
    row = connection.execute(statements("members")["recipe_version"]).fetchone()
    fields = hashlib.sha256(repr([(one.name, one.column) for one in kind.fields]).encode()).hexdigest()[:6]
    return f"{row[0] if row else 0}.{fields}"


def definition_hash(audience: Audience | None, kind: PlatformKind) -> str:
    """Changes when the definition or the platform's fields do; of a list that nobody asks for it is a constant."""
    text = repr(audience) + repr([(one.name, one.column) for one in kind.fields])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def family_of(audience: Audience | None, platform: str, name: str) -> str:
    """Lists of one family have nobody in common: those of an exclusive group, else those of one audience.

    Args:
        audience: as it is defined; None when it is not, or paused: then it is in no group.
        platform: families are of one platform, over all its accounts.
        name: of the audience.
    """
    group = audience.exclusive_group if audience else None
    return f"{platform} group {group}" if group else f"{platform} audience {name}"


def list_hash(build_id: str, definition: str, version: int, digest: str) -> str:
    """What `apply` compares: a list whose hash moved is refused."""
    return hashlib.sha256(f"{build_id}|{definition}|{version}|{digest}".encode()).hexdigest()[:16]


def draft(context: Context, wanted: Wanted) -> Draft:
    """Record the changes of one list, judge them, and mark what is held."""
    connection, named = context.connection, statements("plan")
    job = _job(context, wanted)
    waiting = record_changes(connection, job)
    summary = connection.execute(statements("record")["summary"], job.ids).fetchone()
    assert summary is not None
    adds, updates, changed, removes, exempt, renews, lost, absorbed, recipes = summary
    listed = connection.execute(named["list"], {"list_id": wanted.key.list_id}).fetchone()
    version = int(listed[1]) if listed else 0
    size = count(connection, named["size"], {"list_id": wanted.key.list_id})
    lately = {"list_id": wanted.key.list_id, "since": context.now - SIZE_MEMORY}
    shrunk = {**lately, "after": _released(context, wanted, "shrink")}
    covered = {**lately, "after": _released(context, wanted, "coverage")}
    (best_coverage,) = connection.execute(named["best_coverage"], covered).fetchone() or (None,)
    overdue = _overdue(context, job, wanted)
    facts = ListFacts(
        size=size,
        largest=max(size, count(connection, named["largest"], {**lately, "after": None})),
        shrinks_from=max(size, count(connection, named["largest"], shrunk)),
        wanted=count(connection, named["wanted"], {"split": wanted.key.split}),
        adds=adds,
        changed=changed,
        removes=removes,
        exempt_removes=exempt,
        build_age=context.now - context.build.as_of,
        newer_build_failed=context.build.newer_failed,
        was_filled=_was_filled(context, wanted),
        is_exclusion=_is_exclusion(wanted),
        is_over=wanted.is_over or job.is_frozen or context.purpose == "rebuild",
        is_retired=wanted.state == "retired",
        recipe_updates=recipes,
        coverage=_coverage(connection),
        best_coverage=best_coverage,
        consent_lost=lost,
        overdue_removes=overdue,
        overdue_before=count(connection, named["overdue_before"], {**shrunk, "overdue": overdue}),
        list_number=context.room.number_of(wanted.key) if adds else 0,
    )
    verdict = _judged(context, wanted, facts, job.limits)
    if facts.list_number and "add" not in verdict.held:
        context.room.take(wanted.key)
    hold(connection, job, verdict)
    late, late_for_a_recipe = renew_as_sent(connection, job)
    digest = digest_of(connection, context.plan_id, wanted.key.list_id)
    untouched = max(facts.wanted - adds - updates - renews - late_for_a_recipe - waiting.get("quarantine", 0), 0)
    return Draft(wanted, job, facts, updates, renews + late, absorbed, waiting, untouched, version, digest, verdict)


def _released(context: Context, wanted: Wanted, guard: Kind) -> int | None:
    """The number of the newest plan that carried out a release of the guard; None when there was none."""
    values = {"list_id": wanted.key.list_id, "guard": guard}
    row = context.connection.execute(statements("plan")["released"], values).fetchone()
    return row[0] if row else None


def _was_filled(context: Context, wanted: Wanted) -> bool:
    """Whether all who were wanted were sent once since the list was too small to be watched: growing is no first fill."""
    small = context.settings.guards.from_members
    values = {"list_id": wanted.key.list_id, "from_members": small}
    row = context.connection.execute(statements("plan")["was_filled"], values).fetchone()
    return row is not None and bool(row[0])


def _overdue(context: Context, job: Job, wanted: Wanted) -> int:
    """How many leave the list because their days in the audience are over."""
    named = statements("record")
    if wanted.audience is None or wanted.audience.max_days_in is wanted.audience.rest_days is None:
        context.connection.execute(named["nobody_overdue"])
        return 0
    days = {"audience": wanted.audience.name, "max_days_in": wanted.audience.max_days_in}
    context.connection.execute(named["overdue"], {**days, "as_of": context.build.as_of})
    return count(context.connection, named["overdue_removes"], job.ids)


def _job(context: Context, wanted: Wanted) -> Job:
    key, kind = wanted.key, wanted.kind
    limits = kind.limits_for(context.settings.limits_account(key.platform, key.account))
    asked = wanted.audience.keep_days if wanted.audience else None
    longest = limits.max_keep_days
    return Job(
        plan_id=context.plan_id,
        key=key,
        kind=kind,
        limits=limits,
        recipe=recipe_of(context.connection, kind),
        keep_days=None if longest is None else min(asked or longest, longest),
        now=context.now,
        recipe_share=context.settings.guards.recipe_share_per_day,
        is_rebuilt=context.purpose == "rebuild",
        is_frozen=wanted.state == "paused",
    )


def _is_exclusion(wanted: Wanted) -> bool:
    """A list that people are kept out of campaigns by: losing people from it is the danger."""
    if wanted.audience is None:
        return False
    return wanted.audience.role == "exclude" or (wanted.audience.push_exclusion and wanted.key.split == HELD_OUT)


def _coverage(connection: duckdb.DuckDBPyConnection) -> float | None:
    row = connection.execute(statements("plan")["coverage"]).fetchone()
    return row[0] if row else None


def _judged(context: Context, wanted: Wanted, facts: ListFacts, limits: Limits) -> Verdict:
    own = wanted.audience.guards if wanted.audience else Guards()
    key = wanted.key
    names = [name for name in (key.audience, context.former.get(key.audience)) if name is not None]
    lists = [replace(key, audience=name).list_id for name in names]
    rows = context.connection.execute(statements("plan")["permits"], {"lists": lists, "now": context.now}).fetchall()
    guards = limits_for(
        own, context.settings.guards, floor=limits.min_members, is_exclusion=facts.is_exclusion,
        max_lists=limits.max_lists,
    )  # fmt: skip
    return judge(facts, guards, [Permit(*row) for row in rows])


def finish(context: Context, one: Draft, siblings: Sequence[str] = (), left_out: Sequence[str] = ()) -> ListPlan:
    """The list's plan as it is kept and shown, with what waits for its siblings: lists with nobody in common with it.

    Args:
        context: of the plan.
        one: the list.
        siblings: lists of its family, itself included, where some removals are held.
        left_out: lists of its family that are not planned, and that people are on who wait here.
    """
    key, facts = one.key, one.facts
    requests, rows, waiting = context.connection.execute(statements("record")["requests"], one.job.ids).fetchone() or (
        0,
        0,
        0,
    )
    definition = definition_hash(one.wanted.audience if one.wanted.state == "active" else None, one.wanted.kind)
    entry = ListPlan(
        list=key.list_id,
        audience=key.audience,
        platform=key.platform,
        account=key.account,
        split=key.split,
        hash=list_hash(context.build.build_id, definition, one.version, one.digest),
        members=facts.wanted if one.wanted.state == "active" else facts.size - facts.removes,
        adds=facts.adds,
        updates=one.updates,
        removes=facts.removes,
        renews=one.renews,
        unchanged=_unchanged(one),
        dropped={**one.wanted.dropped},
        guard=_reported(context, one, waiting, siblings, left_out),
        requests=requests,
        bytes=_bytes(one, requests, rows),
        seconds=round(requests * 3600 / one.job.limits.requests_per_hour, 1),
        state=one.wanted.state,
        waiting=one.waiting,
        notes=_notes(one),
        taken_over_from=context.former.get(key.audience),
        size=facts.size,
        overdue=facts.overdue_removes if one.verdict.frees_overdue else 0,
    )
    _store(context, one, entry, definition)
    return entry


def _unchanged(one: Draft) -> int:
    if one.wanted.state != "active":
        return one.facts.size - one.facts.removes
    return one.untouched


def _bytes(one: Draft, requests: int, rows: int) -> int:
    """What all bodies are together at most: each has its own frame."""
    if not requests:
        return 0
    frame = one.wanted.kind.bytes_for(0)
    return one.wanted.kind.bytes_for(rows) + frame * (requests - 1)


def _notes(one: Draft) -> Sequence[str]:
    notes = [*one.wanted.notes]
    if one.absorbed:
        joined = amount(one.absorbed, "was", "were")
        notes.append(f"{joined} joined with other members, or got another id: nothing to send for them")
    if one.waiting.get("recipe"):
        notes.append(
            f"{amount(one.waiting['recipe'], 'waits', 'wait')} for a later day: a new recipe is spread over days"
        )
    if one.waiting.get("quarantine"):
        notes.append(
            f"{amount(one.waiting['quarantine'], 'is', 'are')} in quarantine: the platform refuses their identifiers"
        )
    return notes


def _reported(
    context: Context, one: Draft, waiting: int, siblings: Sequence[str], left_out: Sequence[str]
) -> GuardReport:
    verdict, holds = one.verdict, {str(finding.kind): finding.changes for finding in one.verdict.findings}
    if waiting == 0 or "add" in verdict.held:
        return GuardReport(verdict.name, verdict.held, verdict.reasons, [*holds], holds=holds)
    ids = {"plan_id": context.plan_id, "list_id": one.key.list_id, "lists": [*siblings]}
    others = [row[0] for row in context.connection.execute(statements("record")["waits_for"], ids).fetchall()]
    people = amount(waiting, "person waits", "people wait")
    why = [f"a guard holds their removal from {' and '.join(others)}"] if others else []
    why += [f"they are still on {' and '.join(left_out)}, which this plan leaves out"] if left_out else []
    reasons = [*verdict.reasons, f"{people} here: {', or '.join(why)}"]
    return GuardReport("held", {**verdict.held, "add": waiting}, reasons, [*holds], others, [*left_out], holds)


def _store(context: Context, one: Draft, entry: ListPlan, definition: str) -> None:
    values = {
        "plan_id": context.plan_id,
        "list_id": entry.list,
        "build_id": context.build.build_id,
        "as_of": context.build.as_of,
        "now": context.now,
        "list_version": one.version,
        "definition_hash": definition,
        "changes_digest": one.digest,
        "hash": entry.hash,
        "held": list(entry.guard.held),
        "permits": list(one.verdict.used_permits),
        "entry": json.dumps(asdict(entry)),
        "purpose": context.purpose,
        "name": one.wanted.name,
        "recipe": one.job.recipe,
        "keep_days": one.job.keep_days,
        "confirms_removals": "remove" in one.wanted.kind.confirms,
        "coverage": one.facts.coverage,
        "split_values": one.wanted.split_values,
    }
    context.connection.execute(statements("plan")["store"], values)
