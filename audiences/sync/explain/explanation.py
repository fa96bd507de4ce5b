"""Why one customer is, or is not, in each audience and on each list; by the same steps that a plan takes.

Published builds are read only, and what is worked out in the ledger's file is taken back at the end: nothing of a
question stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import duckdb

from audiences.builds import published_file
from audiences.checking import checked_catalog
from audiences.ledger import Ledger, open_ledger
from audiences.ledger.connection import now_utc
from audiences.ledger.folding import fold
from audiences.settings import Settings
from audiences.sql import statements
from audiences.sync.chosen_build import attach_chosen, find_build
from audiences.sync.explain.audiences import Person, audience_story
from audiences.sync.explain.lists import lists_of
from audiences.sync.explain.person import (
    entries_of,
    erasures_of,
    find_customers,
    gate_of,
    identifiers_of,
    references_of,
    segments_of,
)
from audiences.sync.explain.placements import Reading, place, split_audiences
from audiences.sync.explain.small_build import customers_around, cut_down, detach
from audiences.sync.explain.story import CustomerStory, Explanation
from audiences.sync.renames import name_lists

LEDGER_WAIT = 10.0  # seconds
SHORT = 12  # signs of a customer's id


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
        attach_chosen(ledger, settings, build)
        try:
            with _taken_back(ledger) as connection:
                fold(connection)
                name_lists(connection, catalog.audiences.values())
                customers = find_customers(connection, typed, country, settings.shop.country)
                around = customers_around(connection, customers)
                reading = Reading(connection, settings, catalog, schema, build, customers, {}, {})
                among_all = place(reading, split_audiences(reading))
            cut_down(connection, file, around)
            with _taken_back(ledger):
                fold(connection)
                name_lists(connection, catalog.audiences.values())
                reading.placements.update(place(reading, catalog.ordered()) | among_all)
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


def _customer(reading: Reading, customer_id: str, typed: str) -> CustomerStory:
    connection = reading.connection
    connection.execute(statements("explain")["keys"], {"customer_id": customer_id})
    references, count = references_of(connection, customer_id, typed, reading.settings.shop.country)
    history = {
        audience: (entered, None if is_in else left)
        for audience, entered, left, is_in in connection.execute(statements("explain")["history"]).fetchall()
    }
    erasures = tuple(erasures_of(connection, customer_id))
    person = Person(
        customer_id,
        segments_of(connection, customer_id),
        gate_of(connection, customer_id),
        history,
        lists_of(connection),
        is_forgotten=bool(erasures),
    )
    others = [entry for name, lists in person.lists.items() for entry in lists if name not in reading.catalog.audiences]
    return CustomerStory(
        customer=customer_id[:SHORT],
        references=tuple(references),
        reference_count=count,
        segments=tuple(person.segments),
        gate=tuple(person.gate),
        identifiers=identifiers_of(connection, customer_id),
        erasures=erasures,
        experiments=tuple(entries_of(connection)),
        audiences=tuple(audience_story(reading, person, audience) for audience in reading.catalog.ordered()),
        other_lists=tuple(others),
    )
