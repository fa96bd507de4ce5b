"""What goes wrong at Meta, and what we make of it: each class of error, each wait, nothing personal in any of it."""

from __future__ import annotations

import logging
import re
import socket
import traceback
from pathlib import Path
from time import sleep

import pytest

from audiences.errors import (
    AuthError,
    ConfigError,
    Gone,
    PlatformError,
    RateLimited,
    RejectedRequest,
    RejectedRows,
    Unavailable,
)
from audiences.platforms.meta_errors import RULES, SUBCODES

TABLE = [
    (1, None, Unavailable),
    (2, None, Unavailable),
    (5000, None, Unavailable),
    (2650, 1870145, Unavailable),
    (2650, 1870148, Unavailable),
    (2650, 1870158, Unavailable),
    (2650, 1870147, Unavailable),
    (2650, 1870159, Unavailable),
    (4, None, RateLimited),
    (17, 2446079, RateLimited),
    (32, None, RateLimited),
    (613, 1487742, RateLimited),
    (80000, None, RateLimited),
    (80003, 2446079, RateLimited),
    (80004, 2446079, RateLimited),
    (80009, None, RateLimited),
    (80014, None, RateLimited),
    (341, None, RateLimited),
    (368, None, RateLimited),
    (190, None, AuthError),
    (190, 463, AuthError),
    (190, 460, AuthError),
    (102, None, AuthError),
    (10, None, AuthError),
    (200, None, AuthError),
    (294, None, AuthError),
    (200, 1870090, AuthError),
    (200, 1870050, AuthError),
    (2650, 1870034, AuthError),
    (2655, None, AuthError),
    (2663, None, AuthError),
    (100, None, RejectedRows),
    (100, 33, Gone),
    (100, 1713230, RejectedRequest),
    (100, 1713098, RejectedRequest),
    (105, None, RejectedRequest),
    (2635, None, RejectedRequest),
    (2650, None, RejectedRequest),
    (2650, 1870144, RejectedRequest),
    (2654, None, RejectedRequest),
    (1487301, None, Gone),
    (1487366, None, Gone),
    (424242, None, RejectedRequest),
]


DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def external_id(meta, remote):
    return meta.ensure(remote())


def requests_of(sandbox, kind):
    return sum(1 for request in sandbox.inspect("meta").requests()["newest"] if request["kind"] == kind)


@pytest.mark.parametrize(("code", "subcode", "expected"), TABLE)
def test_each_code_becomes_one_of_our_errors(
    open_meta, meta, external_id, batch, row_of, sandbox, code, subcode, expected
):
    impatient = open_meta(tries=1)
    sandbox.control(faults=[{"do": "error", "on": "add", "code": code, "subcode": subcode}])
    with pytest.raises(PlatformError) as failed:
        impatient.add(external_id, batch(row_of("ann@example.com")))
    assert type(failed.value) is expected
    assert (failed.value.code, failed.value.subcode) == (str(code), None if subcode is None else str(subcode))
    assert failed.value.request_id


def test_every_code_that_is_known_is_tested_and_stands_in_the_docs():
    known = {(code, subcode) for code, subcode in RULES} | {(None, subcode) for subcode in SUBCODES}
    numbers = {number for pair in known for number in pair if number is not None}
    tested = {number for code, subcode, _ in TABLE for number in (code, subcode)}
    written = set(map(int, re.findall(r"\b\d+\b", (DOCS / "platforms" / "meta.md").read_text())))
    assert len(numbers) > 30
    assert numbers - tested == set()
    assert numbers - written == set()


def test_terms_are_recognised_by_their_words(meta, external_id, batch, row_of, sandbox):
    words = "To create or edit an audience, agree to the Custom Audience Terms first"
    sandbox.control(faults=[{"do": "error", "on": "add", "code": 2650, "message": words}])
    with pytest.raises(AuthError, match="Terms are not accepted"):
        meta.add(external_id, batch(row_of("ann@example.com")))


@pytest.mark.parametrize("fault", ["server_error", "html", "cut_before", "cut_after"])
def test_passing_trouble_is_tried_again_with_growing_pauses(
    meta, external_id, batch, row_of, sandbox, time, people_on, fault
):
    sandbox.control(faults=[{"do": fault, "on": "add", "times": 3}])
    outcome = meta.add(external_id, batch(row_of("ann@example.com")))
    assert outcome.received == 1
    assert people_on(external_id) == 1
    assert len(time.slept) == 3
    assert 0.5 <= time.slept[0] < time.slept[1] < time.slept[2]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("server_error", "passing problem"),
        ("html", "something that is no data"),
        ("cut_before", "connection .* failed or broke off"),
        ("cut_after", "connection .* failed or broke off"),
    ],
)
def test_lasting_trouble_ends_as_unavailable(meta, external_id, batch, row_of, sandbox, time, fault, sentence):
    sandbox.control(faults=[{"do": fault, "on": "add", "times": "always"}])
    with pytest.raises(Unavailable, match=sentence):
        meta.add(external_id, batch(row_of("ann@example.com")))
    assert len(time.slept) == 3


@pytest.mark.parametrize("words", ["Bad Gateway", "Service Unavailable", "no success"])
def test_any_page_of_a_gateway_is_unavailable(open_meta, external_id, batch, row_of, sandbox, words):
    sandbox.control(faults=[{"do": "html", "on": "add", "message": words}])
    with pytest.raises(Unavailable, match="gateway answered"):
        open_meta(tries=1).add(external_id, batch(row_of("ann@example.com")))


