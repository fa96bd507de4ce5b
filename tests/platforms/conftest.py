"""Meta's client on the sandbox, with a clock that nobody waits for."""

from __future__ import annotations

import pytest

from audiences.domain import HashRow
from audiences.platforms.meta import Meta
from audiences.platforms.meta_account import read_account
from audiences.platforms.meta_wire import Wire

TOKEN = "sandbox-token"


class Time:
    """A clock that sleeping moves at once."""

    def __init__(self):
        self.now, self.slept = 1000.0, []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


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
def row_of(hashed):
    """An upload row: e-mail, phone and the six parts of name and address, each hashed when given."""

    def make(email="", phone="", *parts):
        return HashRow(",".join(hashed(part) for part in (email, phone, *parts, *[""] * (6 - len(parts)))))

    return make
