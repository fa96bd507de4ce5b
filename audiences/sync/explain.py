"""Why one customer is, or is not, in each audience and on each list; by the same steps that a plan takes.

Published builds are read only, and what is worked out in the ledger's file is taken back at the end: nothing of a
question stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
from sqlglot import exp

from audiences.as_of import shop_day
from audiences.builds import published_file
from audiences.catalog import Audience, Catalog, Schema
from audiences.checking import checked_catalog
from audiences.domain import ListKey
from audiences.ledger import Ledger, open_ledger
from audiences.ledger.connection import now_utc
from audiences.ledger.folding import fold
from audiences.members import (
    BUILD,
    Moment,
    attach_build,
    is_active,
    needed_for,
    place_members,
    prepare_platform,
    select_audience,
)
from audiences.platforms.registry import kind_of
from audiences.settings import Settings
from audiences.sql import render, statements
from audiences.sync.around import customers_around, cut_down, detach
from audiences.sync.checks import check_filters
from audiences.sync.chosen_build import BuildRef, find_build
from audiences.sync.person import (
    entries_of,
    erasures_of,
    find_customers,
    gate_of,
    identifiers_of,
    references_of,
    segments_of,
)
from audiences.sync.story import (
    AudienceStory,
    CustomerStory,
    ExcludedBy,
    Explanation,
    GateAnswer,
    ListEntry,
    Placement,
    Rival,
    SegmentRow,
    Stay,
)
from audiences.sync.verdict import in_sentence, out_sentence, placed_reason, why_out

LEDGER_WAIT = 10.0  # seconds
SHORT = 12  # signs of a customer's id
Reasons = dict[tuple[str, str], str | None]  # customer, audience -> why out; a customer outside the segment has none
Placements = dict[tuple[str, str], list[Placement]]


@dataclass(frozen=True)
class _Reading:
    """What telling of a customer needs to know."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    catalog: Catalog
    schema: Schema
    build: BuildRef
    customers: list[str]
    reasons: Reasons
    placements: Placements

    @property
    def moment(self) -> Moment:
        return Moment(self.build.as_of, self.settings.shop.timezone)


@dataclass(frozen=True)
class _Person:
    """What is known of the customer before any audience is looked at."""

    customer_id: str
    segments: list[SegmentRow]
    gate: list[GateAnswer]
    history: dict[str, tuple[datetime | None, datetime | None]]  # audience -> entered, left
    lists: dict[str, list[ListEntry]]  # audience -> lists


def explain(
    settings: Settings, typed: str, *, country: str | None = None, as_of: str | None = None, now: datetime | None = None
) -> Explanation:
    """Explain whoever an id, a shop's reference, an e-mail or a phone belongs to.

    Args:
        settings: the shop.
        typed: as somebody typed it; it is neither kept nor repeated.
        country: of a phone that was typed without plus (ISO 3166 alpha-2); the shop's comes second.
        as_of: the build to look at, by its date or timestamp; default is the newest.
        now: the clock, naive UTC.

    Raises:
        ConfigError: a definition is wrong.
        DataError: there is no finished build, or nobody is known by that.
        Busy: another process holds the ledger.
    """
    catalog, schema = checked_catalog(settings)
    with open_ledger(settings, wait=LEDGER_WAIT) as ledger:
        with _taken_back(ledger) as connection:
            build = find_build(ledger, settings, as_of, now or now_utc())
        file = published_file(settings, build.build_id)
        attach_build(ledger.connection, file, ledger.key)
        try:
            with _taken_back(ledger) as connection:
                fold(connection)
                customers = find_customers(connection, typed, country, settings.shop.country)
                around = customers_around(connection, customers)
                reading = _Reading(connection, settings, catalog, schema, build, customers, {}, {})
                among_all = _place(reading, _split_audiences(reading))
            cut_down(connection, file, around)
            with _taken_back(ledger):
                fold(connection)
                reading.placements.update(_place(reading, catalog.ordered()) | among_all)
                stories = tuple(_customer(reading, customer, typed) for customer in customers)
        finally:
            detach(ledger.connection)
    return Explanation(build.build_id, build.as_of, stories)


