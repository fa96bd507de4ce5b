"""Fixtures of all tests that sync: one sandbox for the session, and for each test an ad account, a shop and a ledger of its own.

A folder of tests says by `shop_kind` which shop it wants, and by `platform` and `beliefs` which stand-in is set back.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import uuid

import engine_people
import pytest
from engine_shop import Shop

from audiences.domain import ListId
from audiences.ledger import open_ledger
from audiences.platforms.base import Batch, RemoteList
from audiences.sandbox.meta import MetaControl
from audiences.sandbox.server import Sandbox


@pytest.fixture(scope="session")
def running_sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="session")
def platform():
    return "meta"


@pytest.fixture(scope="session")
def beliefs():
    """What the platform's stand-in believes when a test begins."""
    return MetaControl(usage_percent=0).model_dump()


@pytest.fixture
def sandbox(running_sandbox, platform, beliefs):
    running_sandbox.control(
        platform=platform,
        believe=beliefs,
        faults=[],
        clock_offset_seconds=0,
        processing_seconds=0,
        reset_requests=True,
    )
    return running_sandbox


@pytest.fixture
def fails(sandbox, platform):
    """Have a request of the platform fail."""
    return lambda do, on="any", **how: sandbox.control(faults=[{"platform": platform, "do": do, "on": on, **how}])


# A shop ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def shop_kind():
    return Shop


@pytest.fixture
def open_shop(tmp_path, sandbox, platform, shop_kind):
    """Open a shop; keyword arguments are settings of its account.

    Its ledger stays open in this process, so that each step opens it in no time; `free_ledger` gives it to others.
    """
    with contextlib.ExitStack() as ledgers:

        def open_one(name="shop", *, free_ledger=False, **account):
            folder = tmp_path / name
            folder.mkdir()
            shop = shop_kind(folder, sandbox.endpoint(platform), sandbox, **account)
            if not free_ledger:
                shop.kept_ledger = ledgers.enter_context(open_ledger(shop.settings))
                shop.kept_ledger.connection.execute("set threads = 1")  # quicker where there are few rows
            return shop

        yield open_one


@pytest.fixture
def shop(open_shop):
    return open_shop()


@pytest.fixture(scope="module")
def people_platform(tmp_path_factory):
    """The platform in memory, found by its entry point like any other."""
    folder = tmp_path_factory.mktemp("installed")
    info = folder / "engine_people-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(engine_people.METADATA, encoding="utf-8")
    (info / "entry_points.txt").write_text(engine_people.ENTRY_POINTS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield


# A platform without a shop --------------------------------------------------------------------------------------------


@pytest.fixture
def account_id(shop_kind):
    return f"{shop_kind.account_kind}_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def remote(platform):
    """What the ledger wants at the platform; keyword arguments replace single values."""

    def make(**values):
        wanted = {"list_id": ListId(f"lapsed@{platform}:main"), "name": "Lapsed buyers", "ledger_id": "ledger1"}
        return RemoteList(**{**wanted, "environment": "demo", **values})

    return make


@pytest.fixture
def hashed(account_id):
    """The hash of a text, another one in each test: nobody is the same person in two tests."""
    return lambda text: hashlib.sha256(f"{account_id} {text}".encode()).hexdigest() if text else ""


@pytest.fixture
def batch():
    numbers = itertools.count(1)
    return lambda *rows: Batch(rows, next(numbers))


@pytest.fixture
def people_on(sandbox, platform):
    """How many people the sandbox holds for a list."""
    return lambda external_id: len(sandbox.inspect(platform).list(external_id)["people"])
