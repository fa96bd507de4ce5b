"""Members of a list at Meta: added and removed as people, within the limits, nothing raw, nothing in an address."""

from __future__ import annotations

import pytest

from audiences.domain import HashRow
from audiences.errors import RejectedRequest
from audiences.platforms.base import Batch


@pytest.fixture
def external_id(meta, remote):
    return meta.ensure(remote())


def test_people_on_the_list_are_those_that_were_sent(meta, external_id, batch, row_of, hashed, sandbox):
    outcome = meta.add(external_id, batch(row_of("ann@example.com", "15551234567"), row_of("bob@example.com")))
    held = sandbox.inspect("meta").list(external_id)["people"]
    expected = [sorted([hashed("ann@example.com"), hashed("15551234567")]), [hashed("bob@example.com")]]
    assert (outcome.received, outcome.invalid) == (2, 0)
    assert held == sorted(expected)


def test_every_field_arrives_in_its_place(meta, external_id, batch, row_of, sandbox):
    row = row_of("ann@example.com", "15551234567", "ann", "lee", "boston", "ma", "02139", "us")
    meta.add(external_id, batch(row))
    held = sandbox.inspect("meta").list(external_id)
    assert held["schema"] == ["EMAIL", "PHONE", "FN", "LN", "CT", "ST", "ZIP", "COUNTRY"]
    assert held["rows"] == [row]


def test_adding_twice_equals_adding_once(meta, external_id, batch, row_of, people_on):
    rows = [row_of("ann@example.com"), row_of("bob@example.com")]
    meta.add(external_id, batch(*rows))
    meta.add(external_id, batch(*rows))
    assert people_on(external_id) == 2


def test_removing_one_identifier_removes_the_person(meta, external_id, batch, row_of, people_on):
    meta.add(external_id, batch(row_of("ann@example.com", "15551234567"), row_of("bob@example.com")))
    meta.remove(external_id, batch(row_of("", "15551234567")))
    assert people_on(external_id) == 1


def test_removing_somebody_absent_is_no_error(meta, external_id, batch, row_of, people_on):
    meta.add(external_id, batch(row_of("ann@example.com")))
    outcome = meta.remove(external_id, batch(row_of("never@example.com")))
    assert outcome.received == 1
    assert people_on(external_id) == 1


def test_a_full_batch_stays_within_the_limits(meta, external_id, row_of, sandbox):
    parts = ("ann", "lee", "boston", "ma", "02139", "us")
    rows = [row_of(f"person{number}@example.com", f"1555{number}", *parts) for number in range(10_000)]
    sandbox.control(reset_requests=True)
    outcome = meta.add(external_id, Batch(rows, 1))
    (request,) = sandbox.inspect("meta").requests()["newest"]
    assert len(rows) == meta.limits.rows_per_request
    assert outcome.received == 10_000
    assert request["rows"] == 10_000
    assert meta.bytes_for(10_000) - 1_000 < request["body_length"] <= meta.bytes_for(10_000)
    assert request["body_length"] <= meta.limits.bytes_per_request


def test_a_removal_has_its_rows_in_the_body_not_in_the_address(meta, external_id, row_of, sandbox):
    rows = [row_of(f"person{number}@example.com") for number in range(2_000)]
    meta.add(external_id, Batch(rows, 1))
    sandbox.control(reset_requests=True)
    meta.remove(external_id, Batch(rows, 2))
    (request,) = sandbox.inspect("meta").requests()["newest"]
    assert (request["kind"], request["method"], request["rows"]) == ("remove", "POST", 2_000)
    assert request["url_length"] < 200


@pytest.mark.parametrize("samples_as_list", [True, False])
def test_a_row_that_meta_finds_wrong_is_counted_and_found(
    meta, external_id, batch, row_of, sandbox, people_on, samples_as_list
):
    sandbox.control(
        believe={"samples_as_list": samples_as_list}, faults=[{"do": "invalid_rows", "on": "add", "rows": [1]}]
    )
    outcome = meta.add(external_id, batch(*[row_of(f"{name}@example.com") for name in ("ann", "bob", "eve")]))
    assert (outcome.received, outcome.invalid, outcome.invalid_rows) == (3, 1, (1,))
    assert people_on(external_id) == 2


def test_batches_of_one_session_are_upload_sessions_of_their_own(meta, external_id, row_of, people_on):
    first = meta.add(external_id, Batch([row_of("ann@example.com")], 7))
    second = meta.add(external_id, Batch([row_of("bob@example.com")], 7))
    assert (first.received, second.received) == (1, 1)
    assert people_on(external_id) == 2


def test_an_upload_whose_answer_was_lost_is_sent_again_and_counts_once(
    meta, external_id, batch, row_of, sandbox, people_on
):
    sandbox.control(faults=[{"do": "cut_after", "on": "add"}])
    outcome = meta.add(external_id, batch(row_of("ann@example.com")))
    assert outcome.received == 1
    assert people_on(external_id) == 1


def test_an_empty_batch_makes_no_request(meta, external_id, sandbox):
    sandbox.control(reset_requests=True)
    assert meta.add(external_id, Batch([], 1)).received == 0
    assert sandbox.inspect("meta").requests()["total"] == 0


def wrong_rows():
    good = "0123456789abcdef" * 4
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    return {
        "raw e-mail": "ann@example.com,,,,,,,",
        "upper case": good.upper() + ",,,,,,,",
        "too short": good[:-1] + ",,,,,,,",
        "two hashes in one": good + good + ",,,,,,,",
        "seven values": good + ",,,,,,",
        "nine values": good + ",,,,,,,,",
        "hash of an empty text": nothing + ",,,,,,,",
        "quote": good[:-1] + '",,,,,,,',
        "bar": good[:-1] + "|,,,,,,,",
        "letter beyond ASCII": good[:-1] + "é,,,,,,,",
    }


@pytest.mark.parametrize("wrong", wrong_rows().values(), ids=wrong_rows().keys())
def test_a_malformed_row_never_leaves_and_is_not_shown(meta, external_id, row_of, sandbox, wrong):
    sandbox.control(reset_requests=True)
    with pytest.raises(RejectedRequest, match="nothing was sent") as refused:
        meta.add(external_id, Batch([row_of("ann@example.com"), HashRow(wrong)], 1))
    assert not any(cell in str(refused.value) for cell in wrong.split(",") if cell)
    assert sandbox.inspect("meta").requests()["total"] == 0
