"""What became of requests: nothing is called processed before Google says so, and reasons are counted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audiences.platforms.base import Processing
from audiences.platforms.google import KIND


def told_of(google, external_id, outcome):
    return google.confirm(external_id, [outcome.handle])[outcome.handle]


def test_an_upload_is_at_work_until_google_has_processed_it(google, external_id, batch, row_of, sandbox, people_on):
    sandbox.control(processing_seconds=3600)
    outcome = google.add(external_id, batch(row_of("ann@example.com"), row_of("bob@example.com")))
    assert told_of(google, external_id, outcome) == Processing("working")
    assert people_on(external_id) == 0
    sandbox.control(clock_offset_seconds=3601)
    assert told_of(google, external_id, outcome) == Processing("processed", None, 0, "match rate 71–80 %")
    assert people_on(external_id) == 2


def test_a_removal_is_confirmed_like_an_addition(google, external_id, batch, row_of, sandbox, people_on):
    google.add(external_id, batch(row_of("ann@example.com")))
    sandbox.control(processing_seconds=3600)
    outcome = google.remove(external_id, batch(row_of("ann@example.com")))
    assert (told_of(google, external_id, outcome).state, people_on(external_id)) == ("working", 1)
    sandbox.control(clock_offset_seconds=3601)
    assert (told_of(google, external_id, outcome).state, people_on(external_id)) == ("processed", 0)
    assert KIND.confirms == {"add", "remove"}
    assert KIND.confirm_after == timedelta(minutes=30)


def test_an_upload_that_failed_afterwards_says_so_and_nobody_is_on_the_list(
    google, external_id, batch, row_of, fails, people_on
):
    fails("processing_fails", "add")
    outcome = google.add(external_id, batch(row_of("ann@example.com")))
    assert outcome.received == 1
    told = told_of(google, external_id, outcome)
    assert (told.state, told.note) == ("failed", "refused: INTERNAL_ERROR 1")
    assert people_on(external_id) == 0


def test_who_was_refused_afterwards_is_counted_by_reason(google, external_id, batch, row_of, fails, people_on):
    fails("invalid_rows", "add", rows=[0])
    outcome = google.add(external_id, batch(*[row_of(f"{name}@example.com") for name in ("ann", "bob", "eve")]))
    told = told_of(google, external_id, outcome)
    assert (told.state, told.invalid) == ("processed", 1)
    assert told.note == "refused: INVALID_FORMAT 1; match rate 71–80 %"
    assert people_on(external_id) == 2


@pytest.mark.parametrize(
    ("percent", "words"),
    [(0, "below 20 %"), (20, "20–30 %"), (50, "41–50 %"), (51, "51–60 %"), (100, "91–100 %")],
)
def test_the_match_rate_is_told_as_a_range(google, external_id, batch, row_of, believe, percent, words):
    believe(match_rate_percent=percent)
    outcome = google.add(external_id, batch(row_of("ann@example.com")))
    assert told_of(google, external_id, outcome).note == f"match rate {words}"


def test_a_request_that_google_does_not_know_is_unknown(google, external_id, batch, row_of):
    outcome = google.add(external_id, batch(row_of("ann@example.com")))
    told = google.confirm(external_id, ["nobody-sent-this", outcome.handle])
    assert (told["nobody-sent-this"].state, told[outcome.handle].state) == ("unknown", "processed")


def test_google_tells_of_a_request_for_some_weeks_only(google, external_id, batch, row_of, sandbox):
    outcome = google.add(external_id, batch(row_of("ann@example.com")))
    sandbox.control(clock_offset_seconds=49 * 86_400)
    assert told_of(google, external_id, outcome).state == "processed"
    sandbox.control(clock_offset_seconds=51 * 86_400)
    assert told_of(google, external_id, outcome).state == "unknown"


def test_the_handle_is_of_the_try_that_was_answered(google, external_id, batch, row_of, sandbox, fails):
    sandbox.control(processing_seconds=60)
    fails("cut_after", "add")
    outcome = google.add(external_id, batch(row_of("ann@example.com")))
    pending = sandbox.inspect("google").list(external_id)["pending"]
    assert [entry["session"] == outcome.handle for entry in pending] == [False, True]


def test_nothing_to_ask_for_is_no_request(google, external_id, sandbox):
    sandbox.control(reset_requests=True)
    assert google.confirm(external_id, []) == {}
    assert sandbox.inspect("google").requests()["total"] == 0


def test_asking_waits_and_tries_again_as_any_request(google, external_id, batch, row_of, sandbox, time):
    outcome = google.add(external_id, batch(row_of("ann@example.com")))
    on = {"platform": "google", "on": "request_status"}
    sandbox.control(faults=[{**on, "do": "throttle", "minutes": 2}, {**on, "do": "html", "after": 1}])
    assert told_of(google, external_id, outcome).state == "processed"
    assert max(time.slept) == pytest.approx(120)
