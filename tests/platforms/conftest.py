"""One sandbox for all tests of platforms; each test has an ad account of its own and a clock that nobody waits for."""

from __future__ import annotations

import hashlib
import itertools
import uuid

import pytest

from audiences.domain import HashRow, ListId
from audiences.platforms.base import Batch, RemoteList
from audiences.platforms.meta import Meta
from audiences.platforms.meta_account import read_account
from audiences.platforms.meta_wire import Wire
from audiences.sandbox.server import Sandbox

TOKEN = "sandbox-token"
BELIEFS = {
    "tokens": [TOKEN],
    "permissions": ["ads_management", "ads_read"],
    "terms_accepted": True,
    "accounts": None,
    "usage_percent": 0,
    "calls_per_hour": None,
    "samples_as_list": False,
    "max_lists": 500,
}


class Time:
    """A clock that sleeping moves at once."""

    def __init__(self):
        self.now, self.slept = 1000.0, []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


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
def account_id():
    return f"act_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def open_meta(sandbox, account_id, time):
    """Open the test's ad account; keyword arguments are settings of the account."""
    opened = []

    def open_account(*, endpoint=None, **settings):
        account = read_account({"id": account_id, "access_token": TOKEN, **settings})
        wire = Wire(account, endpoint or sandbox.endpoint("meta"), clock=time.clock, sleep=time.sleep)
        opened.append(Meta(account, wire))
        return opened[-1]

    yield open_account
    for meta in opened:
        meta.close()


@pytest.fixture
def meta(open_meta):
    return open_meta()


@pytest.fixture
def remote():
    """What the ledger wants at the platform; keyword arguments replace single values."""

    def make(**values):
        wanted = {"list_id": ListId("lapsed@meta:main"), "name": "Lapsed buyers", "ledger_id": "ledger1"}
        return RemoteList(**{**wanted, "environment": "demo", **values})

    return make


@pytest.fixture
def hashed():
    def one(text):
        return hashlib.sha256(text.encode()).hexdigest() if text else ""

    return one


@pytest.fixture
def row_of(hashed):
    """An upload row: e-mail, phone and the six parts of name and address, each hashed when given."""

    def make(email="", phone="", *parts):
        return HashRow(",".join(hashed(part) for part in (email, phone, *parts, *[""] * (6 - len(parts)))))

    return make


@pytest.fixture
def batch():
    numbers = itertools.count(1)
    return lambda *rows: Batch(rows, next(numbers))


@pytest.fixture
def people_on(sandbox):
    """How many people the sandbox holds for a list."""
    return lambda external_id: len(sandbox.inspect("meta").list(external_id)["people"])
