"""What became of uploads, asked through Meta's sessions: nothing is called processed before Meta says so."""

from __future__ import annotations

import pytest

from audiences.platforms.base import Processing
from audiences.platforms.meta import KIND
from audiences.platforms.meta_sessions import read_sessions


@pytest.fixture
def external_id(meta, remote):
    return meta.ensure(remote())


def state_of(meta, external_id, outcome):
    return meta.confirm(external_id, [outcome.handle])[outcome.handle].state


def sessions_of(sandbox, external_id):
    return sum(sandbox.inspect("meta").list(external_id)["sessions"].values())


def test_an_upload_is_at_work_until_meta_has_processed_it(meta, external_id, batch, row_of, sandbox, people_on):
    sandbox.control(processing_seconds=3600)
    outcome = meta.add(external_id, batch(row_of("ann@example.com"), row_of("bob@example.com")))
    assert state_of(meta, external_id, outcome) == "working"
    assert people_on(external_id) == 0
    sandbox.control(clock_offset_seconds=3601)
    told = meta.confirm(external_id, [outcome.handle])
    assert told == {outcome.handle: Processing("processed", matched=2, invalid=0, note="stage completed")}
    assert people_on(external_id) == 2


def test_a_removal_is_confirmed_like_an_addition(meta, external_id, batch, row_of, sandbox, people_on):
    meta.add(external_id, batch(row_of("ann@example.com")))
    sandbox.control(processing_seconds=3600)
    outcome = meta.remove(external_id, batch(row_of("ann@example.com")))
    assert (state_of(meta, external_id, outcome), people_on(external_id)) == ("working", 1)
    sandbox.control(clock_offset_seconds=3601)
    assert (state_of(meta, external_id, outcome), people_on(external_id)) == ("processed", 0)
    assert KIND.confirms == {"add", "remove"}


def test_an_upload_that_failed_afterwards_says_so_and_nobody_is_on_the_list(
    meta, external_id, batch, row_of, sandbox, people_on
):
    sandbox.control(faults=[{"do": "processing_fails"}])
    outcome = meta.add(external_id, batch(row_of("ann@example.com")))
    assert outcome.received == 1
    assert state_of(meta, external_id, outcome) == "failed"
    assert people_on(external_id) == 0


def test_invalid_rows_are_told_again(meta, external_id, batch, row_of, sandbox):
    sandbox.control(faults=[{"do": "invalid_rows", "rows": [0]}])
    outcome = meta.add(external_id, batch(*[row_of(f"{name}@example.com") for name in ("ann", "bob", "eve")]))
    told = meta.confirm(external_id, [outcome.handle])[outcome.handle]
    assert (told.matched, told.invalid) == (2, 1)


@pytest.mark.parametrize(("fault", "sessions"), [("cut_before", 1), ("cut_after", 2), ("server_error", 1)])
def test_the_handle_is_of_the_try_that_was_answered(meta, external_id, batch, row_of, sandbox, fault, sessions):
    sandbox.control(processing_seconds=60, faults=[{"do": fault, "on": "add"}])
    outcome = meta.add(external_id, batch(row_of("ann@example.com")))
    pending = sandbox.inspect("meta").list(external_id)["pending"]
    assert sessions_of(sandbox, external_id) == sessions
    assert pending[-1]["session"] == outcome.handle


def test_a_session_that_meta_does_not_list_is_missing(meta, external_id, batch, row_of):
    outcome = meta.add(external_id, batch(row_of("ann@example.com")))
    assert set(meta.confirm(external_id, ["4711", outcome.handle])) == {outcome.handle}


def test_sessions_are_read_page_by_page_and_no_further_than_needed(meta, external_id, batch, row_of, sandbox):
    handles = []
    for number in range(120):
        sandbox.control(clock_offset_seconds=number)
        handles.append(meta.add(external_id, batch(row_of(f"person{number}@example.com"))).handle)
    requests = []
    for asked in (handles[-1:], handles[:1], handles):
        sandbox.control(reset_requests=True)
        assert set(meta.confirm(external_id, asked)) == set(asked)
        requests.append(sandbox.inspect("meta").requests()["total"])
    assert requests == [1, 3, 3]


def test_nothing_to_ask_for_is_no_request(meta, external_id, sandbox):
    sandbox.control(reset_requests=True)
    assert meta.confirm(external_id, []) == {}
    assert sandbox.inspect("meta").requests()["total"] == 0


def test_asking_waits_and_tries_again_as_any_request(meta, external_id, batch, row_of, sandbox, time):
    outcome = meta.add(external_id, batch(row_of("ann@example.com")))
    sandbox.control(
        faults=[{"do": "throttle", "on": "sessions", "minutes": 2}, {"do": "html", "on": "sessions", "after": 1}]
    )
    assert state_of(meta, external_id, outcome) == "processed"
    assert max(time.slept) == pytest.approx(120)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            {"stage": "completed", "progress": "100", "num_matched": "7"},
            Processing("processed", 7, None, "stage completed"),
        ),
        ({"stage": "Finished"}, Processing("processed", None, None, "stage finished")),
        ({"stage": "completed", "progress": "99"}, Processing("working", None, None, "stage completed")),
        (
            {"stage": "uploading", "progress": "0", "num_matched": "-1"},
            Processing("working", None, None, "stage uploading"),
        ),
        ({"stage": "uploading", "progress": "100"}, Processing("working", None, None, "stage uploading")),
        ({"stage": "pondering", "progress": "100"}, Processing("working", None, None, "stage pondering")),
        ({"stage": "failed", "num_invalid_entries": "3"}, Processing("failed", None, 3, "stage failed")),
        ({"stage": "<b>7</b>", "progress": 100}, Processing("working", None, None, "")),
        ({}, Processing("working", None, None, "")),
    ],
)
def test_stage_and_progress_must_both_speak_for_it(told, expected):
    assert dict(read_sessions([{"session_id": "1", **told}, {"stage": "completed"}])) == {"1": expected}
