"""TikTok: what leaves for a segment and for a customer file, and how TikTok's codes are taken."""

from __future__ import annotations

import hashlib
import json
import random
import re
from pathlib import Path

import pytest
from http_accounts import TOKEN, Desk, FakeTime, wire_for

from audiences.errors import ConfigError, Gone, RateLimited, RejectedRequest, RejectedRows
from audiences.platforms.base import Batch
from audiences.platforms.list_marks import mark_of, marked_name
from audiences.platforms.tiktok import KIND, TikTok, open_account
from audiences.platforms.tiktok_account import read_account
from audiences.platforms.tiktok_errors import RULES, dialect
from audiences.platforms.tiktok_lists import TikTokLists
from audiences.platforms.tiktok_payload import file_of
from audiences.sandbox.tiktok import TikTokControl

PAGE = (Path(__file__).parents[2] / "docs" / "platforms" / "tiktok.md").read_text()


@pytest.fixture(scope="session")
def platform():
    return "tiktok"


@pytest.fixture(scope="session")
def beliefs():
    return TikTokControl().model_dump()


@pytest.fixture
def desk(sandbox):
    return Desk("tiktok", sandbox, str(random.randrange(10**12, 10**13)))


@pytest.fixture
def open_tiktok(desk):
    opened = []

    def open_one(**settings):
        account = {"id": desk.account, "access_token": TOKEN, "tries": 2, **settings}
        opened.append(open_account(endpoint=desk.sandbox.endpoint("tiktok"), account=account))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def tiktok(open_tiktok):
    return open_tiktok()


@pytest.fixture
def external_id(tiktok, desk):
    return tiktok.ensure(desk.remote())


@pytest.fixture
def files(open_tiktok, desk):
    desk.believes(min_file_people=0)
    return open_tiktok(upload="files")


def test_a_segment_gets_the_plain_address_and_the_phone_with_a_plus(tiktok, external_id, desk):
    tiktok.add(external_id, desk.batch(desk.row("ann", "+1555", "ann stripped", "1555")))
    held = desk.only()
    assert held["schema"] == ["EMAIL_SHA256", "PHONE_SHA256"]
    assert held["rows"] == [desk.row("ann", "+1555")]


def test_a_row_with_nothing_for_a_segment_is_counted_with_its_place(tiktok, external_id, desk):
    rows = (desk.row("ann", "", "", ""), desk.row("", "", "bob stripped", ""), desk.row("", "+1555", "", ""))
    outcome = tiktok.add(external_id, desk.batch(*rows))
    assert (outcome.received, outcome.invalid, outcome.invalid_rows) == (3, 1, (1,))
    assert desk.only()["people"] == sorted([[desk.hashed("ann")], [desk.hashed("+1555")]])


def test_a_file_has_both_forms_and_the_second_only_where_it_differs(desk):
    rows = (desk.row("ann", "+1555", "ann stripped", "1555"), desk.row("bob", "", "bob", ""))
    header, first, second, end = file_of(rows).decode().split("\n")
    assert header == "EMAIL_SHA256,EMAIL_SHA256,PHONE_SHA256,PHONE_SHA256"
    assert first == desk.row("ann", "ann stripped", "+1555", "1555")
    assert second == desk.row("bob", "", "", "")
    assert end == ""


def test_by_files_the_first_rows_make_the_audience_and_each_form_removes_the_person(files, desk):
    external_id = files.ensure(desk.remote())
    assert desk.lists() == []
    assert files.status(external_id).size_upper == 0
    files.add(external_id, desk.batch(desk.row("ann", "+1555", "ann stripped", "1555"), desk.row("bob", "", "", "")))
    assert len(desk.only()["people"]) == 2
    files.remove(external_id, desk.batch(desk.row("", "", "", "1555")))
    assert desk.only()["people"] == [[desk.hashed("bob")]]


def test_a_file_that_would_leave_too_few_changes_nothing_and_blames_no_row(files, desk):
    external_id = files.ensure(desk.remote())
    rows = [desk.row(f"person{number}", "", "", "") for number in range(12)]
    files.add(external_id, Batch(rows, 1))
    desk.believes(min_file_people=10)
    with pytest.raises(RejectedRequest, match="1,000 people or more") as refused:
        files.remove(external_id, Batch(rows[:5], 2))
    assert not isinstance(refused.value, RejectedRows)
    assert len(desk.only()["people"]) == 12


def test_a_long_label_is_cut_and_its_mark_is_not(open_tiktok, desk):
    label = "Everybody who has bought a guitar but neither strings nor a strap since the spring"
    external_id = open_tiktok().ensure(desk.remote(name=label))
    (kept,) = desk.lists()
    assert len(kept["name"]) <= 70
    assert kept["name"].startswith("Everybody who has bought a guitar")
    assert kept["name"].endswith(mark_of(desk.remote()).ending)
    assert open_tiktok().ensure(desk.remote(name=label)) == external_id


