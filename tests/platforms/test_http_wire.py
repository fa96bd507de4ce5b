"""What all platforms over plain HTTP share: waits, pauses, tokens that are renewed, and what is no data."""

from __future__ import annotations

import threading
import uuid

import pytest
from http_accounts import Desk, FakeTime, wire_for

from audiences.errors import AuthError, RateLimited, RejectedRequest, Unavailable
from audiences.platforms.http_wire import RenewedTokens
from audiences.platforms.snapchat import Snapchat, open_account
from audiences.platforms.snapchat_account import read_account, token_address
from audiences.platforms.snapchat_errors import dialect
from audiences.sandbox.snapchat import SnapchatControl

RENEWABLE = {"refresh_token": "sandbox-refresh", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}


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
def time():
    return FakeTime()


@pytest.fixture
def open_client(desk, time):
    opened = []

    def open_one(**settings):
        account = read_account(
            {
                "id": desk.account,
                **({} if settings.get("refresh_token") else {"access_token": "sandbox-token"}),
                **settings,
            }
        )
        address = desk.sandbox.endpoint("snapchat")
        tokens = RenewedTokens(account, token_address(account, address), "Snapchat")
        opened.append(Snapchat(account, wire_for(account, address, dialect(60), time, tokens)))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def client(open_client):
    return open_client()


@pytest.fixture
def external_id(client, desk):
    return client.ensure(desk.remote())


def test_a_wait_that_is_asked_for_is_waited_out_and_said_once(client, external_id, desk, time, caplog):
    desk.fails("throttle", "add", minutes=3)
    client.add(external_id, desk.batch(desk.row("ann", "")))
    client.add(external_id, desk.batch(desk.row("bob", "")))
    assert time.slept == [180]
    said = [record.getMessage() for record in caplog.records if "wait" in record.getMessage()]
    assert said == ["Snapchat asks to wait: going on in 180 s"]
    assert len(desk.only()["people"]) == 2


def test_a_wait_that_is_too_long_is_handed_on_and_nothing_more_is_sent(client, external_id, desk, time):
    desk.fails("throttle", "add", minutes=45)
    desk.sandbox.control(reset_requests=True)
    for _ in range(2):
        with pytest.raises(RateLimited) as refused:
            client.add(external_id, desk.batch(desk.row("ann", "")))
        assert refused.value.wait == 2700
    assert (len(desk.requests("add")), time.slept) == (1, [])
    time.now += 2701
    assert client.add(external_id, desk.batch(desk.row("ann", ""))).received == 1


@pytest.mark.parametrize("fault", ["server_error", "html", "cut_before", "cut_after"])
def test_passing_trouble_is_tried_again_with_growing_pauses_and_then_handed_on(client, external_id, desk, time, fault):
    desk.fails(fault, "add", times=3)
    assert client.add(external_id, desk.batch(desk.row("ann", ""))).received == 1
    assert 0.5 <= time.slept[0] < time.slept[1] < time.slept[2]
    desk.fails(fault, "add", times="always")
    with pytest.raises(Unavailable):
        client.add(external_id, desk.batch(desk.row("bob", "")))
    assert len(desk.only()["people"]) == (2 if fault == "cut_after" else 1)


def test_what_needs_a_human_is_not_tried_again(client, external_id, desk, time):
    desk.fails("no_permission", "add", times="always")
    desk.sandbox.control(reset_requests=True)
    with pytest.raises(AuthError):
        client.add(external_id, desk.batch(desk.row("ann", "")))
    assert (len(desk.requests("add")), time.slept) == (1, [])


def test_an_answer_that_takes_too_long_is_unavailable(open_client, external_id, desk):
    desk.fails("slow", "read_list", seconds=0.6)
    with pytest.raises(Unavailable, match="in time"):
        open_client(timeout_seconds=0.2, tries=1).status(external_id)


def test_something_else_at_the_endpoint_is_said(desk):
    account = {"id": desk.account, "access_token": "sandbox-token"}
    client = open_account(endpoint=f"{desk.sandbox.url}/elsewhere", account=account)
    with pytest.raises(RejectedRequest):
        client.ensure(desk.remote())
    client.close()


def test_a_token_that_ended_is_renewed_and_the_call_made_again(open_client, desk, time):
    client = open_client(**RENEWABLE, access_token="ended")
    external_id = client.ensure(desk.remote())
    assert client.add(external_id, desk.batch(desk.row("ann", ""))).received == 1
    assert len(desk.requests("token")) == 1
    assert time.slept == []


def test_a_first_token_is_got_where_none_is_set(open_client, desk):
    assert open_client(**RENEWABLE).ensure(desk.remote())


def test_several_threads_get_one_new_token(open_client, desk):
    client = open_client(**RENEWABLE)
    external_id = client.ensure(desk.remote())
    desk.believes(tokens=["another"])
    desk.sandbox.control(reset_requests=True)
    batches = [desk.batch(desk.row(f"person{number}", "")) for number in range(4)]
    threads = [threading.Thread(target=client.add, args=(external_id, one)) for one in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(desk.only()["people"]) == 4
    assert len(desk.requests("token")) == 1


@pytest.mark.parametrize("wrong", [{"refresh_token": "old"}, {"client_id": "x"}, {"client_secret": "x"}])
def test_what_gives_no_token_is_said_without_being_shown(open_client, desk, wrong):
    client = open_client(**{**RENEWABLE, **wrong})
    with pytest.raises(AuthError, match="refresh_token, client_id or client_secret") as refused:
        client.ensure(desk.remote())
    assert not any(secret in str(refused.value) for secret in (*RENEWABLE.values(), "old"))
    (finding,) = client.check()
    assert finding.startswith("Snapchat: ")


def test_a_token_that_cannot_be_renewed_stops_the_account(client, external_id, desk):
    desk.believes(tokens=["another"])
    with pytest.raises(AuthError, match="refresh_token"):
        client.status(external_id)
