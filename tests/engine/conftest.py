"""One sandbox for all tests of the engine; each test has a shop, a ledger and an ad account of its own."""

from __future__ import annotations

import uuid

import pytest
from engine_shop import Shop

from audiences.sandbox.server import Sandbox

BELIEFS = {"tokens": ["sandbox-token"], "terms_accepted": True, "usage_percent": 0, "calls_per_hour": None}


@pytest.fixture(scope="session")
def running_sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox):
    running_sandbox.control(
        believe=BELIEFS, faults=[], clock_offset_seconds=0, processing_seconds=0, reset_requests=True
    )
    return running_sandbox


@pytest.fixture
def open_shop(tmp_path, sandbox):
    """Open a shop; keyword arguments are settings of its ad account."""

    def open_one(name="shop", **account):
        folder = tmp_path / name
        folder.mkdir()
        account = {"id": f"act_{uuid.uuid4().hex[:12]}", **account}
        return Shop(folder, sandbox.endpoint("meta"), sandbox, **account)

    return open_one


@pytest.fixture
def shop(open_shop):
    return open_shop()
