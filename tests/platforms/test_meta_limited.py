"""Limited data use: Meta is told of whom of some states it is to use less, row by row."""

from __future__ import annotations

import hashlib

import pytest

from audiences.domain import HashRow
from audiences.errors import ConfigError
from audiences.platforms.base import Batch
from audiences.platforms.meta import KIND
from audiences.platforms.meta_account import read_account
from audiences.platforms.registry import kind_for

CALIFORNIA = {"CA": 1000}


@pytest.fixture
def row_in(row_of):
    """The row of somebody from a state of a country, hashed as Meta asks."""

    def make(state, country, email="ann@example.com"):
        cells = row_of(email, "15551234567", "ann", "lee", "somewhere", "", "12345").split(",")
        for place, text in ((5, state), (7, country)):
            cells[place] = hashlib.sha256(text.encode()).hexdigest() if text else ""
        return HashRow(",".join(cells))

    return make


@pytest.fixture
def limited(open_meta):
    return open_meta(limited_data_use=CALIFORNIA)


@pytest.fixture
def external_id(limited, remote):
    return limited.ensure(remote())


@pytest.fixture
def options_of(limited, external_id, sandbox, batch, row_in):
    """What Meta is told of somebody from there."""

    def add(state, country):
        limited.add(external_id, batch(row_in(state, country)))
        held = sandbox.inspect("meta").list(external_id)
        assert held["schema"][8:] == [
            "DATA_PROCESSING_OPTIONS",
            "DATA_PROCESSING_OPTIONS_COUNTRY",
            "DATA_PROCESSING_OPTIONS_STATE",
        ]
        return held["rows"][0].split(",")[8:]

    return add


@pytest.mark.parametrize("country", ["us", ""], ids=["of the US", "of a country that is not known"])
def test_data_of_people_of_the_state_is_used_less(options_of, country):
    assert options_of("ca", country) == ["['LDU']", "1", "1000"]


@pytest.mark.parametrize(
    ("state", "country"),
    [("ny", "us"), ("", "us"), ("", ""), ("ca", "it")],
    ids=["another", "none", "nowhere", "Cagliari"],
)
def test_that_of_others_is_not(options_of, state, country):
    assert options_of(state, country) == ["[]", "0", "0"]


def test_people_are_removed_without_it(limited, external_id, batch, row_of, people_on):
    limited.add(external_id, batch(row_of("ann@example.com"), row_of("bob@example.com")))
    limited.remove(external_id, batch(row_of("ann@example.com")))
    assert people_on(external_id) == 1


def test_a_full_request_is_no_larger_than_the_plan_says(limited, external_id, row_in, sandbox, account_id):
    rows = [row_in("ca", "us", f"person{number}@example.com") for number in range(1_000)]
    sandbox.control(reset_requests=True)
    assert limited.add(external_id, Batch(rows, 1)).received == 1_000
    (request,) = sandbox.inspect("meta").requests()["newest"]
    kind = kind_for("meta", {"id": account_id, "limited_data_use": CALIFORNIA})
    assert KIND.bytes_for(1_000) < request["body_length"] <= kind.bytes_for(1_000) == limited.bytes_for(1_000)
    assert kind.fields == KIND.fields


@pytest.mark.parametrize("wrong", [{"California": 1000}, {"CA": 0}, {"CA": "x"}, ["CA"]])
def test_states_are_two_letters_with_a_number(wrong):
    with pytest.raises(ConfigError, match="limited_data_use"):
        read_account({"id": "act_1", "access_token": "t", "limited_data_use": wrong})
