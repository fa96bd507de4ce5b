"""Accounts on the sandbox for platforms over plain HTTP, with a clock that nobody waits for."""

from __future__ import annotations

import hashlib

import httpx

from audiences.domain import HashRow
from audiences.platforms.base import Batch, RemoteList
from audiences.platforms.http_wire import Tokens, Wire

TOKEN = "sandbox-token"


class FakeTime:
    """A clock that sleeping moves at once."""

    def __init__(self):
        self.now, self.slept = 1000.0, []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        if seconds:
            self.slept.append(round(seconds, 3))
        self.now += seconds


class Desk:
    """One test's account on a platform of the sandbox: what is wanted, who is who, what the sandbox holds."""

    def __init__(self, platform, sandbox, account):
        self.platform, self.sandbox, self.account = platform, sandbox, account

    def hashed(self, text):
        return hashlib.sha256(f"{self.account} {text}".encode()).hexdigest() if text else ""

    def row(self, *cells):
        return HashRow(",".join(map(self.hashed, cells)))

    def batch(self, *rows):
        return Batch(rows, 1)

    def remote(self, **values):
        wanted = {"list_id": f"lapsed@{self.platform}:main", "name": "Lapsed buyers", "ledger_id": "ledger1"}
        return RemoteList(**{**wanted, "environment": "demo", **values})

    def fails(self, do, on="any", **how):
        self.sandbox.control(faults=[{"platform": self.platform, "do": do, "on": on, **how}])

    def believes(self, **beliefs):
        self.sandbox.control(platform=self.platform, believe=beliefs)

    def lists(self):
        return [kept for kept in self.sandbox.inspect(self.platform).lists() if kept["account"] == self.account]

    def only(self):
        (kept,) = self.lists()
        return {**kept, **self.sandbox.inspect(self.platform).list(kept["id"])}

    def requests(self, *kinds):
        newest = self.sandbox.inspect(self.platform).requests()["newest"]
        return [seen for seen in newest if not kinds or seen["kind"] in kinds]

    def raw(self, method, path, token=TOKEN, **request):
        """A request as no client of ours would make it."""
        headers = {"authorization": f"Bearer {token}", "access-token": token, **request.pop("headers", {})}
        address = f"{self.sandbox.endpoint(self.platform)}/{path}"
        with httpx.Client(trust_env=False) as client:
            return client.request(method, address, headers=headers, **request)


def wire_for(account, address, dialect, time, tokens=None):
    """A connection with a clock that nobody waits for."""
    return Wire(account, address, dialect, tokens or Tokens(TOKEN), in_flight=4, clock=time.clock, sleep=time.sleep)