def test_a_name_keeps_no_two_marks(desk):
    mark = mark_of(desk.remote())
    assert marked_name(marked_name("Lapsed", mark, 70), mark, 70) == f"Lapsed {mark.ending}"


def test_when_the_list_is_gone_no_row_is_blamed(tiktok, external_id, desk):
    desk.fails("list_deleted", "add")
    with pytest.raises(Gone):
        tiktok.add(external_id, desk.batch(desk.row("ann", "", "", "")))


def test_an_audience_of_a_thousand_is_usable(tiktok, external_id, desk):
    assert "1,000" in tiktok.status(external_id).note
    tiktok.add(external_id, Batch([desk.row(f"person{number}", "", "", "") for number in range(1000)], 1))
    status = tiktok.status(external_id)
    assert (status.usable, status.size_lower, status.size_upper, status.note) == (True, 1000, 1000, "ready for use")


def test_a_list_is_found_behind_many_pages(open_tiktok, desk):
    first = open_tiktok().ensure(desk.remote())
    filler = open_tiktok()
    for number in range(101):
        filler.ensure(desk.remote(list_id=f"other{number}@tiktok:main"))
    assert open_tiktok().ensure(desk.remote()) == first


def test_a_throttle_is_waited_out_as_long_as_the_settings_say(desk):
    time = FakeTime()
    account = read_account({"id": desk.account, "access_token": TOKEN, "throttle_seconds": 7})
    wire = wire_for(account, desk.sandbox.endpoint("tiktok"), dialect(7, 0.0), time)
    client = TikTok(TikTokLists(account, wire))
    external_id = client.ensure(desk.remote())
    desk.fails("throttle", "add", times=2)
    client.add(external_id, desk.batch(desk.row("ann", "", "", "")))
    client.close()
    assert time.slept == [7, 7]


def test_a_check_says_what_is_not_in_order(tiktok, desk):
    desk.believes(advertisers=["1"])
    (finding,) = tiktok.check()
    assert "grant" in finding


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"id": "act_1"}, "digits only"),
        ({"upload": "file"}, "streaming or files"),
        ({"acces_token": "secret"}, "did you mean access_token"),
        ({"access_token": ""}, "access_token"),
        ({"api_version": "1.3"}, "v1.3"),
    ],
)
def test_a_wrong_setting_is_named_and_never_shown(settings, sentence):
    with pytest.raises(ConfigError, match=sentence) as refused:
        open_account(endpoint=None, account={"id": "1", "access_token": TOKEN, **settings})
    assert "secret" not in str(refused.value)


def test_the_limits_are_those_of_the_way_of_sending():
    assert KIND.limits_for({}).rows_per_request == 1_000
    assert KIND.limits_for({"rows_per_request": 99_999}).rows_per_request == 10_000
    assert KIND.limits_for({"upload": "files"}).rows_per_request == 100_000
    assert KIND.limits_for({"upload": "files", "rows_per_request": 5_000}).rows_per_request == 5_000
    assert KIND.limits_for({"min_members": 0}).min_members == 0


def test_every_code_stands_on_the_page():
    listed = set(
        map(int, re.findall(r"\b(4\d{4}|5\d{4})\b", PAGE[PAGE.index("## Errors") : PAGE.index("## The stand-in")]))
    )
    assert set(RULES) == listed


GOOD = "ab" * 32


def mapping(**values):
    return {"advertiser_ids": ["{account}"], "action": "add", "id_schema": ["EMAIL_SHA256"], "batch_data": [], **values}


@pytest.mark.parametrize(
    "wrong",
    [
        {"id_schema": ["EMAIL"]},
        {"id_schema": ["EMAIL_SHA256", "EMAIL_SHA256"]},
        {"batch_data": []},
        {"batch_data": [[{}]]},
        {"batch_data": [[{"id": "ann@example.com", "audience_ids": ["{list}"]}]]},
        {"batch_data": [[{"id": GOOD.upper(), "audience_ids": ["{list}"]}]]},
        {"batch_data": [[{"id": GOOD, "audience_ids": ["1"]}]]},
        {"batch_data": [[{"id": GOOD, "audience_ids": ["{list}"]}, {}]]},
        {"batch_data": [[{"id": GOOD, "audience_ids": ["{list}"]}]] * 1001},
    ],
)
def test_the_stand_in_refuses_a_mapping_that_tiktok_would_refuse(external_id, desk, wrong):
    good = {"batch_data": [[{"id": GOOD, "audience_ids": ["{list}"]}]]}

    def asked(values):
        text = json.dumps(mapping(**values)).replace("{list}", external_id).replace("{account}", desk.account)
        answer = desk.raw("POST", "open_api/v1.3/segment/mapping/", content=text)
        return answer.status_code, answer.json()["code"]

    assert asked({**good, **wrong}) == (200, 40002)
    assert asked(good) == (200, 0)


