"""Ten audiences on three platforms in one sync: who throttles, dies or is slow neither slows nor stops the others."""

from __future__ import annotations

import time
import uuid

import pytest
from conformance_platforms import REGISTRATIONS
from engine_shop import ClockedShop

from audiences.sync.apply import apply_plan

PLATFORMS = ("google", "meta", "tiktok")
AUDIENCES = 10
PEOPLE = 120
AN_ANSWER = 0.4
"""How long a slow platform takes, in seconds; each account has ten lists, made one after the other, and then filled."""


class ManyPlatforms(ClockedShop):
    """A shop with one account on each platform."""

    def __init__(self, folder, sandbox):
        super().__init__(folder, None, sandbox)
        accounts = {one.platform: one.account(uuid.uuid4().hex[:12]) for one in REGISTRATIONS if one.name in PLATFORMS}
        limits = {"tries": 1, "max_wait_seconds": 0, "rows_per_request": 40}
        self.accounts = {name: {**account, **limits} for name, account in accounts.items()}
        self.accounts["tiktok"]["min_members"] = self.accounts["google"]["min_members"] = 0
        self.configure(
            platforms={
                name: {"endpoint": sandbox.endpoint(name), "accounts": {"main": account}}
                for name, account in self.accounts.items()
            }
        )
        for number in range(AUDIENCES):
            self.audience(f"audience{number}", platforms={name: {"account": "main"} for name in PLATFORMS})

    def set_clock(self):
        """The platforms' clocks are the sandbox's own."""

    def identifiers(self, name):
        """With what Google's rows are read from."""
        for row in super().identifiers(name):
            yield {**row, "email_gmail": row["email_plain"], "email_stripped": row["email_plain"]}

    def sync_timed(self):
        """Plan and apply; by platform, how many seconds after the start its last request was accepted."""
        plan, last = self.plan(), dict.fromkeys(PLATFORMS, 0.0)
        started = time.monotonic()

        def note(list_id, _rows):
            last[list_id.split("@")[1].split(":")[0]] = time.monotonic() - started

        result = apply_plan(self.settings, plan.plan_id, on_progress=note, clock=self.tick)
        self.messages = {one.message for one in result.lists}
        self.states = {name: {one.state for one in result.lists if one.platform == name} for name in PLATFORMS}
        return last

    def people_at(self, platform):
        """How many people each of the account's lists has."""
        mine = self.accounts[platform]["id"]
        found = self.sandbox.inspect(platform).lists()
        return [kept["people"] for kept in found if str(kept["account"]) == str(mine)]


@pytest.fixture(scope="module")
def beliefs():
    return {}


@pytest.fixture
def shop(running_sandbox, tmp_path):
    for one in REGISTRATIONS:
        if one.name in PLATFORMS:
            running_sandbox.control(platform=one.platform, faults=[], believe=dict(one.beliefs), processing_seconds=0)
    made = ManyPlatforms(tmp_path, running_sandbox)
    made.crowd(PEOPLE)
    made.publish(0)
    yield made
    running_sandbox.control(faults=[])


@pytest.fixture
def told(capsys):
    """Say how long each platform took, whatever pytest does with output."""

    def tell(title, last):
        with capsys.disabled():
            print(f"\n{title}: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in sorted(last.items())))

    return tell


def test_all_are_filled_at_once(shop, told):
    last = shop.sync_timed()
    told("thirty lists on three platforms", last)
    assert shop.states == {name: {"applied"} for name in PLATFORMS}, shop.messages
    assert all(shop.people_at(name) == [PEOPLE] * AUDIENCES for name in PLATFORMS)


def test_a_platform_that_is_slow_slows_nobody_else(shop, told):
    shop.sandbox.control(faults=[{"platform": "tiktok", "do": "slow", "seconds": AN_ANSWER, "times": "always"}])
    last = shop.sync_timed()
    told(f"TikTok answers after {AN_ANSWER} s", last)
    assert shop.states == {name: {"applied"} for name in PLATFORMS}, shop.messages
    assert max(last["meta"], last["google"]) < last["tiktok"]
    assert last["tiktok"] > AUDIENCES * AN_ANSWER


def test_one_throttles_and_one_dies_the_third_is_done_and_the_next_run_does_what_is_left(shop, told):
    shop.sandbox.control(
        faults=[
            {"platform": "google", "do": "throttle", "on": "add", "times": "always"},
            {"platform": "tiktok", "do": "cut_before", "times": "always"},
        ]
    )
    told("Google throttles and TikTok is dead", shop.sync_timed())
    assert shop.states["meta"] == {"applied"}
    assert shop.people_at("meta") == [PEOPLE] * AUDIENCES
    assert shop.states["google"] <= {"failed", "partly"}
    assert shop.states["tiktok"] == {"failed"}
    shop.sandbox.control(faults=[])
    shop.publish(1)
    before = shop.sandbox.inspect("meta").requests()
    told("the next run", shop.sync_timed())
    assert shop.states == {"meta": {"unchanged"}, "google": {"applied"}, "tiktok": {"applied"}}
    assert shop.sandbox.inspect("meta").requests() == before
    assert all(shop.people_at(name) == [PEOPLE] * AUDIENCES for name in PLATFORMS)
