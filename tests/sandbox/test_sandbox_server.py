"""The sandbox as a server: it remembers when told to, fails as a file says, and goes when its owner goes."""

from __future__ import annotations

import subprocess
import sys
import time

import httpx
import pytest

from audiences.errors import Busy, ConfigError
from audiences.sandbox.faults import Fault, FaultScript, load_faults
from audiences.sandbox.server import Sandbox, run


def test_lists_and_people_outlive_the_server_in_a_file(tmp_path, hashed, graph_of):
    state = tmp_path / "sandbox.sqlite"
    with Sandbox(state=state) as first:
        graph = graph_of(first)
        audience = graph.create()["id"]
        graph.users(audience, [[hashed("ann@"), hashed("555")]])
    with Sandbox(state=state) as second:
        (kept,) = second.inspect("meta").lists()
        people = second.inspect("meta").list(audience)["people"]
    assert (kept["id"], kept["people"]) == (audience, 1)
    assert people == [sorted([hashed("ann@"), hashed("555")])]


def test_the_null_sink_counts_and_forgets(graph_of):
    with Sandbox(null_sink=True) as sink:
        graph = graph_of(sink)
        audience = graph.create()["id"]
        body = "payload=%7B%22data%22%3A%5B%5B%22a%22%5D%2C%5B%22b%22%5D%2C%5B%22c%22%5D%5D%7D"
        answer = graph.client.post(f"{audience}/users", content=body).json()
        assert answer["num_received"] == 3
        assert sink.inspect("meta").list(audience)["people"] == []


def test_a_sandbox_ends_with_the_process_that_started_it():
    code = (
        "import os\nfrom audiences.sandbox.server import Sandbox\n"
        "sandbox = Sandbox().__enter__()\nos.write(1, sandbox.url.encode())\nos._exit(9)\n"
    )
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert started.stdout.startswith("http://127.0.0.1:")
    deadline = time.monotonic() + 15
    while is_up(started.stdout) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_up(started.stdout)


def is_up(url):
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


def test_a_port_that_is_taken_is_said(sandbox):
    with pytest.raises(Busy, match="is taken"):
        run(port=int(sandbox.url.rsplit(":", 1)[1]))


def test_an_unknown_platform_list_or_wish_is_refused(sandbox):
    with pytest.raises(LookupError):
        sandbox.inspect("orkut").lists()
    with pytest.raises(LookupError):
        sandbox.inspect("meta").list("1")
    with pytest.raises(ValueError, match="colour"):
        sandbox.control(believe={"colour": "blue"})
    with pytest.raises(ValueError, match="refuses"):
        sandbox.control(weather="fine")


def test_registered_people_decide_who_is_who(sandbox, graph, hashed):
    sandbox.register([[hashed("reg-ann@"), hashed("reg-ann-old@")]])
    audience = graph.create()["id"]
    graph.users(audience, [[hashed("reg-ann@"), ""]])
    graph.users(audience, [[hashed("reg-ann-old@"), ""]], method="delete")
    assert sandbox.inspect("meta").list(audience)["people"] == []


def test_the_server_says_nothing_of_a_request(capfd, hashed, graph_of):
    with Sandbox() as quiet:
        graph = graph_of(quiet)
        graph.users(graph.create()["id"], [[hashed("ann@"), ""]])
        quiet.control(faults=[{"do": "cut_before"}])
        with pytest.raises(httpx.TransportError):
            graph.client.get("act_1")
    said = "".join(capfd.readouterr())
    assert said == ""


def test_faults_come_from_a_file(tmp_path, graph_of):
    file = tmp_path / "faults.yaml"
    file.write_text("faults:\n  - {do: html, on: find, after: 1}\n")
    with Sandbox(faults=file) as faulty:
        graph = graph_of(faulty)
        answers = [graph.client.get("act_1/customaudiences") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 503, 200]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("faults:\n  - {do: throtle}\n", "faults.yaml:2: do: .*did you mean throttle"),
        ("faults:\n  - do: html\n  - {do: html, tims: 3}\n", "faults.yaml:3: tims: .*did you mean times"),
        ("fautls: []\n", "a list under the key faults"),
        ("faults: [\n", "not YAML"),
    ],
)
def test_a_wrong_faults_file_is_explained(tmp_path, text, message):
    file = tmp_path / "faults.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_faults(file)


def test_a_missing_faults_file_is_said(tmp_path):
    with pytest.raises(ConfigError, match="no such faults file"):
        load_faults(tmp_path / "none.yaml")


def strikes(fault, kinds, *, body=b""):
    script = FaultScript([fault])
    return [script.strike("meta", kind, writing=kind == "add", body=body) is not None for kind in kinds]


def test_a_fault_strikes_after_so_many_and_so_often():
    assert strikes(Fault(do="html", after=1, times=2), ["find"] * 5) == [False, True, True, False, False]
    assert strikes(Fault(do="html", times="always"), ["find"] * 3) == [True, True, True]


def test_a_fault_is_for_kinds_of_requests():
    assert strikes(Fault(do="html", on="add", times="always"), ["find", "add"]) == [False, True]
    assert strikes(Fault(do="html", on="read", times="always"), ["find", "add"]) == [True, False]
    assert strikes(Fault(do="html", on="write", times="always"), ["find", "add"]) == [False, True]
    assert strikes(Fault(do="html", platform="google"), ["find"]) == [False]


def test_a_fault_of_a_list_passes_requests_that_are_about_none():
    script = FaultScript([Fault(do="list_deleted"), Fault(do="processing_fails")])
    struck = [
        script.strike("meta", "any", writing=True, body=b"", about=about) for about in ("account", "list", "rows")
    ]
    assert [fault and fault.do for fault in struck] == [None, "list_deleted", "processing_fails"]


def test_a_fault_may_wait_for_a_hash():
    assert strikes(Fault(do="error", containing=("abc",)), ["add"], body=b"xyz") == [False]
    assert strikes(Fault(do="error", containing=("abc",)), ["add"], body=b"xabcx") == [True]
