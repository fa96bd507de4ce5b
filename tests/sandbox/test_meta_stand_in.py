"""Meta's stand-in refuses what Meta refuses, with Meta's own numbers."""

from __future__ import annotations

import json

import pytest
from facebook_business.adobjects.customaudience import CustomAudience
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession


def refusal(answer):
    error = (answer if isinstance(answer, dict) else answer.json())["error"]
    return error["code"], error.get("error_subcode")


@pytest.fixture
def audience(graph):
    return graph.create()["id"]


@pytest.mark.parametrize(
    "values",
    [{"customer_file_source": None}, {"customer_file_source": "MINE"}, {"name": ""}, {"subtype": "LOOKALIKE"}],
)
def test_a_list_needs_a_name_and_the_source_of_its_people(graph, values):
    assert refusal(graph.create(**values)) == (100, None)


def test_lists_come_in_pages(graph):
    made = [graph.create(name=f"List {number}")["id"] for number in range(5)]
    found, after = [], None
    for _ in range(3):
        params = {"limit": 2, "fields": "name", **({"after": after} if after else {})}
        page = graph.client.get(f"{graph.account}/customaudiences", params=params).json()
        found += [entry["id"] for entry in page["data"]]
        after = page["paging"]["cursors"]["after"]
    assert found == made[::-1]
    assert "next" not in page["paging"]


def test_lists_can_be_filtered_by_name(graph):
    graph.create(name="Lapsed")
    wanted = graph.create(name="Wishlisters")["id"]
    rule = json.dumps([{"field": "name", "operator": "CONTAIN", "value": "wish"}])
    page = graph.client.get(f"{graph.account}/customaudiences", params={"filtering": rule}).json()
    assert [entry["id"] for entry in page["data"]] == [wanted]


def test_a_large_page_is_refused(graph):
    answer = graph.client.get(f"{graph.account}/customaudiences", params={"limit": 500})
    assert (answer.status_code, refusal(answer)) == (500, (1, None))


def test_an_unknown_field_is_refused(graph, audience):
    assert refusal(graph.client.get(audience, params={"fields": "id,colour"})) == (100, None)


def test_a_list_that_never_was_is_refused(graph):
    assert refusal(graph.client.get("120219999999999999")) == (100, 33)


def test_a_list_can_be_renamed_and_deleted(graph, audience):
    assert graph.client.post(audience, data={"name": "New"}).json() == {"success": True}
    assert graph.client.get(audience, params={"fields": "name"}).json() == {"id": audience, "name": "New"}
    assert graph.client.delete(audience).json() == {"success": True}
    assert refusal(graph.client.get(audience)) == (100, 33)


def test_a_list_keeps_its_name_when_the_new_one_is_empty(graph, audience):
    assert refusal(graph.client.post(audience, data={"name": " "})) == (100, None)
    assert graph.client.get(audience, params={"fields": "name"}).json()["name"] == "Lapsed"


def test_a_deleted_list_cannot_be_deleted_or_renamed_again_and_its_id_is_not_given_anew(graph, audience):
    graph.client.delete(audience)
    assert (
        refusal(graph.client.delete(audience))
        == refusal(graph.client.post(audience, data={"name": "New"}))
        == (100, 33)
    )
    assert int(graph.create()["id"]) > int(audience)


def test_deleting_and_renaming_need_the_permission_to_manage(graph, audience, sandbox):
    sandbox.control(believe={"permissions": ["ads_read"]})
    answers = [graph.client.delete(audience), graph.client.post(audience, data={"name": "New"})]
    sandbox.control(believe={"permissions": ["ads_management", "ads_read"]})
    assert [refusal(answer) for answer in answers] == [(200, None), (200, None)]
    assert graph.client.get(audience, params={"fields": "name"}).json()["name"] == "Lapsed"


