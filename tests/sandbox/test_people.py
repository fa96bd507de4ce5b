"""The sandbox keeps people behind the identifiers: whoever shares an identifier is one, and goes as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiences.sandbox.store import Store, StoredList


@pytest.fixture
def store():
    store = Store()
    for number in (1, 2):
        with store.transaction():
            store.create(StoredList(number, "meta", "act_1", "Lapsed", "", 0.0, 0.0, {}))
    yield store
    store.close()


def rows(*identifiers):
    return [(row, ",".join(row)) for row in identifiers]


def test_the_email_and_the_phone_of_a_row_are_one_person(store):
    with store.transaction():
        store.people.add(1, rows(("ann@", "555-ann")))
    assert store.people.on(1) == [["555-ann", "ann@"]]


@pytest.mark.parametrize("identifier", ["ann@", "ann-work@", "555-ann"])
def test_removing_any_identifier_removes_the_person(store, identifier):
    with store.transaction():
        store.people.add(1, rows(("ann@", "555-ann"), ("ann-work@", "555-ann"), ("bob@",)))
        store.people.remove(1, rows((identifier,)))
    assert store.people.on(1) == [["bob@"]]


def test_an_identifier_known_from_another_list_removes_the_person_too(store):
    with store.transaction():
        store.people.add(1, rows(("ann@", "555-ann")))
        store.people.add(2, rows(("ann@",), ("bob@",)))
        store.people.remove(2, rows(("555-ann",)))
    assert store.people.on(2) == [["bob@"]]
    assert store.people.count(1) == 1


def test_two_people_who_turn_out_to_be_one_are_one_on_every_list(store):
    with store.transaction():
        store.people.add(1, rows(("ann@",), ("555-ann",)))
        store.people.add(2, rows(("ann@",), ("555-ann",)))
    assert (store.people.count(1), store.people.count(2)) == (2, 2)
    with store.transaction():
        store.people.add(1, rows(("ann@", "555-ann")))
    assert (store.people.count(1), store.people.count(2)) == (1, 1)


def test_a_couple_who_share_a_phone_go_together(store):
    with store.transaction():
        store.people.add(1, rows(("ann@", "555-home"), ("ben@", "555-home")))
        store.people.remove(1, rows(("ben@",)))
    assert store.people.count(1) == 0


def test_adding_twice_equals_adding_once(store):
    with store.transaction():
        store.people.add(1, rows(("ann@", "555-ann")))
        store.people.add(1, rows(("ann@", "555-ann")))
    assert store.people.count(1) == 1
    assert store.people.rows_on(1) == ["ann@,555-ann"]


def test_removing_a_stranger_teaches_nothing(store):
    with store.transaction():
        store.people.remove(1, rows(("ann@", "555-home")))
        store.people.add(1, rows(("ann@",), ("555-home",)))
    assert store.people.count(1) == 2


def test_a_row_without_identifiers_is_nobody(store):
    with store.transaction():
        store.people.add(1, rows(()))
    assert store.people.count(1) == 0


def test_a_registered_person_is_reached_by_identifiers_never_sent_together(store):
    with store.transaction():
        store.people.register([["ann@", "ann-old@", "555-ann"]])
        store.people.add(1, rows(("ann@",)))
        store.people.remove(1, rows(("ann-old@",)))
    assert store.people.count(1) == 0


def test_who_is_registered_later_is_reached_on_the_lists_of_before(store):
    with store.transaction():
        store.people.add(1, rows(("ann@",), ("ann-old@",), ("ben@",)))
        store.people.register([["ann@", "ann-old@"]])
        store.people.register([["ann@", "ann-old@"]])
    assert store.people.count(1) == 2
    with store.transaction():
        store.people.remove(1, rows(("ann-old@",)))
    assert store.people.on(1) == [["ben@"]]


def test_registered_people_stay_two_although_a_row_mixes_them(store):
    with store.transaction():
        store.people.register([["ann@"], ["ben@"]])
        store.people.add(1, rows(("ann@", "ben@")))
    assert store.people.count(1) == 2
    with store.transaction():
        store.people.remove(1, rows(("ann@",)))
    assert store.people.count(1) == 1


def test_an_unknown_identifier_beside_a_registered_one_is_that_persons(store):
    with store.transaction():
        store.people.register([["ann@"]])
        store.people.add(1, rows(("ann@", "555-ann")))
        store.people.remove(1, rows(("555-ann",)))
    assert store.people.count(1) == 0


def test_a_request_that_fails_leaves_nothing(store):
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.people.add(1, rows(("ann@",)))
        raise ZeroDivisionError
    assert store.people.count(1) == 0
    assert store.people.find(["ann@"]) == {}


def components(batches):
    """The people by plain Python: sets of identifiers that rows connect."""
    people = []
    for row in (row for batch in batches for row in batch):
        touched = [person for person in people if person & set(row)]
        people = [person for person in people if not person & set(row)] + [set(row).union(*touched)]
    return sorted(sorted(person) for person in people)


identifier = st.sampled_from([f"{kind}{number}" for kind in "ep" for number in range(8)])
batches = st.lists(
    st.lists(st.lists(identifier, min_size=1, max_size=2, unique=True).map(tuple), max_size=6), max_size=5
)


@given(batches)
def test_people_are_the_connected_components_of_all_rows(batches):
    store = Store()
    with store.transaction():
        store.create(StoredList(1, "meta", "act_1", "Lapsed", "", 0.0, 0.0, {}))
        for batch in batches:
            store.people.add(1, rows(*batch))
    held = store.people.on(1)
    store.close()
    assert held == components(batches)


@given(batches, identifier)
def test_removing_one_identifier_takes_exactly_its_component(batches, removed):
    store = Store()
    with store.transaction():
        store.create(StoredList(1, "meta", "act_1", "Lapsed", "", 0.0, 0.0, {}))
        for batch in batches:
            store.people.add(1, rows(*batch))
        store.people.remove(1, rows((removed,)))
    held = store.people.on(1)
    store.close()
    assert held == [person for person in components(batches) if removed not in person]