@contextmanager
def _taken_back(ledger: Ledger) -> Iterator[duckdb.DuckDBPyConnection]:
    """A transaction that leaves nothing behind."""
    ledger.connection.begin()
    try:
        yield ledger.connection
    finally:
        ledger.connection.rollback()


def _split_audiences(reading: _Reading) -> list[Audience]:
    """The split audiences whose segment has one of the customers: which values get a list depends on everybody."""
    found = []
    for audience in reading.catalog.ordered():
        segment = exp.table_(f"seg_{audience.segment}", db="segments", catalog=BUILD)
        one_of = exp.In(this=exp.column("customer_id"), expressions=list(map(exp.Literal.string, reading.customers)))
        rows = exp.select("1").from_(segment).where(one_of).limit(1)
        if audience.split_by is not None and reading.connection.execute(render(rows)).fetchone():
            found.append(audience)
    return found


def _place(reading: _Reading, audiences: Sequence[Audience]) -> Placements:
    """Take the steps of a plan for these audiences, and keep what they say of the customers."""
    connection, catalog = reading.connection, reading.catalog
    connection.execute(statements("members")["create_funnel"])
    for audience in needed_for([one.name for one in audiences], catalog):
        select_audience(connection, audience, catalog, reading.schema, reading.moment)
    rows = connection.execute(statements("explain")["funnel"], {"customers": reading.customers}).fetchall()
    reading.reasons.update({(row[0], row[1]): row[2] for row in rows})
    placements: Placements = defaultdict(list)
    for platform in sorted({name for audience in audiences for name in audience.platforms}):
        kind = kind_of(platform)
        prepare_platform(connection, kind.fields, kind.purposes)
        for audience in audiences:
            if platform in audience.platforms:
                family = ListKey(audience.name, platform, audience.platforms[platform].account).list_id
                place_members(connection, audience, family, reading.build.build_id)
                for customer, placement in _placements(connection, audience, platform, reading.customers):
                    placements[customer, audience.name].append(placement)
    return placements


def _placements(
    connection: duckdb.DuckDBPyConnection, audience: Audience, platform: str, customers: list[str]
) -> Iterator[tuple[str, Placement]]:
    account = audience.platforms[platform].account
    rows = connection.execute(statements("explain")["placed"], {"customers": customers}).fetchall()
    for customer, out_reason, arm, split, is_wanted in rows:
        key = ListKey(audience.name, platform, account, split)
        yield customer, Placement(platform, account, out_reason, arm, str(key.list_id) if is_wanted else None)


# One customer ---------------------------------------------------------------------------------------------------------


def _customer(reading: _Reading, customer_id: str, typed: str) -> CustomerStory:
    connection = reading.connection
    connection.execute(statements("explain")["keys"], {"customer_id": customer_id})
    references, count = references_of(connection, customer_id, typed, reading.settings.shop.country)
    history = {
        audience: (entered, None if is_in else left)
        for audience, entered, left, is_in in connection.execute(statements("explain")["history"]).fetchall()
    }
    person = _Person(
        customer_id, segments_of(connection, customer_id), gate_of(connection, customer_id), history, _lists(connection)
    )
    others = [entry for name, lists in person.lists.items() for entry in lists if name not in reading.catalog.audiences]
    return CustomerStory(
        customer=customer_id[:SHORT],
        references=tuple(references),
        reference_count=count,
        segments=tuple(person.segments),
        gate=tuple(person.gate),
        identifiers=identifiers_of(connection, customer_id),
        erasures=tuple(erasures_of(connection, customer_id)),
        experiments=tuple(entries_of(connection)),
        audiences=tuple(_audience(reading, person, audience) for audience in reading.catalog.ordered()),
        other_lists=tuple(others),
    )


