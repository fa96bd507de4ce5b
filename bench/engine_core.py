"""What the bench knows of the engine's inside: the only module of it to change when the engine's own steps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from audiences.attached_build import Moment, attach_build
from audiences.candidates import select_audience
from audiences.checking import checked_catalog
from audiences.domain import ListKey
from audiences.ledger import open_ledger
from audiences.members import place_members, prepare_platform
from audiences.platforms.registry import kind_of
from audiences.settings import Settings
from audiences.sql import statements
from audiences.sync.apply import apply_plan
from audiences.sync.drafting import recipe_of
from audiences.sync.job import A_DAY
from audiences.sync.plan import make_plan

AUDIENCE, PLATFORM, ACCOUNT = "lapsed_buyers", "meta", "main"


@dataclass(frozen=True)
class Planned:
    """A plan of the one list, in people and requests."""

    plan_id: str
    adds: int
    updates: int
    removes: int
    requests: int
    is_held: bool


@dataclass(frozen=True)
class Applied:
    """What became of it, in upload rows."""

    state: str
    external_id: str | None
    sent: int
    received: int
    message: str


def plan(settings: Settings, now: datetime) -> Planned:
    """Make a plan of everything."""
    made = make_plan(settings, now=now)
    (one,) = made.lists
    return Planned(made.plan_id, one.adds, one.updates, one.removes, one.requests, bool(one.guard.held))


def apply(settings: Settings, plan_id: str, now: datetime) -> Applied:
    """Carry it out."""
    (done,) = apply_plan(settings, plan_id, clock=lambda: now).lists
    return Applied(done.state, done.external_id, done.sent, done.received, done.message)


def members(settings: Settings, build: Path, as_of: datetime) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open what is needed and stop; make the members and stop, with the connection; close."""
    catalog, schema = checked_catalog(settings)
    audience, kind = catalog.audience(AUDIENCE), kind_of(PLATFORM)
    with open_ledger(settings) as ledger:
        attach_build(ledger.connection, build, ledger.key)
        yield ledger.connection
        select_audience(ledger.connection, audience, catalog, schema, Moment(as_of, settings.shop.timezone))
        prepare_platform(ledger.connection, kind.fields, kind.purposes)
        place_members(ledger.connection, audience)
        yield ledger.connection


@contextmanager
def beside(settings: Settings, build: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for SQL by hand: the build attached, `member_key` and `fingerprint` as the engine's."""
    with open_ledger(settings) as ledger:
        attach_build(ledger.connection, build, ledger.key)
        yield ledger.connection


def differ(connection: duckdb.DuckDBPyConnection, now: datetime) -> Callable[[], None]:
    """The plan's comparison of `placed` with the memberships, without what it then does with the changes."""
    sql, kind = statements("changes")["changes"], kind_of(PLATFORM)
    parameters = {
        "list_id": ListKey(AUDIENCE, PLATFORM, ACCOUNT, None).list_id,
        "split": None,
        "recipe": recipe_of(connection, kind),
        "now": now,
        "is_rebuilt": False,
        "renew_within": A_DAY.total_seconds(),
        "renew_spread": A_DAY.total_seconds(),
    }
    return lambda: connection.execute(sql, parameters) and None


def digest_of(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, str]:
    """Rows and a sum over keys and fingerprints of `placed` or of a table by hand: equal for equal members."""
    condition = "is_wanted" if table == "placed" else "true"
    query = (
        f"select count(*), sum(hash(member_key::varchar, fingerprint::varchar)::hugeint) from {table} where {condition}"
    )
    count, total = connection.execute(query).fetchall()[0]
    return int(count), str(total)
