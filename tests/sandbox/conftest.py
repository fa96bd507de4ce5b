"""One sandbox for the tests of the stand-ins; they speak plain HTTP, as no client of ours would."""

from __future__ import annotations

import hashlib
import json
import uuid

import httpx
import pytest

from audiences.sandbox.server import Sandbox


class Graph:
    """The Graph API of a sandbox over plain HTTP, for one ad account."""

    def __init__(self, sandbox, account):
        self.account = account
        self.client = httpx.Client(base_url=f"{sandbox.url}/meta/v26.0/", trust_env=False, timeout=30)
        self.client.params = {"access_token": "sandbox-token"}

    def create(self, **values):
        body = {"name": "Lapsed", "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY", **values}
        answer = self.client.post(
            f"{self.account}/customaudiences", data={k: v for k, v in body.items() if v is not None}
        )
        return answer.json()

    def users(self, number, rows, *, schema=("EMAIL", "PHONE"), session=None, **values):
        schema = list(schema) if isinstance(schema, tuple) else schema
        body = {"payload": json.dumps({"schema": schema, "data": rows}), **values}
        if session is not None:
            body["session"] = json.dumps(session)
        return self.client.post(f"{number}/users", data=body)


@pytest.fixture(scope="session")
def running_sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox):
    beliefs = {"tokens": ["sandbox-token"], "terms_accepted": True, "usage_percent": None, "calls_per_hour": None}
    running_sandbox.control(
        believe=beliefs, faults=[], clock_offset_seconds=0, processing_seconds=0, reset_requests=True
    )
    return running_sandbox


@pytest.fixture
def graph_of():
    """Open the Graph API of any sandbox for an ad account."""
    opened = []

    def open_graph(sandbox, account="act_1"):
        opened.append(Graph(sandbox, account))
        return opened[-1]

    yield open_graph
    for graph in opened:
        graph.client.close()


@pytest.fixture
def graph(sandbox, graph_of):
    return graph_of(sandbox, f"act_{uuid.uuid4().hex[:12]}")


@pytest.fixture
def hashed():
    return lambda text: hashlib.sha256(text.encode()).hexdigest() if text else ""
