"""A shop that syncs to each platform over plain HTTP: the list equals the audience, also after it was deleted by hand."""

from __future__ import annotations

import pytest
from conformance_platforms import REGISTRATIONS
from engine_shop import ClockedShop

from audiences.errors import ConfigError

REGISTERED = [one for one in REGISTRATIONS if one.platform in ("tiktok", "pinterest", "snapchat")]


class PlatformShop(ClockedShop):
    """A shop on the account of a registration, with the columns that its rows are read from."""

    def __init__(self, registration, folder, endpoint, sandbox, settings):
        self.platform, self.registration = registration.platform, registration
        self.main_list = f"lapsed@{registration.platform}:main"
        super().__init__(folder, endpoint, sandbox, **{**settings, "rows_per_request": 40, "min_members": 0})

    def contact_hashes(self, email, phone):
        return {
            **super().contact_hashes(email, phone),
            "email_stripped": self.hashed(f"{email} stripped" if email else None),
        }

    def count_on(self):
        (kept,) = [kept for kept in self.inspection.lists() if kept["account"] == self.account["id"]]
        return kept["people"]

    def identifiers_on(self):
        """The contacts of everybody on the list that the sandbox holds: of whom the shop knows, and how many others."""
        (kept,) = [kept for kept in self.inspection.lists() if kept["account"] == self.account["id"]]
        held = {one for person in self.inspection.list(kept["id"])["people"] for one in person}
        emails = {self.hashed(one.emails[0]): name for name, one in self.persons.items()}
        return {emails[one] for one in held if one in emails}


@pytest.fixture
def shop(registration, sandbox, settings, tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    return PlatformShop(registration, folder, sandbox.endpoint(registration.platform), sandbox, settings)


@pytest.fixture
def synced(shop):
    """Ninety people on the list, sent in three requests."""
    everybody = shop.crowd(90)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    return everybody


def test_the_list_equals_the_audience_and_nobody_is_sent_twice(shop, synced):
    assert shop.identifiers_on() == shop.on_ledger() == synced
    shop.forget_requests()
    shop.publish(1)
    assert shop.sync() == 0
    assert shop.writes() == 0


def test_who_leaves_is_taken_off_and_who_comes_is_put_on(shop, synced):
    shop.leaves("crowd0000", "crowd0001")
    shop.lapsed("eve")
    shop.publish(1)
    assert shop.sync() == 0
    assert shop.identifiers_on() == shop.on_ledger() == synced - {"crowd0000", "crowd0001"} | {"eve"}


def test_a_list_deleted_by_hand_is_made_anew_with_everybody(shop, synced, delete_by_hand):
    delete_by_hand()
    shop.lapsed("eve")
    shop.publish(1)
    assert shop.sync() != 0
    assert shop.sync() == 0
    assert shop.identifiers_on() == shop.on_ledger() == synced | {"eve"}


def test_another_shop_on_the_account_is_refused(shop, synced, opened, remote):
    with pytest.raises(ConfigError, match="adopt"):
        opened().ensure(remote(list_id=shop.main_list))
    assert shop.count_on() == len(synced)


def test_a_run_that_ends_before_the_first_rows_leaves_nothing_that_stops_the_next_ones(shop, fails):
    everybody = shop.crowd(90)
    shop.audience()
    shop.publish(0)
    fails("server_error", "write", times="always")
    assert [shop.sync(), shop.sync()] == [6, 6]
    shop.sandbox.control(faults=[])
    codes = [shop.sync() for _ in range(3)]
    assert codes[-1] == 0
    assert shop.identifiers_on() == shop.on_ledger() == everybody