def test_a_list_of_an_account_that_is_not_there_is_not_there_either(graph, audience, sandbox):
    sandbox.control(believe={"accounts": ["act_other"]})
    answer = graph.client.get(audience)
    sandbox.control(believe={"accounts": None})
    assert refusal(answer) == (100, 33)


@pytest.mark.parametrize(
    ("schema", "row"),
    [
        (("EMAIL", "COLOUR"), ["", ""]),
        (("EMAIL", "EMAIL"), ["", ""]),
        ((), []),
        (("EMAIL", "PHONE"), [""]),
        (("EMAIL", "PHONE"), ["", "", ""]),
        (("EMAIL", "PHONE"), "text"),
    ],
)
def test_rows_must_fit_their_schema(graph, audience, schema, row):
    assert refusal(graph.users(audience, [row], schema=schema)) == (100, None)


def test_more_than_ten_thousand_rows_are_refused(graph, audience, hashed):
    row = [hashed("ann@example.com"), ""]
    assert refusal(graph.users(audience, [row] * 10_001)) == (100, None)
    assert graph.users(audience, [row] * 10_000).json()["num_received"] == 10_000


def test_an_upload_without_a_payload_is_refused(graph, audience):
    assert refusal(graph.client.post(f"{audience}/users", data={"payload": "nonsense"})) == (100, None)
    assert refusal(graph.client.post(f"{audience}/users")) == (100, None)


@pytest.mark.parametrize(
    "wrong",
    [
        "ann@example.com",
        "15551234567",
        "A" * 64,
        "a" * 63,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        None,
        7,
    ],
)
def test_what_is_no_hash_is_counted_and_the_rest_is_taken(graph, audience, hashed, sandbox, wrong):
    answer = graph.users(audience, [[hashed("ann@example.com"), ""], [wrong, ""]]).json()
    assert (answer["num_received"], answer["num_invalid_entries"]) == (2, 1)
    assert len(answer["invalid_entry_samples"]) == 1
    assert len(sandbox.inspect("meta").list(audience)["people"]) == 1


def test_what_a_person_is_worth_is_a_number_from_0_or_left_out(graph, audience, hashed):
    values = [44.5, 0, "", -1, "much", hashed("much")]
    rows = [[hashed(f"{number}@example.com"), value] for number, value in enumerate(values)]
    answer = graph.users(audience, rows, schema=("EMAIL", "LOOKALIKE_VALUE")).json()
    assert (answer["num_received"], answer["num_invalid_entries"]) == (6, 3)


def test_limited_data_use_is_said_in_metas_way(graph, audience, hashed):
    options = [
        [["LDU"], 1, 1000],
        [[], 0, 0],
        ["LDU", 1, 1000],
        [["ALL"], 1, 1000],
        [["LDU"], "US", 1000],
        [["LDU"], 1, -1],
    ]
    rows = [[hashed(f"{number}@example.com"), *cells] for number, cells in enumerate(options)]
    schema = ("EMAIL", *(f"DATA_PROCESSING_OPTIONS{part}" for part in ("", "_COUNTRY", "_STATE")))
    answer = graph.users(audience, [*rows, ["", ["LDU"], 1, 1000]], schema=schema).json()
    assert (answer["num_received"], answer["num_invalid_entries"]) == (7, 5)


def test_a_version_is_answered_until_meta_retires_it(graph, audience):
    old = graph.client.base_url.copy_with(path="/meta/v21.0/")
    assert graph.client.get(f"{old}{audience}").json() == {"id": audience}
    assert refusal(graph.client.get(f"{str(old).replace('v21', 'v20')}{audience}")) == (2635, None)


def test_an_empty_row_is_invalid(graph, audience):
    assert graph.users(audience, [["", ""]]).json()["num_invalid_entries"] == 1


def test_rows_of_another_shape_are_refused(graph, audience, hashed):
    graph.users(audience, [[hashed("ann@example.com"), ""]])
    assert refusal(graph.users(audience, [hashed("bob@example.com")], schema="EMAIL_SHA256")) == (2650, None)