def _lists(connection: duckdb.DuckDBPyConnection) -> dict[str, list[ListEntry]]:
    """What the ledger has of the customer, list by list, under the audience's name."""
    named = statements("explain")
    found: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for row in _dicts(connection, named["memberships"]):
        found[row["audience"], row["list_id"]] |= {
            "level": row["level"], "cause": row["cause"], "sent_at": row["sent_at"],
            "accepted_at": row["accepted_at"], "confirmed_at": row["confirmed_at"], "expires_at": row["expires_at"],
            "leaving_at": row["leaving_at"], "is_being_erased": row["erasure_id"] is not None,
        }  # fmt: skip
    for row in _dicts(connection, named["waiting"]):
        found[row["audience"], row["list_id"]] |= {
            "waiting": row["operation"], "is_held": row["is_held"], "waiting_since": row["created_at"],
            "held_reasons": tuple(row["reasons"]) if row["is_held"] else (),
        }  # fmt: skip
    for row in _dicts(connection, named["quarantined"]):
        found[row["audience"], row["list_id"]] |= {
            "quarantined": row["reason"], "quarantined_at": row["quarantined_at"],
        }  # fmt: skip
    lists: dict[str, list[ListEntry]] = defaultdict(list)
    for (audience, list_id), values in sorted(found.items()):
        lists[audience].append(ListEntry(list_id, **values))
    return lists


def _dicts(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    result = connection.execute(sql)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


# One audience ---------------------------------------------------------------------------------------------------------


def _audience(reading: _Reading, person: _Person, audience: Audience) -> AudienceStory:
    key = (person.customer_id, audience.name)
    placements = tuple(reading.placements.get(key, ()))
    lists = tuple(person.lists.get(audience.name, ()))
    rows = tuple(row for row in person.segments if row.segment == audience.segment)
    where = check_filters(reading.connection, audience, reading.schema, reading.moment, person.customer_id)
    stay, exclusions = _stay(reading, person, audience), _exclusions(reading, person, audience)
    reason = placed_reason(placements) if placements else reading.reasons.get(key)
    is_in = bool(rows) and reason is None and not audience.paused
    if is_in:
        verdict = in_sentence(audience.label, rows, lists)
    else:
        why = f"not in the segment {audience.segment}"
        if audience.paused:
            why = "the audience is paused"
        elif rows and reason is not None:
            why = why_out(
                reason, where=where, stay=stay, exclusions=exclusions, gate=person.gate, group=audience.exclusive_group
            )
        verdict = out_sentence(audience.label, why, lists)
    return AudienceStory(
        audience.name, audience.label, audience.role, audience.segment, verdict, is_in, audience.paused, rows, where,
        stay, exclusions, audience.exclusive_group, _rivals(reading, person, audience), placements, lists,
    )  # fmt: skip


def _stay(reading: _Reading, person: _Person, audience: Audience) -> Stay:
    entered, left = person.history.get(audience.name, (None, None))
    rest = audience.rest_days if audience.rest_days is not None else audience.max_days_in
    timezone, active = reading.moment.timezone, audience.active
    leaves = returns = None
    if entered is not None and left is None and audience.max_days_in is not None:
        leaves = shop_day(entered + timedelta(days=audience.max_days_in), timezone)
    if left is not None and rest is not None:
        returns = shop_day(left + timedelta(days=rest), timezone)
    return Stay(
        is_active(audience, reading.moment), active.from_ if active else None, active.to if active else None,
        audience.max_days_in, rest, entered, left, leaves, returns,
    )  # fmt: skip


def _exclusions(reading: _Reading, person: _Person, audience: Audience) -> tuple[ExcludedBy, ...]:
    found = []
    for excluded in audience.exclude:
        if excluded.kind == "segment":
            reasons = [row.reason for row in person.segments if row.segment == excluded.name]
            found.append(ExcludedBy(str(excluded), bool(reasons), "; ".join(reasons) or None))
        else:
            found.append(ExcludedBy(str(excluded), _is_chosen(reading, person, excluded.name), None))
    return tuple(found)


def _rivals(reading: _Reading, person: _Person, audience: Audience) -> tuple[Rival, ...]:
    """The audiences of the group in the order of their priority, and which of them has the customer."""
    if audience.exclusive_group is None:
        return ()
    group = [one for one in reading.catalog.audiences.values() if one.exclusive_group == audience.exclusive_group]
    rivals = []
    for one in sorted(group, key=lambda other: other.priority or 0):
        reason = reading.reasons.get((person.customer_id, one.name), "not in the segment")
        is_candidate = reason is None or reason.startswith("group ")
        rivals.append(Rival(one.name, one.priority or 0, one.paused, is_candidate, reason is None and not one.paused))
    return tuple(rivals)


def _is_chosen(reading: _Reading, person: _Person, name: str) -> bool:
    return reading.reasons.get((person.customer_id, name), "not in the segment") is None
