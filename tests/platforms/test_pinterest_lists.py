"""Pinterest: a list that its first rows make, and the audience on it by which ads can be aimed."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from http_accounts import TOKEN, Desk

from audiences.errors import ConfigError, Gone, Unavailable
from audiences.platforms.base import Batch
from audiences.platforms.pinterest import open_account
from audiences.platforms.pinterest_errors import RULES
from audiences.sandbox.pinterest import PinterestControl

PAGE = (Path(__file__).parents[2] / "docs" / "platforms" / "pinterest.md").read_text()
GOOD = "ab" * 32


@pytest.fixture(scope="session")
def platform():
    return "pinterest"


@pytest.fixture(scope="session")
def beliefs():
    return PinterestControl().model_dump()


@pytest.fixture
def desk(sandbox):
    return Desk("pinterest", sandbox, str(random.randrange(10**12, 10**13)))


@pytest.fixture
def open_pinterest(desk):
    opened = []

    def open_one(**settings):
        account = {"id": desk.account, "access_token": TOKEN, "tries": 1, "max_wait_seconds": 0, **settings}
        opened.append(open_account(endpoint=desk.sandbox.endpoint("pinterest"), account=account))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def pinterest(open_pinterest):
    return open_pinterest()


@pytest.fixture
def filled(pinterest, desk):
    external_id = pinterest.ensure(desk.remote())
    pinterest.add(external_id, desk.batch(desk.row("ann")))
    return external_id


def audiences(desk):
    return desk.raw("GET", f"v5/ad_accounts/{desk.account}/audiences").json()["items"]


def test_nothing_is_made_before_the_first_rows_which_are_sent_once(pinterest, desk):
    external_id = pinterest.ensure(desk.remote())
    assert desk.lists() == []
    assert "first members" in pinterest.status(external_id).note
    desk.sandbox.control(reset_requests=True)
    pinterest.add(external_id, desk.batch(desk.row("ann"), desk.row("bob")))
    assert [(seen["kind"], seen["rows"]) for seen in desk.requests("create", "add")] == [("create", 2)]
    assert len(desk.only()["people"]) == 2


def test_an_audience_is_made_on_the_list_and_says_whose_it_is(filled, desk):
    (audience,) = audiences(desk)
    assert audience["rule"] == {"customer_list_id": desk.only()["id"]}
    assert (audience["name"], audience["audience_type"]) == ("Lapsed buyers", "CUSTOMER_LIST")
    assert audience["description"] == "boomerang:demo:ledger1:lapsed@pinterest:main"


def test_an_audience_that_pinterest_refuses_is_made_later_and_stops_nobody(open_pinterest, desk, caplog):
    first = open_pinterest()
    external_id = first.ensure(desk.remote())
    desk.fails("error", "create_audience", status=400)
    assert first.add(external_id, desk.batch(desk.row("ann"))).received == 1
    assert "no audience could be made" in caplog.text
    assert audiences(desk) == []
    open_pinterest().ensure(desk.remote(external_id=external_id))
    assert len(audiences(desk)) == 1


@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "server_error"])
def test_an_audience_whose_answer_was_lost_is_made_once(open_pinterest, desk, fault):
    patient = open_pinterest(tries=3)
    external_id = patient.ensure(desk.remote())
    desk.fails(fault, "create_audience")
    patient.add(external_id, desk.batch(desk.row("ann")))
    assert len(audiences(desk)) == len(desk.lists()) == 1


def test_an_audience_removed_by_hand_is_made_again_on_the_same_list(open_pinterest, filled, desk):
    (audience,) = audiences(desk)
    desk.raw("PATCH", f"v5/ad_accounts/{desk.account}/audiences/{audience['id']}", json={"operation_type": "REMOVE"})
    assert open_pinterest().ensure(desk.remote(external_id=filled)) == filled
    assert (len(audiences(desk)), len(desk.lists())) == (1, 1)


def test_a_renaming_changes_the_audience_only(pinterest, filled, desk):
    before = desk.only()["name"]
    pinterest.rename(filled, "Long gone buyers")
    assert [one["name"] for one in audiences(desk)] == ["Long gone buyers"]
    assert desk.only()["name"] == before
    assert pinterest.status(filled).name == "Long gone buyers"


def test_a_list_without_an_audience_is_kept_equal_and_said_not_to_be_targetable(open_pinterest, desk):
    client = open_pinterest(make_audience=False)
    external_id = client.ensure(desk.remote())
    client.add(external_id, Batch([desk.row(f"person{number}") for number in range(100)], 1))
    status = client.status(external_id)
    assert (status.usable, "not targetable" in status.note, status.name) == (False, True, "Lapsed buyers")
    assert audiences(desk) == []


def test_a_list_of_a_hundred_is_usable(pinterest, filled, desk):
    assert "100 people" in pinterest.status(filled).note
    pinterest.add(filled, Batch([desk.row(f"person{number}") for number in range(100)], 1))
    status = pinterest.status(filled)
    assert (status.usable, status.size_lower, status.note) == (True, 101, "ready for use")


def test_a_creation_that_failed_may_be_tried_again_in_the_same_run(pinterest, desk):
    external_id = pinterest.ensure(desk.remote())
    desk.fails("server_error", "create")
    with pytest.raises(Unavailable):
        pinterest.add(external_id, desk.batch(desk.row("ann")))
    pinterest.add(external_id, desk.batch(desk.row("ann")))
    assert len(desk.only()["people"]) == 1


def test_a_list_that_another_run_was_to_make_is_gone_and_not_half_filled(open_pinterest, desk):
    external_id = open_pinterest().ensure(desk.remote())
    later = open_pinterest()
    assert later.ensure(desk.remote(external_id=external_id)) == external_id
    with pytest.raises(Gone):
        later.add(external_id, desk.batch(desk.row("ann")))
    assert desk.lists() == []


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"id": "x1"}, "digits only"),
        ({"access_token": None}, "refresh_token"),
        ({"rows_per_request": 0}, "rows_per_request"),
    ],
)
def test_a_wrong_setting_is_named(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        open_account(endpoint=None, account={"id": "1", "access_token": TOKEN, **settings})


def test_every_status_stands_on_the_page():
    table = PAGE[PAGE.index("## Errors") : PAGE.index("## The stand-in")]
    assert set(RULES) <= {int(one) for one in re.findall(r"\b(4\d\d)\b", table)}


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"records": ""}, 400),
        ({"records": None}, 400),
        ({"records": "ann@example.com"}, 400),
        ({"records": GOOD.upper()}, 400),
        ({"records": ",".join([GOOD] * 10_001)}, 400),
        ({"records": ",".join([GOOD] * 16_000)}, 413),
        ({"operation_type": "REPLACE"}, 400),
    ],
    ids=["empty", "none", "plain", "upper", "too many", "too large", "replace"],
)
def test_the_stand_in_refuses_a_change_that_pinterest_would_refuse(filled, desk, wrong, status):
    number = desk.only()["id"]

    def asked(values):
        body = {"operation_type": "ADD", "records": GOOD, **values}
        return desk.raw("PATCH", f"v5/ad_accounts/{desk.account}/customer_lists/{number}", json=body).status_code

    assert asked({}) == 200
    assert asked(wrong) == status
