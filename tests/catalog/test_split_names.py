"""Values that a list may not be named by: the list of those held out has one of them, an empty one is no name."""

from __future__ import annotations

import duckdb
import pytest

from audiences.domain import ListKey
from audiences.splits import set_apart

PLACED = "create temp table placed (person varchar, split_value varchar, out_reason varchar)"


@pytest.fixture
def placed():
    """People by name, each with value and reason, as they are after the values were set apart."""

    def after(**people):
        with duckdb.connect() as connection:
            connection.execute(PLACED)
            connection.executemany(
                "insert into placed values (?, ?, ?)", [[name, *one] for name, one in people.items()]
            )
            set_apart(connection)
            return dict(connection.execute("select person, split_value from placed").fetchall())

    return after


def test_a_category_called_holdout_never_shares_the_list_of_those_held_out(placed):
    found = placed(ann=("holdout", None), bob=("holdout", "holdout"), eve=("Amps", None))

    assert found == {"ann": None, "bob": "holdout", "eve": "Amps"}


def test_an_empty_category_is_none(placed):
    assert placed(ann=("", None), bob=("  ", None), eve=(None, None)) == {"ann": None, "bob": None, "eve": None}


def test_other_values_stay_as_they_are_with_a_slash_too(placed):
    values = {"ann": "Amps/Tubes", "bob": "Holdout", "eve": " Strings"}

    assert placed(**{name: (value, None) for name, value in values.items()}) == values


def test_no_two_arms_and_values_make_the_same_list():
    values = [None, "a", "b", "a/b", "b/a", "x", "holdout"]
    splits = [arm if value is None else f"{arm}/{value}" for arm in ("a", "b") for value in values] + ["holdout"]
    lists = {ListKey("lapsed", "meta", "main", split).list_id for split in splits}

    assert len(lists) == len(splits) == 15