def test_a_wait_longer_than_the_settings_allow_is_handed_on(open_tiktok, desk):
    client = open_tiktok(max_wait_seconds=10)
    desk.fails("throttle", "find")
    with pytest.raises(RateLimited) as refused:
        client.ensure(desk.remote())
    assert refused.value.wait == 60


def code_of(desk, path, **values):
    body = {"advertiser_id": desk.account, **values}
    return desk.raw("POST", f"open_api/v1.3/{path}/", json=body).json()["code"]


def uploaded(desk, rows, *, calculate_type="EMAIL_SHA256", file_name="customers.csv", header="EMAIL_SHA256"):
    content = "\n".join([header, *rows]).encode()
    signature = hashlib.md5(content, usedforsecurity=False).hexdigest()
    fields = {"advertiser_id": desk.account, "calculate_type": calculate_type, "file_name": file_name}
    answer = desk.raw(
        "POST",
        "open_api/v1.3/dmp/custom_audience/file/upload/",
        data={**fields, "file_signature": signature},
        files={"file": ("customers.csv", content)},
    ).json()
    return answer["data"].get("file_path") if answer["code"] == 0 else answer["code"]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("segment/audience", {"action": "rename", "custom_audience_name": "A"}),
        ("segment/audience", {"custom_audience_name": "A"}),
        ("dmp/custom_audience/delete", {"custom_audience_ids": []}),
    ],
)
def test_the_stand_in_refuses_an_action_that_tiktok_has_not(desk, path, values):
    assert code_of(desk, path, **values) == 40002
    assert desk.lists() == []


def test_the_stand_in_deletes_up_to_a_hundred_at_once(open_tiktok, desk):
    client = open_tiktok()
    numbers = [client.ensure(desk.remote(list_id=f"a{number}@tiktok:main")) for number in range(3)]
    assert code_of(desk, "dmp/custom_audience/delete", custom_audience_ids=numbers * 34) == 40002
    assert len(desk.lists()) == 3
    assert code_of(desk, "dmp/custom_audience/delete", custom_audience_ids=numbers[:2]) == 0
    assert [kept["id"] for kept in desk.lists()] == numbers[2:]


def test_the_stand_in_takes_a_devices_id_as_its_type_says(external_id, desk):
    def asked(key, value):
        cell = {"id": value, "audience_ids": [external_id]}
        values = {"advertiser_ids": [desk.account], "id_schema": [key], "batch_data": [[cell]]}
        return [code_of(desk, "segment/mapping", action=action, **values) for action in ("add", "replace")]

    assert asked("AAID_MD5", GOOD[:32]) == asked("AAID_SHA256", GOOD) == [0, 40002]
    assert asked("AAID_MD5", GOOD) == asked("AAID_SHA256", GOOD[:32]) == [40002, 40002]


def test_the_stand_in_keeps_the_type_of_an_audiences_files(desk):
    desk.believes(min_file_people=0)
    other = uploaded(desk, ["cd" * 32], calculate_type="PHONE_SHA256", header="PHONE_SHA256")
    good = {"custom_audience_name": "A", "calculate_type": "EMAIL_SHA256", "file_paths": [uploaded(desk, [GOOD])]}
    create = "dmp/custom_audience/create"
    assert code_of(desk, create, **{**good, "calculate_type": "PHONE_SHA256"}) == 40002
    assert code_of(desk, create, **{**good, "file_paths": [*good["file_paths"], other]}) == 40002
    assert [code_of(desk, create, **good, retention_in_days=days) for days in (0, 366, 365)] == [40002, 40002, 0]
    (kept,) = desk.lists()
    change = {"custom_audience_id": kept["id"], "action": "APPEND"}
    assert code_of(desk, "dmp/custom_audience/update", **change, file_paths=[other]) == 40002
    assert code_of(desk, "dmp/custom_audience/update", **change, file_paths=[uploaded(desk, ["ef" * 32])]) == 0
    assert len(desk.only()["people"]) == 2


def test_the_stand_in_reads_only_files_that_tiktok_reads(desk):
    assert uploaded(desk, [GOOD], file_name="customers.xlsx") == 40908
    assert isinstance(uploaded(desk, [GOOD], file_name="customers.txt"), str)


def test_the_stand_in_says_what_is_wrong_and_never_a_value(external_id, desk):
    cell = {"id": "ann@example.com", "audience_ids": [external_id]}
    values = {"action": "add", "advertiser_ids": [desk.account], "id_schema": ["EMAIL_SHA256"], "batch_data": [[cell]]}
    answer = desk.raw("POST", "open_api/v1.3/segment/mapping/", json=values).json()
    assert answer["message"] == "id is no hash of its type in lower case"
