"""Uploads that are processed later, by the sandbox's own clock: who is on the list, and what the sessions say meanwhile."""

from __future__ import annotations

import pytest


@pytest.fixture
def audience(graph):
    return graph.create()["id"]


@pytest.fixture
def upload(graph, audience, hashed):
    """Send one whole session; returns its number."""
    numbers = iter(range(1, 100))

    def send(*names, **values):
        session = {"session_id": next(numbers), "batch_seq": 1, "last_batch_flag": True}
        rows = [[hashed(name), ""] for name in names]
        graph.users(audience, rows, session=session, **values).raise_for_status()
        return str(session["session_id"])

    return send


@pytest.fixture
def session_of(graph, audience):
    def read(number):
        (session,) = graph.client.get(f"{audience}/sessions", params={"session_id": number}).json()["data"]
        return session

    return read


def people(sandbox, audience):
    return [found for person in sandbox.inspect("meta").list(audience)["people"] for found in person]


def test_people_come_and_go_only_when_an_upload_is_processed(sandbox, audience, upload, hashed):
    upload("ann@", "bob@")
    sandbox.control(processing_seconds=600)
    upload("eve@")
    upload("ann@", method="delete")
    assert sorted(people(sandbox, audience)) == sorted([hashed("ann@"), hashed("bob@")])
    sandbox.control(clock_offset_seconds=601)
    assert sorted(people(sandbox, audience)) == sorted([hashed("bob@"), hashed("eve@")])


def test_a_session_reports_its_progress_until_it_is_processed(sandbox, upload, session_of):
    sandbox.control(processing_seconds=1000)
    number = upload("ann@", "bob@")
    told = []
    for offset in (0, 250, 1001):
        sandbox.control(clock_offset_seconds=offset)
        session = session_of(number)
        told.append((session["stage"], session["progress"], session["num_matched"], session["end_time"] == "0"))
    assert told == [
        ("processing", "0", "-1", True),
        ("processing", "25", "-1", True),
        ("completed", "100", "2", False),
    ]


def test_a_session_whose_last_batch_is_missing_goes_on_until_it_is_too_old(
    graph, sandbox, audience, hashed, session_of
):
    graph.users(audience, [[hashed("ann@"), ""]], session={"session_id": 5, "batch_seq": 1, "last_batch_flag": False})
    assert session_of("5")["stage"] == "uploading"
    sandbox.control(clock_offset_seconds=91 * 60)
    assert session_of("5")["stage"] == "completed"


@pytest.mark.parametrize("seconds", [0, 600])
def test_an_upload_may_be_accepted_and_then_fail(sandbox, audience, upload, session_of, hashed, seconds):
    upload("ann@")
    sandbox.control(processing_seconds=seconds, faults=[{"do": "processing_fails", "times": 2}])
    added, removed = upload("bob@"), upload("ann@", method="delete")
    sandbox.control(clock_offset_seconds=601)
    assert people(sandbox, audience) == [hashed("ann@")]
    assert [session_of(number)["stage"] for number in (added, removed)] == ["failed", "failed"]
    assert session_of(added)["num_matched"] == "-1"


def test_when_one_batch_of_a_session_fails_all_of_it_does(graph, sandbox, audience, hashed, session_of):
    sandbox.control(processing_seconds=60, faults=[{"do": "processing_fails", "after": 1}])
    for batch, name in ((1, "ann@"), (2, "bob@")):
        session = {"session_id": 9, "batch_seq": batch, "last_batch_flag": batch == 2}
        graph.users(audience, [[hashed(name), ""]], session=session)
    sandbox.control(clock_offset_seconds=61)
    assert people(sandbox, audience) == []
    assert session_of("9")["stage"] == "failed"


def test_a_list_takes_its_uploads_in_order_even_when_processing_gets_faster(sandbox, audience, upload):
    sandbox.control(processing_seconds=600)
    upload("ann@")
    sandbox.control(processing_seconds=0)
    upload("ann@", method="delete")
    sandbox.control(clock_offset_seconds=601)
    assert people(sandbox, audience) == []


def test_inspection_shows_what_is_processed_and_what_is_pending(sandbox, audience, upload, hashed):
    upload("ann@")
    sandbox.control(processing_seconds=600, faults=[{"do": "processing_fails", "on": "remove"}])
    number = upload("bob@", "eve@")
    upload("ann@", method="delete")
    (shown,) = [kept for kept in sandbox.inspect("meta").lists() if kept["id"] == audience]
    pending = sandbox.inspect("meta").list(audience)["pending"]
    assert (shown["people"], shown["waiting"], shown["pending_rows"]) == (1, 2, {"add": 2, "remove": 1})
    assert shown["sessions"] == {"processed": 1, "failed": 0, "pending": 2}
    assert [(batch["adding"], batch["fails"]) for batch in pending] == [(True, False), (False, True)]
    assert (pending[0]["session"], pending[0]["rows"]) == (number, [f"{hashed('bob@')},", f"{hashed('eve@')},"])
    sandbox.control(clock_offset_seconds=601)
    after = sandbox.inspect("meta").list(audience)
    assert (after["sessions"], after["pending"]) == ({"processed": 2, "failed": 1, "pending": 0}, [])


def test_sessions_come_in_pages_newest_first(graph, audience, upload, sandbox):
    made = []
    for number in range(5):
        sandbox.control(clock_offset_seconds=number)
        made.append(upload(f"person{number}@"))
    found, after = [], None
    for _ in range(3):
        params = {"limit": 2, "fields": "session_id", **({"after": after} if after else {})}
        page = graph.client.get(f"{audience}/sessions", params=params).json()
        found += [entry["session_id"] for entry in page["data"]]
        after = page["paging"]["cursors"]["after"]
    assert found == made[::-1]
    assert "next" not in page["paging"]


@pytest.mark.parametrize(
    ("params", "code"), [({"limit": 500}, 1), ({"session_id": "x"}, 100), ({"fields": "colour"}, 100)]
)
def test_sessions_are_asked_for_as_meta_wants_it(graph, audience, params, code):
    answer = graph.client.get(f"{audience}/sessions", params=params)
    assert answer.json()["error"]["code"] == code


def test_what_waits_outlives_the_server_in_a_file(tmp_path, hashed, graph_of, sandbox):
    state = tmp_path / "sandbox.sqlite"
    with type(sandbox)(state=state) as first:
        first.control(processing_seconds=600)
        graph = graph_of(first)
        audience = graph.create()["id"]
        graph.users(audience, [[hashed("ann@"), ""]])
    with type(sandbox)(state=state) as second:
        before = second.inspect("meta").list(audience)
        second.control(clock_offset_seconds=601)
        after = second.inspect("meta").list(audience)
    assert (before["people"], before["waiting"]) == ([], 1)
    assert (after["people"], after["waiting"]) == ([[hashed("ann@")]], 0)
