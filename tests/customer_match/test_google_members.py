"""Members of a list at Google: added and removed as people, with consent, within the limits, nothing raw."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from audiences.domain import HashRow
from audiences.errors import AuthError, RejectedRequest, RejectedRows
from audiences.platforms.base import Batch

HOME = ("ann", "lee", "US", "02139-1234")


def test_people_on_the_list_are_those_that_were_sent(google, external_id, batch, row_of, hashed, sandbox):
    outcome = google.add(external_id, batch(row_of("ann@example.com", "+15551234567"), row_of("bob@example.com")))
    held = sandbox.inspect("google").list(external_id)["people"]
    expected = [sorted([hashed("ann@example.com"), hashed("+15551234567")]), [hashed("bob@example.com")]]
    assert (outcome.received, outcome.invalid) == (2, 0)
    assert held == sorted(expected)


def test_every_field_arrives_in_its_place(google, external_id, batch, row_of, hashed, sandbox):
    google.add(external_id, batch(row_of("ann@example.com", "+15551234567", *HOME)))
    (row,) = sandbox.inspect("google").list(external_id)["rows"]
    address = f"address:{hashed('ann')}|{hashed('lee')}|US|02139-1234"
    assert (row == f"email:{hashed('ann@example.com')} phone:{hashed('+15551234567')} {address}") is True


@pytest.mark.parametrize("missing", range(4))
def test_an_address_with_a_part_missing_is_left_out_and_the_member_stays(
    google, external_id, batch, row_of, sandbox, people_on, missing
):
    parts = ["" if number == missing else part for number, part in enumerate(HOME)]
    google.add(external_id, batch(row_of("ann@example.com", "", *parts)))
    (row,) = sandbox.inspect("google").list(external_id)["rows"]
    assert "address" not in row
    assert people_on(external_id) == 1


def test_every_member_says_both_consents(google, external_id, batch, row_of, believe):
    believe(missing_consent="refuse")
    outcome = google.add(external_id, batch(row_of("ann@example.com"), row_of("bob@example.com")))
    assert outcome.invalid == 0
    assert google.purposes == ("ad_user_data", "ad_personalization")


def test_adding_twice_equals_adding_once(google, external_id, batch, row_of, people_on):
    rows = [row_of("ann@example.com"), row_of("bob@example.com")]
    google.add(external_id, batch(*rows))
    google.add(external_id, batch(*rows))
    assert people_on(external_id) == 2


def test_removing_one_identifier_removes_the_person(google, external_id, batch, row_of, people_on):
    google.add(external_id, batch(row_of("ann@example.com", "+15551234567"), row_of("bob@example.com")))
    google.remove(external_id, batch(row_of("", "+15551234567")))
    assert people_on(external_id) == 1


def test_removing_somebody_absent_is_no_error(google, external_id, batch, row_of, people_on):
    google.add(external_id, batch(row_of("ann@example.com")))
    outcome = google.remove(external_id, batch(row_of("never@example.com")))
    assert outcome.received == 1
    assert people_on(external_id) == 1


@pytest.mark.parametrize("kind", ["add", "remove"])
def test_a_full_batch_stays_within_the_limits(google, external_id, row_of, sandbox, kind):
    parts = ("ann", "lee", "US", "021391234567")
    rows = [row_of(f"person{number}@example.com", f"+1555{number}", *parts) for number in range(10_000)]
    sandbox.control(reset_requests=True)
    outcome = getattr(google, kind)(external_id, Batch(rows, 1))
    (request,) = sandbox.inspect("google").requests()["newest"]
    assert len(rows) == google.limits.rows_per_request
    assert outcome.received == request["rows"] == 10_000
    assert request["body_length"] <= google.bytes_for(10_000) <= google.limits.bytes_per_request
    assert kind == "remove" or google.bytes_for(10_000) - 1_000 < request["body_length"]


def test_all_that_a_person_has_is_one_member(google, external_id, row_of, people_on, sandbox):
    rows = [
        row_of("ann@example.com"), row_of("bob@example.com", "+15551"), row_of("bob@work.example", "+15552"),
        row_of("eve@example.com"),
    ]  # fmt: skip
    sandbox.control(reset_requests=True)
    outcome = google.add(external_id, Batch(rows, 1, [1, 2, 1]))
    (request,) = sandbox.inspect("google").requests()["newest"]
    assert (outcome.received, request["rows"], people_on(external_id)) == (4, 3, 3)
    google.remove(external_id, Batch([rows[2]], 2))
    assert people_on(external_id) == 2, "by one of their addresses the whole person goes"


def test_who_has_more_than_a_member_takes_goes_as_several(google, external_id, row_of, people_on, sandbox):
    rows = [row_of(f"bob{number}@example.com", f"+1555{number}", "bob", "lee", "US", "02139") for number in range(7)]
    sandbox.control(reset_requests=True)
    assert google.add(external_id, Batch(rows, 1, [7])).invalid == 0
    (request,) = sandbox.inspect("google").requests()["newest"]
    assert request["rows"] == 3


def test_of_a_member_whom_google_names_all_rows_are_counted(google, external_id, row_of, fails):
    fails("error", "add", message="INVALID_FORMAT", subcode=1, times=1)
    rows = [row_of(f"{name}@example.com") for name in ("ann", "bob", "bobby", "eve")]
    outcome = google.add(external_id, Batch(rows, 1, [1, 2, 1]))
    assert (outcome.received, outcome.invalid, outcome.invalid_rows) == (4, 2, (1, 2))


def test_a_row_that_google_names_is_left_out_and_the_others_go(
    google, external_id, batch, row_of, hashed, fails, people_on, kinds, sandbox
):
    bad = hashed("bob@example.com")
    fails("error", "add", message="INVALID_FORMAT", subcode=1, times="always", containing=[bad])
    sandbox.control(reset_requests=True)
    rows = [row_of(f"{name}@example.com") for name in ("ann", "bob", "eve")]
    outcome = google.add(external_id, batch(*rows))
    assert (outcome.received, outcome.invalid, outcome.invalid_rows) == (3, 1, (1,))
    assert people_on(external_id) == 2
    assert kinds() == {"add": 2}


def test_rows_named_one_after_the_other_are_counted_where_they_stood(google, external_id, batch, row_of, fails):
    fails("error", "add", message="INVALID_FORMAT", subcode=1, times=2)
    rows = [row_of(f"{name}@example.com") for name in ("ann", "bob", "eve", "joe")]
    outcome = google.add(external_id, batch(*rows))
    assert (outcome.received, outcome.invalid_rows) == (4, (1, 2))


def test_when_google_keeps_naming_rows_the_batch_is_halved(google, external_id, batch, row_of, fails):
    fails("error", "add", message="INVALID_FORMAT", subcode=0, times="always")
    with pytest.raises(RejectedRows):
        google.add(external_id, batch(*[row_of(f"person{number}@example.com") for number in range(20)]))


def test_the_only_row_is_refused_when_google_names_it(google, external_id, batch, row_of, fails):
    fails("error", "add", message="INVALID_FORMAT", subcode=0, times="always")
    with pytest.raises(RejectedRows):
        google.add(external_id, batch(row_of("ann@example.com")))


def test_a_removal_is_never_called_done_without_one_of_its_rows(google, external_id, batch, row_of, fails, people_on):
    rows = [row_of("ann@example.com"), row_of("bob@example.com")]
    google.add(external_id, batch(*rows))
    fails("error", "remove", message="INVALID_FORMAT", subcode=0, times="always")
    with pytest.raises(RejectedRows):
        google.remove(external_id, batch(*rows))
    assert people_on(external_id) == 2


def test_an_upload_whose_answer_was_lost_is_sent_again_and_counts_once(
    google, external_id, batch, row_of, fails, people_on
):
    fails("cut_after", "add")
    assert google.add(external_id, batch(row_of("ann@example.com"))).received == 1
    assert people_on(external_id) == 1


def test_validating_says_what_is_wrong_and_adds_nobody(
    google, external_id, remote, batch, row_of, fails, people_on, sandbox
):
    sandbox.control(reset_requests=True)
    known = remote(external_id=external_id)
    rows = batch(row_of("ann@example.com"), row_of("bob@example.com"))
    outcome = google.validate(known, rows)
    assert (outcome.received, outcome.invalid, outcome.handle) == (2, 0, None)
    fails("error", "add", message="INVALID_FORMAT", subcode=1)
    assert google.validate(known, rows).invalid_rows == (1,)
    assert sandbox.inspect("google").requests()["writes"] == 0
    assert people_on(external_id) == 0


def test_nobody_is_uploaded_before_the_terms_are_accepted(open_google, remote, batch, row_of, sandbox):
    google = open_google(terms_accepted=False)
    external_id = google.ensure(remote())
    sandbox.control(reset_requests=True)
    with pytest.raises(AuthError, match="terms_accepted"):
        google.add(external_id, batch(row_of("ann@example.com")))
    assert sandbox.inspect("google").requests()["total"] == 0


def test_an_empty_batch_makes_no_request(google, external_id, sandbox):
    sandbox.control(reset_requests=True)
    assert google.add(external_id, Batch([], 1)).received == google.remove(external_id, Batch([], 2)).received == 0
    assert sandbox.inspect("google").requests()["total"] == 0


def test_a_list_is_replaced_by_adding_all_and_removing_who_was_added_before(
    google, external_id, batch, row_of, hashed, sandbox
):
    google.add(external_id, batch(row_of("ann@example.com"), row_of("bob@example.com")))
    sandbox.control(clock_offset_seconds=60)
    began = datetime.now(UTC) + timedelta(seconds=30)
    google.add(external_id, batch(row_of("bob@example.com"), row_of("eve@example.com")))
    outcome = google.remove_all(external_id, began)
    held = sandbox.inspect("google").list(external_id)["people"]
    assert (held == sorted([[hashed("bob@example.com")], [hashed("eve@example.com")]])) is True
    assert google.confirm(external_id, [outcome.handle])[outcome.handle].state == "processed"
    google.remove_all(external_id, began)
    assert len(sandbox.inspect("google").list(external_id)["people"]) == 2


def test_a_time_to_come_is_refused(google, external_id):
    with pytest.raises(RejectedRequest, match="INVALID_REMOVE_AS_OF_TIME"):
        google.remove_all(external_id, datetime.now(UTC) + timedelta(days=1))


def wrong_rows():
    good = "0123456789abcdef" * 4
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    return {
        "raw e-mail": "ann@example.com,,,,,",
        "upper case": good.upper() + ",,,,,",
        "too short": good[:-1] + ",,,,,",
        "two hashes in one": good + good + ",,,,,",
        "five values": good + ",,,,",
        "seven values": good + ",,,,,,",
        "hash of an empty text": nothing + ",,,,,",
        "quote": good[:-1] + '",,,,,',
        "line end": good + ",,,,,\n",
        "letter beyond ASCII": good[:-1] + "é,,,,,",
        "raw name": good + ",,ann,lee,US,02139",
        "region in words": f"{good},,{good},{good},Massachusetts,02139",
        "region in lower case": f"{good},,{good},{good},us,02139",
        "address as postcode": f"{good},,{good},{good},US,12 Long Lane Boston",
        "nobody": ",,,,,",
        "a place only": ",,,,US,02139",
    }


@pytest.mark.parametrize("wrong", wrong_rows().values(), ids=wrong_rows().keys())
@pytest.mark.parametrize("kind", ["add", "remove"])
def test_a_malformed_row_never_leaves_and_is_not_shown(google, external_id, row_of, sandbox, wrong, kind):
    sandbox.control(reset_requests=True)
    with pytest.raises(RejectedRows, match="nothing was sent") as refused:
        getattr(google, kind)(external_id, Batch([row_of("ann@example.com"), HashRow(wrong)], 1))
    assert not any(cell in str(refused.value) for cell in wrong.split(",") if len(cell) > 2)
    assert sandbox.inspect("google").requests()["total"] == 0
