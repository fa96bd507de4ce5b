"""Whatever happened before: after a sync the people on every list are the wanted ones, and the ledger knows it."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import engine_people
from engine_shop import Shop
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from audiences.ledger import open_ledger

FIRST = dt.date(2026, 11, 1)
NAMES = [f"p{number}" for number in range(7)]
EMAILS, PHONES = ["a", "b", "c", "d", "e"], ["1", "2", "3", "4"]  # few, so that many people share one
CATEGORIES = ["Strings", "Amps"]

person = st.fixed_dictionaries(
    {
        "emails": st.lists(st.sampled_from(EMAILS), max_size=2, unique=True),
        "phones": st.lists(st.sampled_from(PHONES), max_size=2, unique=True),
        "consent": st.sampled_from(["granted"] * 5 + ["denied", "unknown"]),
        "category": st.sampled_from([*CATEGORIES, None]),
    }
)
trouble = {"lost": st.none() | st.integers(1, 5), "refused": st.none() | st.integers(1, 5)}
first_day = st.fixed_dictionaries({"people": st.fixed_dictionaries(dict.fromkeys(NAMES, person)), **trouble})
next_day = st.fixed_dictionaries(
    {"people": st.dictionaries(st.sampled_from(NAMES), person | st.none(), min_size=1, max_size=2), **trouble}
)


def opened_shop(folder, account):
    """A shop on the test's platform, with requests of a few rows and no guards in the way."""
    shop = Shop(folder, "", None)
    shelf = engine_people.SHELVES[account] = engine_people.Shelf()
    shop.configure(
        platforms={"people": {"accounts": {"main": {"id": account, "rows_per_request": 4}}}},
        guards={"from_members": 1_000_000, "max_build_age": "off"},
    )
    return shop, shelf


def present(people):
    return [(name, one) for name, one in people.items() if one is not None]


def a_day_passes(shop, number, people):
    shop.persons.clear()
    shop.segments["lapsed"].clear()
    for name, one in present(people):
        shop.person(name, emails=one["emails"], phones=one["phones"], consent=one["consent"])
        shop.lapsed(name, category=one["category"])
    shop.publish(FIRST + dt.timedelta(days=number))


def wanted(shop, people, splits):
    """By list, the rows of those who should be on it."""
    found = {}
    refused = {shop.hashed(one) for _, who in present(people) if who["consent"] == "denied"
               for one in (*who["emails"], *who["phones"])}  # fmt: skip
    for name, one in present(people):
        cells = [[(row["email_plain"], row["phone_digits"]), row["meta_first_name"]]
                 for row in shop.identifiers(name)]  # fmt: skip
        left = [[*("" if one in refused else one or "" for one in pair), name] for pair, name in cells]
        rows = {",".join(row) for row in left if row[0] or row[1]}
        if one["consent"] == "granted" and rows:
            split = f"/{one['category'] or 'other'}" if splits else ""
            found.setdefault(f"lapsed@people:main{split}", set()).update(rows)
    return found


def contacts(rows):
    """Every identifier by which somebody is on a list; its beginning is enough to tell it apart."""
    return {value[:6] for row in rows for value in engine_people.identifying(row)}


def on_ledger(shop):
    found = {}
    for list_id, rows in shop.rows(
        "select list_id, identifiers from sync.memberships where level <> 'sent' and leaving_at is null"
    ):
        found.setdefault(list_id, set()).update(rows)
    return found


any_history = given(first=first_day, later=st.lists(next_day, min_size=1, max_size=2))
some = {
    "deadline": None,
    "phases": [Phase.explicit, Phase.generate],
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
}


@settings(max_examples=28, **some)
@any_history
def test_after_any_history_the_people_on_the_list_are_the_wanted_ones(people_platform, first, later):
    people_are_right([first, *later], splits=False)


@settings(max_examples=10, **some)
@any_history
def test_after_any_history_the_people_on_the_lists_of_a_split_are_the_wanted_ones(people_platform, first, later):
    people_are_right([first, *later], splits=True)


def people_are_right(days, *, splits):
    """One sync a day, some answers lost; then one more without faults, after which everything must be right."""
    with tempfile.TemporaryDirectory() as folder:
        shop, shelf = opened_shop(Path(folder), folder)
        split_by = {"column": "category", "min_members": 1} if splits else None
        shop.audience("lapsed", platforms={"people": {"account": "main"}}, split_by=split_by)
        with open_ledger(shop.settings):
            people = {}
            for number, one in enumerate(days):
                people |= one["people"]
                a_day_passes(shop, number, people)
                shelf.misbehave(lost=one["lost"], refused=one["refused"])
                shop.sync()
            shelf.misbehave()
            assert shop.sync() == 0
            held = {list_id: contacts(rows) for list_id, rows in shelf.lists.items() if rows}
            expected = wanted(shop, people, splits)
            assert held == {list_id: contacts(rows) for list_id, rows in expected.items()}, "other people are held"
            assert on_ledger(shop) == expected, "the ledger does not know what is held"
            assert all(item.changes == 0 for item in shop.plan().lists)


def test_every_request_stands_in_the_ledger_as_open_before_it_is_made(people_platform, tmp_path):
    shop, shelf = opened_shop(tmp_path, str(tmp_path))
    shop.audience("lapsed", platforms={"people": {"account": "main"}})
    shop.crowd(10)
    shop.publish(FIRST)
    seen = []
    shelf.before_request = lambda: seen.append(shop.value("select count(*) from sync.batches where state = 'open'"))
    assert shop.sync() == 0
    assert seen == [1] * shelf.requests
    assert shop.rows("select distinct state, is_folded from sync.batches") == [("accepted", True)]