@pytest.mark.parametrize("fault", ["expired_token", "no_permission", "terms", "flagged"])
def test_what_needs_a_human_is_not_tried_again(meta, external_id, batch, row_of, sandbox, time, fault):
    sandbox.control(faults=[{"do": fault, "on": "add", "times": "always"}])
    with pytest.raises((AuthError, RejectedRequest)):
        meta.add(external_id, batch(row_of("ann@example.com")))
    assert time.slept == []


def test_an_answer_that_takes_too_long_is_unavailable(open_meta, external_id, batch, row_of, sandbox):
    hasty = open_meta(timeout_seconds=0.2, tries=1)
    sandbox.control(faults=[{"do": "slow", "on": "add", "seconds": 0.6}])
    with pytest.raises(Unavailable, match="in time"):
        hasty.add(external_id, batch(row_of("ann@example.com")))
    await_request(sandbox, "add")  # else it would be counted among the next test's


def await_request(sandbox, kind):
    """Wait until the sandbox is done with a request that nobody waits for any more."""
    for _ in range(100):
        if any(seen["kind"] == kind for seen in sandbox.inspect("meta").requests()["newest"]):
            return
        sleep(0.05)
    raise AssertionError(f"the sandbox has not seen a request of kind {kind}")


def test_nobody_at_the_endpoint_is_unavailable(open_meta, remote):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable, match="connection"):
        open_meta(endpoint=f"http://127.0.0.1:{port}", tries=1).ensure(remote())


def test_something_else_at_the_endpoint_is_said(open_meta, remote, sandbox):
    with pytest.raises(RejectedRequest, match="not the Graph API"):
        open_meta(endpoint=f"{sandbox.url}/elsewhere").ensure(remote())


def test_a_retired_version_says_which_setting(open_meta, remote):
    with pytest.raises(RejectedRequest, match="api_version"):
        open_meta(api_version="v19.0").ensure(remote())


def test_a_wait_that_meta_asks_for_is_waited_out(meta, external_id, batch, row_of, sandbox, time, people_on):
    sandbox.control(faults=[{"do": "throttle", "on": "add", "minutes": 3}])
    meta.add(external_id, batch(row_of("ann@example.com")))
    assert sum(time.slept) == pytest.approx(180)
    assert people_on(external_id) == 1


def test_a_wait_that_is_too_long_is_handed_on_and_nothing_more_is_sent(meta, external_id, batch, row_of, sandbox, time):
    sandbox.control(faults=[{"do": "throttle", "on": "add", "minutes": 45}], reset_requests=True)
    with pytest.raises(RateLimited) as first:
        meta.add(external_id, batch(row_of("ann@example.com")))
    with pytest.raises(RateLimited) as second:
        meta.add(external_id, batch(row_of("bob@example.com")))
    assert (first.value.wait, second.value.wait) == (2700, 2700)
    assert sandbox.inspect("meta").requests()["total"] == 1
    assert time.slept == []


def test_after_the_wait_requests_go_again(meta, external_id, batch, row_of, sandbox, time):
    sandbox.control(faults=[{"do": "throttle", "on": "add", "minutes": 45}])
    with pytest.raises(RateLimited):
        meta.add(external_id, batch(row_of("ann@example.com")))
    time.now += 2701
    assert meta.add(external_id, batch(row_of("ann@example.com"))).received == 1


@pytest.mark.parametrize(("percent", "pause"), [(50, 0), (75, 0), (80, 2), (95, 8)])
def test_above_three_quarters_of_the_budget_it_slows_down(
    meta, external_id, batch, row_of, sandbox, time, percent, pause
):
    sandbox.control(believe={"usage_percent": percent})
    meta.add(external_id, batch(row_of("ann@example.com")))
    meta.add(external_id, batch(row_of("bob@example.com")))
    assert sum(time.slept) == pytest.approx(pause)


def test_no_log_line_output_or_error_holds_a_token_or_a_hash(
    open_meta, remote, batch, row_of, hashed, sandbox, caplog, capsys
):
    caplog.set_level(logging.DEBUG)
    row = row_of("ann@example.com", "15551234567")
    meta = open_meta(app_id="1", app_secret="the-app-secret", tries=1)
    external_id = meta.ensure(remote())
    told = []
    for fault in ("error", "throttle", "html", "server_error", "cut_after", "expired_token", "terms", "invalid_rows"):
        sandbox.control(faults=[{"do": fault, "on": "add", "minutes": 0, "message": f"{row} sandbox-token"}])
        try:
            meta.add(external_id, batch(row))
        except PlatformError as error:
            assert error.__cause__ is None
            assert error.__context__ is None
            told += [*traceback.format_exception(error), repr(error), str(vars(error))]
    printed = capsys.readouterr()
    everything = "\n".join([caplog.text, printed.out, printed.err, *told])
    assert len(told) > 7
    assert "/users" in caplog.text
    for secret in ("sandbox-token", "the-app-secret", hashed("ann@example.com"), hashed("15551234567"), "ann@example"):
        assert (secret in everything) is False, "a secret or a hash was told"
    assert "appsecret_proof=<secret>" in everything


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"id": "123"}, "begins with act_"),
        ({"id": None}, "begins with act_"),
        ({"access_token": ""}, "access_token"),
        ({"acces_token": "EAAsecret"}, "did you mean access_token"),
        ({"rows_per_request": 20_000}, "rows_per_request"),
        ({"api_version": "26"}, "api_version"),
    ],
)
def test_a_wrong_setting_is_named_and_never_shown(open_meta, settings, sentence):
    with pytest.raises(ConfigError, match=sentence) as refused:
        open_meta(**settings)
    assert "EAAsecret" not in str(refused.value)
