"""Each deed of a fault, seen over plain HTTP, and from the example file of the docs."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import get_args

import httpx
import pytest

from audiences.sandbox.faults import Deed, load_faults

DOCS = Path(__file__).parents[2] / "docs" / "sandbox.md"


@pytest.fixture
def audience(graph):
    return graph.create()["id"]


@pytest.fixture
def upload(graph, audience, hashed):
    return lambda *names, **values: graph.users(audience, [[hashed(name), ""] for name in names], **values)


def error_of(answer):
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("error_subcode")


def minutes_of(answer):
    return json.loads(answer.headers["x-business-use-case-usage"])["1"][0]["estimated_time_to_regain_access"]


def held(sandbox, audience):
    return len(sandbox.inspect("meta").list(audience)["people"])


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"do": "throttle"}, (400, 80003, 2446079)),
        ({"do": "server_error"}, (500, 2, None)),
        ({"do": "expired_token"}, (400, 190, 463)),
        ({"do": "no_permission"}, (403, 200, None)),
        ({"do": "terms"}, (403, 200, 1870090)),
        ({"do": "flagged"}, (400, 100, 1713230)),
        ({"do": "error", "code": 2650, "subcode": 1870145, "status": 409}, (409, 2650, 1870145)),
    ],
)
def test_a_refusal_has_metas_numbers_and_changes_nothing(sandbox, audience, upload, fault, expected):
    sandbox.control(faults=[{**fault, "on": "add"}])
    assert error_of(upload("ann@")) == expected
    assert held(sandbox, audience) == 0
    assert upload("ann@").is_success


@pytest.mark.parametrize(
    ("fault", "minutes"),
    [
        ({"do": "throttle"}, 1),
        ({"do": "throttle", "minutes": 7}, 7),
        ({"do": "error", "code": 17, "minutes": 7}, 7),
        ({"do": "error", "code": 17}, 0),
    ],
)
def test_a_throttle_says_in_the_header_how_long_to_wait(sandbox, upload, fault, minutes):
    sandbox.control(faults=[fault])
    assert minutes_of(upload("ann@")) == minutes


@pytest.mark.parametrize(("fault", "status"), [({}, 503), ({"status": 502}, 502), ({"status": 413}, 413)])
def test_a_page_comes_instead_of_data(sandbox, upload, fault, status):
    sandbox.control(faults=[{"do": "html", **fault}])
    answer = upload("ann@")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (status, "text/html")


@pytest.mark.parametrize(("deed", "people"), [("cut_before", 0), ("cut_after", 1)])
def test_a_connection_breaks_before_or_after_the_request_took_effect(sandbox, audience, upload, deed, people):
    sandbox.control(faults=[{"do": deed, "on": "add"}])
    with pytest.raises(httpx.TransportError):
        upload("ann@")
    assert held(sandbox, audience) == people


def test_a_slow_answer_comes_after_all(sandbox, audience, upload):
    sandbox.control(faults=[{"do": "slow", "on": "add", "seconds": 0.3}])
    began = time.monotonic()
    assert upload("ann@").is_success
    assert time.monotonic() - began >= 0.3
    assert held(sandbox, audience) == 1


def test_some_rows_are_invalid_and_the_others_are_taken(sandbox, audience, upload):
    sandbox.control(faults=[{"do": "invalid_rows", "rows": [0, 2]}])
    answer = upload("ann@", "bob@", "eve@").json()
    assert (answer["num_received"], answer["num_invalid_entries"]) == (3, 2)
    assert held(sandbox, audience) == 1


@pytest.mark.parametrize("method", ["post", "delete"])
def test_one_row_spoils_every_request_that_it_is_in(sandbox, audience, upload, hashed, method):
    upload("old@")
    spoilt = {"do": "error", "code": 100, "times": "always", "containing": [hashed("bob@")]}
    sandbox.control(faults=[spoilt])
    assert error_of(upload("ann@", "bob@", method=method)) == (400, 100, None)
    assert error_of(upload("bob@", method=method)) == (400, 100, None)
    assert upload("ann@", "eve@", method=method).is_success
    assert held(sandbox, audience) == (3 if method == "post" else 1)


def test_a_list_is_deleted_behind_ones_back(sandbox, graph, audience, upload):
    upload("ann@")
    sandbox.control(faults=[{"do": "list_deleted", "on": "add", "after": 1}])
    answers = [upload("bob@"), upload("eve@"), graph.client.get(audience)]
    assert [answer.is_success for answer in answers] == [True, False, False]
    assert error_of(answers[1]) == error_of(answers[2]) == (400, 100, 33)


def test_a_list_is_renamed_behind_ones_back(sandbox, graph, audience, upload):
    sandbox.control(faults=[{"do": "list_renamed", "name": "Spring"}])
    graph.client.get(graph.account)  # about no list, so it is not struck
    before = graph.client.get(graph.account, params={"fields": "id"})
    assert before.is_success
    assert upload("ann@").is_success
    assert graph.client.get(audience, params={"fields": "name"}).json()["name"] == "Spring"


@pytest.fixture
def example(tmp_path):
    (block,) = re.findall(r"```yaml\n(faults:.*?)```", DOCS.read_text(), flags=re.DOTALL)
    file = tmp_path / "faults.yaml"
    file.write_text(block)
    return file


def test_the_docs_show_every_deed_in_an_example_and_in_the_table(example):
    deeds = set(get_args(Deed))
    rows = set(re.findall(r"^\| `(\w+)` \|", DOCS.read_text(), flags=re.MULTILINE))
    assert len(deeds) == 15
    assert {fault.do for fault in load_faults(example)} == deeds
    assert deeds - rows == set()


def test_the_command_plays_a_faults_file(example):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "audiences", "sandbox", "--memory", "--port", str(port)]
    served = subprocess.Popen([*command, "--faults", str(example)], stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}/meta/v26.0/act_1/customaudiences?access_token=sandbox-token"
        answers = [ask_when_up(url), httpx.get(url, trust_env=False)]
    finally:
        served.terminate()
        served.wait(timeout=20)
    assert [answer.status_code for answer in answers] == [502, 200]


def ask_when_up(url):
    deadline = time.monotonic() + 30
    while True:
        try:
            return httpx.get(url, trust_env=False)
        except httpx.ConnectError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
