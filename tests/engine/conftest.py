"""One sandbox for all tests of the engine; each test has a shop, a ledger and an ad account of its own."""

from __future__ import annotations

import contextlib
import uuid

import pytest
from engine_shop import Shop

from audiences.ledger import open_ledger
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
    """Open a shop; keyword arguments are settings of its ad account.

    Its ledger stays open in this process, so that each step opens it in no time; `free_ledger` gives it to others.
    """
    with contextlib.ExitStack() as ledgers:

        def open_one(name="shop", *, free_ledger=False, **account):
            folder = tmp_path / name
            folder.mkdir()
            account = {"id": f"act_{uuid.uuid4().hex[:12]}", **account}
            shop = Shop(folder, sandbox.endpoint("meta"), sandbox, **account)
            if not free_ledger:
                ledgers.enter_context(open_ledger(shop.settings))
            return shop

        yield open_one


@pytest.fixture
def shop(open_shop):
    return open_shop()
