"""Google's client on the sandbox, with a clock that nobody waits for, and the sandbox over plain HTTP."""

from __future__ import annotations

import contextlib
import random
from datetime import UTC, datetime

import httpx
import pytest
from google_shop import INSTALLED, METADATA, GoogleShop

from audiences.domain import HashRow
from audiences.platforms.google import opened
from audiences.platforms.google_account import read_account
from audiences.platforms.google_wire import Wire
from audiences.sandbox.google import GoogleControl

TOKEN = "sandbox-token"
EVENING = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""Eight in the evening in California: four hours until the day's quota begins anew."""


class Time:
    """A clock that sleeping moves at once; the sandbox's moves with it when `when_slept` says how."""

    def __init__(self):
        self.now, self.slept, self.when_slept = 1000.0, [], lambda: None

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds
        self.when_slept()


@pytest.fixture
def time():
    return Time()


@pytest.fixture(scope="session")
def platform():
    return "google"


@pytest.fixture(scope="session")
def beliefs():
    return GoogleControl(requests_per_minute=None, requests_per_day=None).model_dump()


@pytest.fixture
def account_id():
    return f"{random.randrange(10**9, 10**10)}"


@pytest.fixture
def believe(sandbox):
    """Change what the stand-in believes."""
    return lambda **beliefs: sandbox.control(platform="google", believe=beliefs)


@pytest.fixture
def open_google(sandbox, account_id, time):
    """Open the test's account; keyword arguments are settings of the account."""
    with contextlib.ExitStack() as stack:

        def open_account(*, endpoint=None, **settings):
            values = {"id": account_id, "access_token": TOKEN, "terms_accepted": True, **settings}
            account = read_account(values)
            address = endpoint or sandbox.endpoint("google")
            wire = Wire(account, address, clock=time.clock, sleep=time.sleep, now=lambda: EVENING)
            google = opened(account, wire)
            stack.callback(google.close)
            return google

        yield open_account


@pytest.fixture
def google(open_google):
    return open_google()


@pytest.fixture
def external_id(google, remote):
    return google.ensure(remote())


@pytest.fixture
def row_of(hashed):
    """An upload row: e-mail, phone, given and family name hashed, region and postcode as they are."""

    def make(email="", phone="", given="", family="", region="", postcode=""):
        return HashRow(",".join([*map(hashed, (email, phone, given, family)), region, postcode]))

    return make


@pytest.fixture
def kinds(sandbox):
    """How often each kind of request was made."""
    return lambda: {entry["kind"]: entry["count"] for entry in sandbox.inspect("google").requests()["counts"]}


@pytest.fixture
def plain(sandbox):
    """The stand-in over plain HTTP, as no client of ours would speak to it."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=f"{sandbox.url}/google/v1/", headers=headers, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The platform's entry point, also where the package was installed before it had one."""
    folder = tmp_path_factory.mktemp("installed")
    info = folder / "google_for_tests-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA, encoding="utf-8")
    (info / "entry_points.txt").write_text(INSTALLED, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield


@pytest.fixture(scope="session")
def shop_kind():
    return GoogleShop
