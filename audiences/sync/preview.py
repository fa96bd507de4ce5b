"""A look at audiences before anything is planned: sizes, what falls out at each step and why, a masked sample."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb
from sqlglot import exp

from audiences.attached_build import BUILD, Moment
from audiences.candidates import needed_for, select_audience
from audiences.catalog import Audience
from audiences.checking import checked_catalog
from audiences.domain import ListKey
from audiences.ledger import open_ledger
from audiences.ledger.connection import now_utc
from audiences.members import counts_by_reason, place_members, prepare_platform
from audiences.settings import Settings
from audiences.sql import render, statements
from audiences.sync.chosen_build import BuildRef, attach_chosen, find_build
from audiences.sync.kinds import kind_in
from audiences.sync.plan import chosen_audiences
from audiences.sync.renames import as_named

SAMPLE_ROWS = 5
LEDGER_WAIT = 10.0  # seconds


@dataclass(frozen=True)
class AccountPreview:
    """One audience on one platform account. `dropped` plus `members` are the customers of the segment."""

    platform: str
    account: str
    members: int
    dropped: dict[str, int]
    lists: dict[str, int]  # list -> members


@dataclass(frozen=True)
class AudiencePreview:
    """One audience at a build's as_of; `sample` are rows of the segment with the customer's id cut short."""

    audience: str
    label: str
    segment: str
    as_of: datetime
    segment_rows: int
    segment_customers: int
    accounts: tuple[AccountPreview, ...]
    sample: tuple[dict[str, str], ...]


def preview(
    settings: Settings, names: tuple[str, ...] = (), *, as_of: str | None = None, samples: int = SAMPLE_ROWS
) -> list[AudiencePreview]:
    """Preview the named audiences, or all that are not paused.

    Raises:
        ConfigError: a definition is wrong or unknown.
        DataError: there is no finished build.
        Busy: another process holds the ledger.
    """
    catalog, schema = checked_catalog(settings)
    chosen = chosen_audiences(catalog, names)
    with open_ledger(settings, wait=LEDGER_WAIT) as ledger:
        build = find_build(ledger, settings, as_of, now_utc())
        attach_chosen(ledger, settings, build)
        moment = Moment(build.as_of, settings.shop.timezone)
        with as_named(ledger, catalog.audiences.values()):
            for audience in needed_for([one.name for one in chosen], catalog):
                select_audience(ledger.connection, audience, catalog, schema, moment)
            found = [_previewed(settings, ledger.connection, audience, build, samples) for audience in chosen]
        ledger.connection.execute(f"detach {BUILD}")
    return found


def _previewed(
    settings: Settings, connection: duckdb.DuckDBPyConnection, audience: Audience, build: BuildRef, samples: int
) -> AudiencePreview:
    segment = exp.table_(f"seg_{audience.segment}", db="segments", catalog=BUILD)
    counted = exp.select("count(*)", "count(distinct customer_id)").from_(segment)
    rows, customers = connection.execute(render(counted)).fetchone() or (0, 0)
    accounts = tuple(
        _placed(settings, connection, audience, name, build.build_id) for name in sorted(audience.platforms)
    )
    return AudiencePreview(
        audience.name, audience.label, audience.segment, build.as_of, rows, customers, accounts,
        tuple(_sample(connection, segment, samples)),
    )  # fmt: skip


def _placed(
    settings: Settings, connection: duckdb.DuckDBPyConnection, audience: Audience, platform: str, build_id: str
) -> AccountPreview:
    account = audience.platforms[platform].account
    kind = kind_in(settings, platform, account)
    prepare_platform(connection, kind.fields, kind.purposes)
    place_members(connection, audience, ListKey(audience.name, platform, account).list_id, build_id)
    members, dropped = counts_by_reason(connection)
    sizes = connection.execute(statements("members")["sizes"]).fetchall()
    lists = {ListKey(audience.name, platform, account, split).list_id: int(count) for split, count in sizes}
    return AccountPreview(platform, account, members, dropped, {str(key): count for key, count in lists.items()})


def _sample(connection: duckdb.DuckDBPyConnection, segment: exp.Table, samples: int) -> list[dict[str, str]]:
    """A few members: the customer's id cut to six signs, the reason and when they qualified."""
    members = exp.select("customer_id").from_("placed").where("out_reason is null")
    query = (
        exp.select("left(customer_id, 6) || '…' as customer", "reason", "qualified_at::date::varchar as qualified")
        .from_(segment)
        .where(exp.column("customer_id").isin(query=members))
        .order_by("customer_id", "reason")
        .limit(samples)
    )
    result = connection.execute(render(query))
    columns = [column[0] for column in result.description or []]
    return [dict(zip(columns, map(str, row), strict=True)) for row in result.fetchall()]
