"""The engine's shop and sandbox for the tests of erasure, and a shop whose persons have real addresses and numbers."""

from __future__ import annotations

import contextlib
import sys
import uuid
from pathlib import Path

import pytest

from audiences.ledger import open_ledger
from audiences.sandbox.server import Sandbox

sys.path.append(str(Path(__file__).parents[1] / "engine"))  # the shop of the engine's tests

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
    """Open a shop; its ledger stays open in this process unless `free_ledger` gives it to others."""
    from erasure_shop import ErasureShop

    with contextlib.ExitStack() as ledgers:

        def open_one(name="shop", *, free_ledger=False, **account):
            folder = tmp_path / name
            folder.mkdir()
            account = {"id": f"act_{uuid.uuid4().hex[:12]}", **account}
            shop = ErasureShop(folder, sandbox.endpoint("meta"), sandbox, **account)
            if not free_ledger:
                ledgers.enter_context(open_ledger(shop.settings))
            return shop

        yield open_one


@pytest.fixture
def shop(open_shop):
    return open_shop()


@pytest.fixture(scope="session")
def people_entry_point(tmp_path_factory):
    """Let entry points of this process find the platform in memory."""
    from engine_people import ENTRY_POINTS, METADATA

    folder = tmp_path_factory.mktemp("people")
    info = folder / "engine_people-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA, encoding="utf-8")
    (info / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield


@pytest.fixture
def installed_people(people_entry_point):
    """The id of an account of its own on the platform in memory."""
    from engine_people import SHELVES, Shelf

    account = uuid.uuid4().hex
    SHELVES[account] = Shelf()
    yield account
    del SHELVES[account]
