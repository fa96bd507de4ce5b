"""Snapchat: one type of identifier a request, two statuses in an answer, and how long somebody stays."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from http_accounts import TOKEN, Desk

from audiences.errors import ConfigError, PlatformError, RejectedRequest, RejectedRows
from audiences.platforms.base import Batch
from audiences.platforms.snapchat import open_account
from audiences.platforms.snapchat_errors import RULES
from audiences.sandbox.snapchat import SnapchatControl

PAGE = (Path(__file__).parents[2] / "docs" / "platforms" / "snapchat.md").read_text()
GOOD = "ab" * 32


@pytest.fixture(scope="session")
def platform():
    return "snapchat"


@pytest.fixture(scope="session")
def beliefs():
    return SnapchatControl().model_dump()


@pytest.fixture
def desk(sandbox):
    return Desk("snapchat", sandbox, f"snap-{uuid.uuid4().hex[:10]}")


@pytest.fixture
def open_snapchat(desk):
    opened = []

    def open_one(**settings):
        account = {"id": desk.account, "access_token": TOKEN, "tries": 1, "max_wait_seconds": 0, **settings}
        opened.append(open_account(endpoint=desk.sandbox.endpoint("snapchat"), account=account))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def snapchat(open_snapchat):
    return open_snapchat()


@pytest.fixture
def external_id(snapchat, desk):
    return snapchat.ensure(desk.remote())


def retention(desk, external_id):
    return desk.raw("GET", f"v1/segments/{external_id}").json()["segments"][0]["segment"]["retention_in_days"]


def test_a_batch_becomes_one_request_for_each_type(snapchat, external_id, desk):
    desk.sandbox.control(reset_requests=True)
    rows = (desk.row("ann", "1555"), desk.row("bob", ""), desk.row("", "1666"))
    outcome = snapchat.add(external_id, desk.batch(*rows))
    assert (outcome.received, outcome.invalid) == (3, 0)
    assert [(seen["kind"], seen["rows"]) for seen in desk.requests()] == [("add", 2), ("add", 2)]


def test_a_removal_is_a_delete_with_a_body_and_any_identifier_takes_the_person_off(snapchat, external_id, desk):
    desk.sandbox.register([[desk.hashed("ann"), desk.hashed("1555")]])
    snapchat.add(external_id, desk.batch(desk.row("ann", "1555"), desk.row("bob", "")))
    desk.sandbox.control(reset_requests=True)
    snapchat.remove(external_id, desk.batch(desk.row("", "1555")))
    (seen,) = desk.requests()
    assert (seen["method"], seen["rows"]) == ("DELETE", 1)
    assert desk.only()["people"] == [[desk.hashed("bob")]]


def test_identifiers_that_snapchat_did_not_take_are_counted(snapchat, external_id, desk):
    desk.fails("invalid_rows", "add", rows=[1])
    outcome = snapchat.add(external_id, desk.batch(*[desk.row(name, "") for name in ("ann", "bob", "eve")]))
    assert (outcome.received, outcome.invalid, outcome.invalid_rows) == (3, 1, ())


def test_when_the_second_type_fails_the_batch_may_be_sent_again(snapchat, external_id, desk):
    desk.sandbox.register([[desk.hashed("ann"), desk.hashed("1555")]])
    desk.fails("server_error", "add", after=1)
    with pytest.raises(PlatformError):
        snapchat.add(external_id, desk.batch(desk.row("ann", "1555")))
    assert snapchat.add(external_id, desk.batch(desk.row("ann", "1555"))).received == 1
    assert len(desk.only()["people"]) == 1


@pytest.mark.parametrize("belief", ["refuses_in_envelope", "partial"])
def test_both_statuses_of_an_answer_must_say_success(snapchat, external_id, desk, belief):
    desk.believes(**{belief: True})
    with pytest.raises(RejectedRows, match="did not carry out"):
        snapchat.add(external_id, desk.batch(desk.row("ann", ""), desk.row("bob", "")))
    desk.believes(**{belief: False})
    assert snapchat.add(external_id, desk.batch(desk.row("ann", ""))).received == 1


def test_somebody_stays_as_long_as_the_audience_says_and_for_ever_else(open_snapchat, desk):
    external_id = open_snapchat().ensure(desk.remote(keep_days=180))
    assert retention(desk, external_id) == 180
    desk.sandbox.control(reset_requests=True)
    assert open_snapchat().ensure(desk.remote(keep_days=180, external_id=external_id)) == external_id
    assert desk.sandbox.inspect("snapchat").requests()["writes"] == 0
    open_snapchat().ensure(desk.remote(external_id=external_id))
    assert retention(desk, external_id) == 9999
    (kept,) = desk.lists()
    assert (kept["name"], kept["description"]) == ("Lapsed buyers", "boomerang:demo:ledger1:lapsed@snapchat:main")


def test_a_list_is_found_behind_many_pages(open_snapchat, desk):
    first = open_snapchat().ensure(desk.remote())
    filler = open_snapchat()
    for number in range(51):
        filler.ensure(desk.remote(list_id=f"other{number}@snapchat:main"))
    assert open_snapchat().ensure(desk.remote()) == first


def test_the_status_says_what_snapchat_is_at(snapchat, external_id, desk):
    snapchat.add(external_id, Batch([desk.row(f"person{number}", "") for number in range(1000)], 1))
    assert (snapchat.status(external_id).usable, snapchat.status(external_id).note) == (True, "ready for use")
    desk.sandbox.control(processing_seconds=600)
    snapchat.add(external_id, desk.batch(desk.row("late", "")))
    assert "at work" in snapchat.status(external_id).note


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"id": "a/b"}, "letters, digits"),
        ({"access_token": None}, "refresh_token with client_id"),
        ({"refresh_token": "secret"}, "client_id and client_secret"),
        ({"rows_per_request": 100_001}, "rows_per_request"),
        ({"acces_token": "secret"}, "did you mean access_token"),
    ],
)
def test_a_wrong_setting_is_named_and_never_shown(settings, sentence):
    with pytest.raises(ConfigError, match=sentence) as refused:
        open_account(endpoint=None, account={"id": "1", "access_token": TOKEN, **settings})
    assert "secret" not in str(refused.value).replace("client_secret", "")


def test_every_status_stands_on_the_page():
    table = PAGE[PAGE.index("## Errors") : PAGE.index("## The stand-in")]
    listed = {int(one) for one in re.findall(r"HTTP (4\d\d)", table)}
    assert set(RULES) <= listed


@pytest.mark.parametrize(
    "wrong",
    [
        {"schema": ["EMAIL_SHA256", "PHONE_SHA256"], "data": [[GOOD, GOOD]]},
        {"schema": ["EMAIL"]},
        {"schema": []},
        {"data": []},
        {"data": [["ann@example.com"]]},
        {"data": [[GOOD.upper()]]},
        {"data": [GOOD]},
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_the_stand_in_refuses_users_that_snapchat_would_refuse(external_id, desk, method, wrong):
    def asked(values):
        body = {"users": [{"schema": ["EMAIL_SHA256"], "data": [[GOOD]], **values}]}
        return desk.raw(method, f"v1/segments/{external_id}/users", json=body).status_code

    assert asked({}) == 200
    assert asked(wrong) == 400


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "x" * 376}, {"retention_in_days": 0}, {"source_type": "LOOKALIKE"}]
)
def test_the_stand_in_refuses_a_segment_that_snapchat_would_refuse(snapchat, desk, wrong):
    good = {"name": "A", "source_type": "FIRST_PARTY", "ad_account_id": desk.account}

    def asked(values):
        return desk.raw("POST", f"v1/adaccounts/{desk.account}/segments", json={"segments": [{**good, **values}]})

    assert asked(wrong).status_code == 400
    assert asked({}).status_code == 200


def test_an_unknown_refusal_stops_the_list_only(snapchat, external_id, desk):
    desk.fails("error", "add", status=418)
    with pytest.raises(RejectedRequest) as refused:
        snapchat.add(external_id, desk.batch(desk.row("ann", ""), desk.row("bob", "")))
    assert not isinstance(refused.value, RejectedRows)


def test_the_stand_in_has_no_segment_of_an_account_that_is_not_there(external_id, desk):
    body = {"users": [{"schema": ["EMAIL_SHA256"], "data": [[GOOD]]}]}

    def asked():
        read = desk.raw("GET", f"v1/segments/{external_id}")
        return read.status_code, desk.raw("POST", f"v1/segments/{external_id}/users", json=body).status_code

    desk.believes(accounts=["another"])
    refused = asked()
    desk.believes(accounts=None)
    assert (refused, asked()) == ((404, 404), (200, 200))
