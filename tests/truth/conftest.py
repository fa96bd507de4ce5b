"""The engine's test shop with a clock that Meta's stand-in shares: hours and days pass for both."""

from __future__ import annotations

import contextlib
import sys
import uuid
from pathlib import Path

import pytest

from audiences.ledger import open_ledger
from audiences.sandbox.server import Sandbox

sys.path.append(str(Path(__file__).parents[1] / "engine"))  # the shop of the engine's tests

BELIEFS = {
    "tokens": ["sandbox-token"],
    "permissions": ["ads_management", "ads_read"],
    "terms_accepted": True,
    "usage_percent": 0,
    "calls_per_hour": None,
}


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
def fails(sandbox):
    """Have a request of Meta's stand-in fail."""
    return lambda do, on="any", **how: sandbox.control(faults=[{"do": do, "on": on, **how}])


@pytest.fixture
def open_shop(tmp_path, sandbox):
    """Open a shop; keyword arguments are settings of its ad account."""
    from truth_shop import TruthShop

    with contextlib.ExitStack() as ledgers:

        def open_one(name="shop", *, free_ledger=False, **account):
            folder = tmp_path / name
            folder.mkdir()
            account = {"id": f"act_{uuid.uuid4().hex[:12]}", **account}
            shop = TruthShop(folder, sandbox.endpoint("meta"), sandbox, **account)
            if not free_ledger:
                ledgers.enter_context(open_ledger(shop.settings))
            return shop

        yield open_one


@pytest.fixture
def shop(open_shop):
    """A shop whose platform takes six hours for each upload."""
    shop = open_shop()
    shop.sandbox.control(processing_seconds=6 * 3600)
    return shop
