"""Where the steps of a plan put the asked customers: why they fell out of an audience, or on which list they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from audiences.attached_build import BUILD, Moment
from audiences.candidates import needed_for, select_audience
from audiences.catalog import Audience, Catalog, Schema
from audiences.domain import ListKey
from audiences.experiments import has_experiment
from audiences.members import place_members, prepare_platform
from audiences.settings import Settings
from audiences.sql import render, statements
from audiences.sync.chosen_build import BuildRef
from audiences.sync.explain.story import Placement
from audiences.sync.kinds import by_rows

Reasons = dict[tuple[str, str], str | None]
"""Customer, audience -> why out; a customer outside the segment has none."""
Placements = dict[tuple[str, str], list[Placement]]


@dataclass(frozen=True)
class Reading:
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
        """The instant that the build speaks of."""
        return Moment(self.build.as_of, self.settings.shop.timezone)


def split_audiences(reading: Reading) -> list[Audience]:
    """The split audiences whose segment has one of the customers: which values get a list depends on everybody."""
    found = []
    for audience in reading.catalog.ordered():
        segment = exp.table_(f"seg_{audience.segment}", db="segments", catalog=BUILD)
        one_of = exp.In(this=exp.column("customer_id"), expressions=list(map(exp.Literal.string, reading.customers)))
        rows = exp.select("1").from_(segment).where(one_of).limit(1)
        if audience.split_by is not None and reading.connection.execute(render(rows)).fetchone():
            found.append(audience)
    return found


def place(reading: Reading, audiences: Sequence[Audience]) -> Placements:
    """Take the steps of a plan for these audiences, and keep what they say of the customers."""
    connection, catalog = reading.connection, reading.catalog
    connection.execute(statements("members")["create_funnel"])
    for audience in needed_for([one.name for one in audiences], catalog):
        select_audience(connection, audience, catalog, reading.schema, reading.moment)
    rows = connection.execute(statements("explain")["funnel"], {"customers": reading.customers}).fetchall()
    reading.reasons.update({(row[0], row[1]): row[2] for row in rows})
    placements: Placements = defaultdict(list)
    targets = {account for audience in audiences for account in audience.accounts}
    for kind, accounts in by_rows(reading.settings, targets):
        prepare_platform(connection, kind.fields, kind.purposes)
        for audience in audiences:
            for platform, account in accounts.intersection(audience.accounts):
                family = ListKey(audience.name, platform, account).list_id
                place_members(connection, audience, family, reading.build.build_id)
                for customer, placement in _placements(connection, audience, platform, reading.customers):
                    placements[customer, audience.name].append(placement)
    return placements


def _placements(
    connection: duckdb.DuckDBPyConnection, audience: Audience, platform: str, customers: list[str]
) -> Iterator[tuple[str, Placement]]:
    account, is_drawn = audience.platforms[platform].account, has_experiment(audience)
    rows = connection.execute(statements("explain")["placed"], {"customers": customers}).fetchall()
    for customer, out_reason, arm, split, is_wanted in rows:
        key = ListKey(audience.name, platform, account, split)
        drawn = arm if is_drawn else None  # without an experiment everybody is treated: that is no arm
        yield customer, Placement(platform, account, out_reason, drawn, str(key.list_id) if is_wanted else None)
