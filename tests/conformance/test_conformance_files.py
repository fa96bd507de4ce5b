"""A shop that syncs to files: they equal the audience, in the columns of each account's template."""

from __future__ import annotations

import shutil

import pytest
from engine_shop import ClockedShop

from audiences.sync.forget import forget


class FileShop(ClockedShop):
    """A shop with two accounts of files, each with a template of its own. Its platform has no clock."""

    platform, main_list = "file", "lapsed@file:main"

    def __init__(self, folder):
        super().__init__(folder, None, None)
        limits = {"min_members": 0, "rows_per_request": 40}
        accounts = {name: {"template": name, "folder": "exports", **limits} for name in ("meta", "snapchat")}
        accounts["main"] = accounts.pop("meta")
        self.configure(platforms={"file": {"accounts": accounts}})

    def set_clock(self):
        """Files have none."""

    def names_in(self, pattern, audience="lapsed"):
        """Whose e-mails stand in the first column of a file of an audience's list, by name."""
        by_hash = {self.hashed(one.emails[0]): name for name, one in self.persons.items()}
        (file,) = (self.folder / "exports").glob(f"{audience}-*/{pattern}")
        return {by_hash.get(line.split(",")[0], "somebody unknown") for line in file.read_text().splitlines()[1:]}


@pytest.fixture
def shop(installed, tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    return FileShop(folder)


@pytest.fixture
def synced(shop):
    """Ninety people on the list, sent in three requests."""
    everybody = shop.crowd(90)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    return everybody


def test_the_file_equals_the_audience_and_nothing_is_written_twice(shop, synced):
    assert shop.names_in("members.csv") == shop.on_ledger() == synced
    before = sorted((shop.folder / "exports").rglob("*"))
    shop.publish(1)
    assert shop.sync() == 0
    assert sorted((shop.folder / "exports").rglob("*")) == before


def test_who_comes_and_goes_is_in_the_changes_of_the_run(shop, synced):
    shutil.rmtree(next((shop.folder / "exports").glob("*/changes")))
    shop.leaves("crowd0000", "crowd0001")
    shop.lapsed("eve")
    shop.publish(1)
    assert shop.sync() == 0
    assert shop.names_in("members.csv") == shop.on_ledger() == synced - {"crowd0000", "crowd0001"} | {"eve"}
    assert shop.names_in("changes/*-removes.csv") == {"crowd0000", "crowd0001"}
    assert shop.names_in("changes/*-adds.csv") == {"eve"}


def test_a_folder_deleted_by_hand_is_filled_anew(shop, synced):
    shutil.rmtree(shop.folder / "exports")
    shop.lapsed("eve")
    shop.publish(1)
    assert shop.sync() != 0
    assert shop.sync() == 0
    assert shop.names_in("members.csv") == shop.on_ledger() == synced | {"eve"}


def test_an_erasure_takes_the_person_out_of_the_file_and_names_the_run(shop, synced):
    receipt = forget(shop.settings, "crowd0003", clock=shop.tick)
    assert receipt.state == "done"
    assert shop.names_in("members.csv") == shop.on_ledger() == synced - {"crowd0003"}
    assert shop.names_in("changes/*-removes.csv") == {"crowd0003"}


def test_each_account_has_the_columns_of_its_template(shop):
    everybody = shop.crowd(90)
    shop.audience()
    shop.audience("lost", platforms={"file": {"account": "snapchat"}})
    shop.publish(0)
    assert shop.sync() == 0
    assert shop.names_in("members.csv") == shop.names_in("members-emails.csv", "lost") == everybody