def test_a_session_counts_over_its_batches(graph, audience, hashed):
    first = {"session_id": 11, "batch_seq": 1, "last_batch_flag": False}
    second = {"session_id": 11, "batch_seq": 2, "last_batch_flag": True}
    graph.users(audience, [[hashed("ann@example.com"), ""]], session=first)
    answer = graph.users(audience, [[hashed("bob@example.com"), ""]], session=second).json()
    assert (answer["session_id"], answer["num_received"]) == ("11", 2)
    (session,) = graph.client.get(f"{audience}/sessions").json()["data"]
    assert (session["session_id"], session["num_received"], session["stage"]) == ("11", "2", "completed")


def test_a_session_begins_with_its_first_batch(graph, audience, hashed):
    later = {"session_id": 12, "batch_seq": 2, "last_batch_flag": True}
    assert refusal(graph.users(audience, [[hashed("ann@"), ""]], session=later)) == (2650, 1870147)


def test_a_finished_session_takes_nothing_more(graph, audience, hashed):
    whole = {"session_id": 13, "batch_seq": 1, "last_batch_flag": True}
    graph.users(audience, [[hashed("ann@"), ""]], session=whole)
    assert refusal(graph.users(audience, [[hashed("ann@"), ""]], session=whole)) == (2650, 1870159)


def test_a_session_ends_after_ninety_minutes(graph, audience, hashed, sandbox):
    graph.users(audience, [[hashed("ann@"), ""]], session={"session_id": 14, "batch_seq": 1, "last_batch_flag": False})
    sandbox.control(clock_offset_seconds=91 * 60)
    late = {"session_id": 14, "batch_seq": 2, "last_batch_flag": True}
    assert refusal(graph.users(audience, [[hashed("bob@"), ""]], session=late)) == (2650, 1870158)


@pytest.mark.parametrize(
    "session",
    [
        {"session_id": 0, "batch_seq": 1},
        {"session_id": 2**63, "batch_seq": 1},
        {"session_id": "7", "batch_seq": 1},
        {"session_id": 7, "batch_seq": 0},
        {"session_id": 7, "batch_seq": 1, "last_batch_flag": "yes"},
    ],
)
def test_a_malformed_session_is_refused(graph, audience, hashed, session):
    assert refusal(graph.users(audience, [[hashed("ann@"), ""]], session=session)) == (100, None)


def test_a_removal_in_the_address_works_until_the_address_is_too_long(graph, audience, hashed, sandbox):
    rows = [[hashed(f"person{number}@"), ""] for number in range(500)]
    graph.users(audience, rows)
    few, many = (json.dumps({"schema": ["EMAIL", "PHONE"], "data": part}) for part in (rows[:3], rows))
    assert graph.client.delete(f"{audience}/users", params={"payload": few}).json()["num_received"] == 3
    too_long = graph.client.delete(f"{audience}/users", params={"payload": many})
    assert too_long.status_code == 414
    assert too_long.headers["content-type"].startswith("text/html")
    assert len(sandbox.inspect("meta").list(audience)["people"]) == 497


def test_the_token_may_stand_in_the_header(graph, audience):
    graph.client.params = {}
    assert graph.client.get(audience, headers={"Authorization": "Bearer sandbox-token"}).is_success
    assert refusal(graph.client.get(audience, headers={"Authorization": "Bearer another"})) == (190, None)
    assert refusal(graph.client.get(audience)) == (190, None)


def test_a_retired_version_and_an_unknown_path_are_refused(graph, sandbox):
    assert refusal(graph.client.get(f"{sandbox.url}/meta/v19.0/{graph.account}?access_token=sandbox-token")) == (
        2635,
        None,
    )
    assert refusal(graph.client.get(f"{graph.account}/campaigns")) == (2500, None)


