"""What goes wrong at Google, and what we make of it: each wait, each way to fail, nothing personal in any of it."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import time as clock
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from audiences.domain import ListId
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
from audiences.platforms.base import Batch
from audiences.platforms.google import open_account
from audiences.platforms.google_errors import NamedRows, error_of, read_details

TYPE = "type.googleapis.com/google.rpc."
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def told(status, *details, about="rows"):
    return error_of(status, details, about=about, now=NOON, timezone="UTC")


def detail(kind, **values):
    return {"@type": TYPE + kind, **values}


def violation(field, reason="INVALID_FORMAT"):
    return {"field": field, "reason": reason, "description": "a1b2"}


# Waits ----------------------------------------------------------------------------------------------------------------


def test_a_wait_that_google_asks_for_is_waited_out(google, external_id, batch, row_of, fails, time, people_on):
    fails("throttle", "add", minutes=3)
    google.add(external_id, batch(row_of("ann@example.com")))
    assert sum(time.slept) == pytest.approx(180)
    assert people_on(external_id) == 1


def test_a_wait_is_said_in_the_log_once(google, external_id, batch, row_of, fails, caplog):
    fails("throttle", "add", minutes=3)
    google.add(external_id, batch(row_of("ann@example.com")))
    google.add(external_id, batch(row_of("bob@example.com")))
    assert [record.getMessage() for record in caplog.records if "wait" in record.getMessage()] == [
        "Google asks to wait: going on in 180 s"
    ]


def test_a_wait_that_is_too_long_is_handed_on_and_nothing_more_is_sent(
    google, external_id, batch, row_of, fails, sandbox, time
):
    sandbox.control(reset_requests=True)
    fails("throttle", "add", minutes=45)
    with pytest.raises(RateLimited) as first:
        google.add(external_id, batch(row_of("ann@example.com")))
    with pytest.raises(RateLimited) as second:
        google.add(external_id, batch(row_of("bob@example.com")))
    assert (first.value.wait, second.value.wait) == (2700, 2700)
    assert sandbox.inspect("google").requests()["total"] == 1
    assert time.slept == []


def test_after_the_wait_requests_go_again(google, external_id, batch, row_of, fails, time):
    fails("throttle", "add", minutes=45)
    with pytest.raises(RateLimited):
        google.add(external_id, batch(row_of("ann@example.com")))
    time.now += 2701
    assert google.add(external_id, batch(row_of("ann@example.com"))).received == 1


def test_the_quota_of_the_minute_is_obeyed(google, external_id, batch, row_of, believe, sandbox, time, people_on):
    believe(requests_per_minute=2)
    early = 61 - clock.time() % 60  # a minute's first second, whenever the test runs
    time.when_slept = lambda: sandbox.control(clock_offset_seconds=early + sum(time.slept))
    time.when_slept()
    for number in range(5):
        google.add(external_id, batch(row_of(f"person{number}@example.com")))
    assert people_on(external_id) == 5
    assert 100 < sum(time.slept) <= 122, "two waits until a minute ends"


def test_the_quota_of_the_day_leaves_the_rest_to_the_next_run(google, external_id, batch, row_of, believe, time):
    believe(requests_per_day=1)
    google.add(external_id, batch(row_of("ann@example.com")))
    with pytest.raises(RateLimited, match="quota") as refused:
        google.add(external_id, batch(row_of("bob@example.com")))
    assert refused.value.wait == pytest.approx(4 * 3600), "it is eight in the evening in California"
    assert time.slept == []


def test_the_day_ends_where_the_settings_say(open_google, external_id, batch, row_of, believe):
    believe(requests_per_day=1)
    google = open_google(quota_timezone="UTC")
    google.add(external_id, batch(row_of("ann@example.com")))
    with pytest.raises(RateLimited) as refused:
        google.add(external_id, batch(row_of("bob@example.com")))
    assert refused.value.wait == pytest.approx(20 * 3600)


@pytest.mark.parametrize(
    ("details", "wait"),
    [
        ([], 60),
        ([detail("RetryInfo", retryDelay="12.5s")], 12.5),
        ([detail("RetryInfo", retryDelay="soon"), "text", {}], 60),
        (
            [detail("ErrorInfo", reason="RESOURCE_EXHAUSTED", metadata={"quota_limit": "RequestsPerMinutePerProject"})],
            60,
        ),
        (
            [detail("ErrorInfo", reason="RATE_LIMIT_EXCEEDED", metadata={"quota_limit": "RequestsPerDayPerProject"})],
            43_200,
        ),
        ([detail("QuotaFailure", violations=[{"quotaId": "IngestPerDayPerProject"}])], 43_200),
        ([detail("ErrorInfo", reason="RESOURCE_EXHAUSTED", metadata="x"), detail("QuotaFailure", violations="x")], 60),
    ],
)
def test_how_long_to_stay_away(details, wait):
    refused = told(429, *details)
    assert isinstance(refused, RateLimited)
    assert refused.wait == wait


# Rows -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "positions"),
    [
        (["audienceMembers[3].userData.userIdentifiers[0].emailAddress"], (3,)),
        (["audience_members[7].consent", "audienceMembers[2]"], (2, 7)),
        (["audienceMembers[3]", "encoding"], ()),
        (["audienceMembers"], ()),
        ([], ()),
    ],
)
def test_members_are_named_only_where_the_fault_is_theirs_alone(fields, positions):
    violations = [violation(field) for field in fields]
    assert read_details([detail("BadRequest", fieldViolations=violations)]).positions == positions


def test_what_a_fault_is_about_decides_who_is_blamed():
    member = detail("BadRequest", fieldViolations=[violation("audienceMembers[0].userData")])
    elsewhere = detail("BadRequest", fieldViolations=[violation("encoding")])
    assert type(told(400, member)) is NamedRows
    assert type(told(400, member, about="list")) is RejectedRequest
    assert type(told(400, elsewhere)) is RejectedRequest, "no row is blamed for what is not in it"
    assert type(told(400, detail("ErrorInfo", reason="INVALID_FORMAT"))) is RejectedRows


def test_the_reason_of_the_field_says_more_than_that_an_argument_is_wrong():
    info = detail("ErrorInfo", reason="INVALID_ARGUMENT")
    refused = told(400, info, detail("BadRequest", fieldViolations=[violation("parent", "INVALID_RESOURCE_NAME")]))
    assert refused.code == "INVALID_RESOURCE_NAME"


def test_a_row_that_google_does_not_take_is_found_by_halving(
    google, external_id, batch, row_of, hashed, fails, people_on
):
    bad = hashed("bob@example.com")
    fails("error", "add", message="INVALID_ARGUMENT", times="always", containing=[bad])
    refused = []

    def send(rows):
        try:
            google.add(external_id, batch(*rows))
        except RejectedRows:
            if len(rows) == 1:
                refused.append(rows[0].split(",")[0])
                return
            send(rows[: len(rows) // 2])
            send(rows[len(rows) // 2 :])

    send([row_of(f"{name}@example.com") for name in ("ann", "bob", "eve", "joe", "sue")])
    assert (refused == [bad]) is True
    assert people_on(external_id) == 4


def test_a_list_that_is_there_is_not_called_gone(google, external_id, batch, row_of, fails):
    fails("error", "add", message="INVALID_USER_LIST_ID")
    with pytest.raises(RejectedRequest, match="the list is there") as refused:
        google.add(external_id, batch(row_of("ann@example.com")))
    assert not isinstance(refused.value, Gone)


# Connections ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["server_error", "html", "cut_before", "cut_after"])
def test_passing_trouble_is_tried_again_with_growing_pauses(
    google, external_id, batch, row_of, fails, time, people_on, fault
):
    fails(fault, "add", times=3)
    assert google.add(external_id, batch(row_of("ann@example.com"))).received == 1
    assert people_on(external_id) == 1
    assert len(time.slept) == 3
    assert 0.5 <= time.slept[0] < time.slept[1] < time.slept[2]


def test_nobody_at_the_endpoint_is_unavailable(open_google, remote):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable, match="connection"):
        open_google(endpoint=f"http://127.0.0.1:{port}", tries=1).ensure(remote())


def test_something_else_at_the_endpoint_is_said(open_google, remote, sandbox):
    with pytest.raises(RejectedRequest, match="not the Data Manager API"):
        open_google(endpoint=f"{sandbox.url}/elsewhere").ensure(remote())


def test_uploads_from_many_threads_all_arrive_with_a_handle_each(google, external_id, row_of, people_on):
    threads = google.limits.requests_in_flight
    rows = [row_of(f"person{number}@example.com") for number in range(threads * 5)]
    with ThreadPoolExecutor(threads) as pool:
        outcomes = list(pool.map(lambda row: google.add(external_id, Batch([row], 1)), rows))
    assert people_on(external_id) == len({outcome.handle for outcome in outcomes}) == len(rows)


def test_one_list_asked_for_by_many_threads_is_one_list(google, remote):
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: google.ensure(remote()), range(4)))) == 1


# Privacy --------------------------------------------------------------------------------------------------------------


def test_no_log_record_output_or_error_holds_a_token_or_a_hash(
    open_google, remote, batch, row_of, hashed, fails, caplog, capsys
):
    caplog.set_level(logging.DEBUG)
    row = row_of("ann@example.com", "+15551234567", "ann", "lee", "US", "02139-7777")
    google = open_google(tries=1)
    external_id = google.ensure(remote())
    said = []
    for fault in ("error", "throttle", "html", "server_error", "cut_after", "expired_token", "terms", "invalid_rows"):
        fails(fault, "add", minutes=0, message=f"{row} sandbox-token", subcode=0)
        try:
            google.add(external_id, batch(row))
        except PlatformError as error:
            assert error.__cause__ is None
            said += [*traceback.format_exception(error), repr(error), str(vars(error))]
    printed = capsys.readouterr()
    records = [str(vars(record)) for record in caplog.records]
    everything = "\n".join([caplog.text, printed.out, printed.err, *records, *said])
    assert len(said) > 7
    assert "audienceMembers:ingest" in everything, "the HTTP library's lines are there to be looked at"
    secrets = (
        "sandbox-token",
        "ann@example",
        "02139-7777",
        *(hashed(text) for text in ("ann@example.com", "ann", "lee")),
    )
    for secret in secrets:
        assert (secret in everything) is False, "a secret or a hash was told"


def test_googles_own_loggers_write_nothing_of_bodies(google):
    names = ("google.ads.datamanager_v1.services.ingestion_service.transports.rest", "google.auth.transport.requests")
    assert not any(logging.getLogger(name).isEnabledFor(logging.DEBUG) for name in names)


# Settings -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"id": "123"}, "ten digits"),
        ({"id": None}, "ten digits"),
        ({"login_account": "x"}, "login_account .* ten digits"),
        ({"acces_token": "ya29.secret"}, "did you mean access_token"),
        ({"rows_per_request": 20_000}, "rows_per_request"),
        ({"quota_timezone": "Mars/Olympus"}, "no such time zone"),
        ({"refresh_token": "1//secret"}, "also needs client_id, client_secret"),
        ({"access_token": None}, "set credentials_file"),
    ],
)
def test_a_wrong_setting_is_named_and_never_shown(open_google, settings, sentence):
    with pytest.raises(ConfigError, match=sentence) as refused:
        open_google(**settings)
    assert "secret" not in str(refused.value).replace("client_secret", "")


def test_an_account_number_may_have_dashes_or_be_a_number(open_google, account_id, remote, sandbox):
    dashed = f"{account_id[:3]}-{account_id[3:6]}-{account_id[6:]}"
    known = open_google(id=dashed).ensure(remote())
    assert open_google(id=int(account_id)).ensure(remote()) == known


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "cannot be read"), ("text", "cannot be read"), ("[]", "cannot be read"), ('{"type": "other"}', "neither")],
)
def test_a_credentials_file_that_is_none_is_said(tmp_path, content, sentence):
    file = tmp_path / "credentials.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=sentence):
        open_account(endpoint=None, account={"id": "1234567890", "credentials_file": str(file)})


def test_a_users_credentials_are_read_from_googles_file(tmp_path):
    file = tmp_path / "credentials.json"
    content = {"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"}
    file.write_text(json.dumps(content))
    open_account(endpoint=None, account={"id": "1234567890", "credentials_file": str(file)}).close()


def test_a_token_that_cannot_be_renewed_is_for_a_human(google, believe, remote, time):
    believe(tokens=["another"])
    with pytest.raises(AuthError, match="credentials"):
        google.ensure(remote(list_id=ListId("new@google:main")))
    assert time.slept == []


def test_what_a_plan_needs_of_google_does_not_import_its_client():
    code = (
        "import sys; from audiences.platforms.google import KIND as kind; kind.bytes_for(1); kind.limits_for({});"
        " sys.exit(any(name.startswith('google.') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_googles_limits_are_those_of_its_pages():
    from audiences.platforms.google import limits_for

    limits = limits_for({})
    assert (limits.rows_per_request, limits.max_keep_days, limits.min_members) == (10_000, 540, 100)
    assert limits_for({"rows_per_request": 500, "min_members": None}).rows_per_request == 500