def test_terms_that_are_not_accepted_are_refused(graph, audience, hashed, sandbox):
    sandbox.control(believe={"terms_accepted": False})
    assert refusal(graph.create()) == (200, 1870090)
    assert refusal(graph.users(audience, [[hashed("ann@"), ""]])) == (200, 1870090)
    assert graph.client.get(graph.account, params={"fields": "user_tos_accepted"}).json()["user_tos_accepted"] == {}


def test_a_flagged_list_takes_no_upload(graph, audience, hashed, sandbox):
    sandbox.control(believe={"lists": {audience: {"flagged": True}}})
    assert refusal(graph.users(audience, [[hashed("ann@"), ""]])) == (100, 1713230)
    status = graph.client.get(audience, params={"fields": "operation_status"}).json()["operation_status"]
    assert status["code"] == 471


def test_every_answer_says_how_much_of_the_budget_is_used(graph, audience):
    header = json.loads(graph.client.get(audience).headers["x-business-use-case-usage"])
    (entry,) = next(iter(header.values()))
    assert entry["type"] == "custom_audience"
    assert 0 <= entry["call_count"] <= 100
    assert entry["estimated_time_to_regain_access"] == 0


def test_who_uses_up_the_budget_is_throttled_until_the_hour_is_over(graph, sandbox):
    sandbox.control(believe={"calls_per_hour": 3, "tokens": ["spender"]})
    graph.client.params = {"access_token": "spender"}
    answers = [graph.client.get(graph.account) for _ in range(4)]
    entry = json.loads(answers[-1].headers["x-business-use-case-usage"])["1"][0]
    assert [answer.is_success for answer in answers] == [True, True, True, False]
    assert refusal(answers[-1]) == (80003, 2446079)
    assert 1 <= entry["estimated_time_to_regain_access"] <= 60
    sandbox.control(clock_offset_seconds=3600)
    assert graph.client.get(graph.account).is_success


def test_a_batch_shows_when_it_is_processed(graph, audience, hashed, sandbox):
    sandbox.control(processing_seconds=1800)
    graph.users(audience, [[hashed("ann@"), ""]])
    (before,) = [kept for kept in sandbox.inspect("meta").lists() if kept["id"] == audience]
    sandbox.control(clock_offset_seconds=1801)
    (after,) = [kept for kept in sandbox.inspect("meta").lists() if kept["id"] == audience]
    assert (before["people"], before["waiting"]) == (0, 1)
    assert (after["people"], after["waiting"]) == (1, 0)


def test_batches_that_wait_are_processed_in_their_order(graph, audience, hashed, sandbox):
    sandbox.control(processing_seconds=60)
    graph.users(audience, [[hashed("ann@"), ""], [hashed("bob@"), ""]])
    graph.users(audience, [[hashed("ann@"), ""]], method="delete")
    sandbox.control(clock_offset_seconds=61)
    assert sandbox.inspect("meta").list(audience)["people"] == [[hashed("bob@")]]


def test_requests_are_counted_by_kind_and_whether_they_write(graph, audience, hashed, sandbox):
    sandbox.control(reset_requests=True)
    graph.client.get(audience)
    graph.users(audience, [[hashed("ann@"), ""]])
    graph.users(audience, [[hashed("ann@"), ""]], method="delete")
    seen = sandbox.inspect("meta").requests()
    assert (seen["total"], seen["writes"]) == (3, 2)
    assert {entry["kind"] for entry in seen["counts"]} == {"read_list", "add", "remove"}


def test_metas_own_sdk_uploads_as_it_likes(graph, audience, hashed, sandbox):
    session = FacebookSession(access_token="sandbox-token")
    session.GRAPH = sandbox.endpoint("meta")
    payload = {"schema": ["EMAIL", "PHONE"], "data": [[hashed("ann@"), ""]]}
    CustomAudience(audience, api=FacebookAdsApi(session)).create_user(params={"payload": payload})
    session.requests.close()
    assert sandbox.inspect("meta").list(audience)["people"] == [[hashed("ann@")]]
