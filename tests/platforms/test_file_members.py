"""The platform that is a folder: what is on a list after requests, and what each run changed."""

from __future__ import annotations

import pytest
from file_desk import Desk

from audiences.domain import HashRow
from audiences.errors import RejectedRows
from audiences.platforms.file_templates import TEMPLATES


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "exports")


def test_the_whole_list_stands_in_one_file_ready_for_upload(desk):
    desk.filled("ann", "bob")
    assert (desk.folder / "members.csv").read_text().startswith("email,phone,fn,ln,ct,st,zip,country\n")
    assert desk.lines() == [desk.row("ann"), desk.row("bob")]


def test_each_run_says_what_it_added_and_removed(desk):
    list_id = desk.filled("ann", "bob")
    account = desk.open()
    account.remove(list_id, desk.batch(desk.row("ann")))
    account.add(list_id, desk.batch(desk.row("eve")))
    desk.now = desk.now.replace(hour=10)
    account.close()
    assert desk.lines() == [desk.row("bob"), desk.row("eve")]
    added, removed = desk.changes("adds"), desk.changes("removes")
    assert sorted(map(len, added)) == [1, 2]
    assert [desk.row("eve")] in added
    assert removed == [[desk.row("ann")]]


def test_a_run_that_changes_nothing_leaves_no_file_of_changes(desk):
    list_id = desk.filled("ann")
    before = sorted(desk.folder.rglob("*"))
    account = desk.open()
    account.add(list_id, desk.batch(desk.row("ann")))
    account.remove(list_id, desk.batch(desk.row("never")))
    account.close()
    assert sorted(desk.folder.rglob("*")) == before
    assert desk.lines() == [desk.row("ann")]


def test_adding_twice_is_adding_once_also_within_a_request_and_by_another_process(desk):
    list_id = desk.filled("ann")
    account = desk.open()
    for _ in range(2):
        account.add(list_id, desk.batch(desk.row("bob"), desk.row("ann"), desk.row("bob")))
    account.close()
    assert desk.lines() == [desk.row("ann"), desk.row("bob")]


def test_who_shares_an_identifier_with_a_removed_row_goes_as_at_the_platforms(desk):
    couple = desk.row("bob", phone=desk.hashed("ann phone"))
    list_id = desk.filled("ann", "eve")
    account = desk.open()
    account.add(list_id, desk.batch(couple))
    account.remove(list_id, desk.batch(desk.row("ann")))
    account.close()
    assert desk.lines() == [desk.row("eve")]


def test_a_row_of_before_a_change_goes_with_the_person(desk):
    list_id = desk.filled("ann")
    account = desk.open()
    renamed = desk.row("ann", ln=desk.hashed("after the wedding"))
    account.add(list_id, desk.batch(renamed))
    account.remove(list_id, desk.batch(renamed))
    account.close()
    assert desk.lines() == []


def test_a_name_alone_removes_nobody(desk):
    list_id = desk.filled("ann")
    account = desk.open()
    outcome = account.remove(list_id, desk.batch(desk.row("ann", email="", phone="")))
    account.close()
    assert (outcome.received, outcome.invalid_rows) == (1, (0,))
    assert desk.lines() == [desk.row("ann")]


def test_a_row_that_identifies_nobody_is_counted_and_left_out(desk):
    account = desk.open()
    list_id = account.ensure(desk.remote())
    outcome = account.add(list_id, desk.batch(desk.row("ann"), desk.row("bob", email="", phone="")))
    account.close()
    assert (outcome.received, outcome.invalid, outcome.invalid_rows) == (2, 1, (1,))
    assert desk.lines() == [desk.row("ann")]


def test_who_is_removed_and_comes_back_in_one_run_is_in_both_files(desk):
    list_id = desk.filled("ann")
    account = desk.open()
    account.remove(list_id, desk.batch(desk.row("ann")))
    account.add(list_id, desk.batch(desk.row("ann")))
    account.close()
    assert desk.lines() == [desk.row("ann")]
    assert desk.changes("removes") == [[desk.row("ann")]]
    assert desk.changes("adds") == [[desk.row("ann")]] * 2


def test_who_comes_and_goes_in_one_run_is_in_neither_file(desk):
    account = desk.open()
    list_id = account.ensure(desk.remote())
    account.add(list_id, desk.batch(desk.row("ann")))
    account.remove(list_id, desk.batch(desk.row("ann")))
    account.close()
    assert desk.lines() == []
    assert desk.changes("adds") == desk.changes("removes") == []


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    "cell",
    ["ann@example.com", "0" * 63, "A" * 64, "a" * 65, "0" * 63 + "é", "\n" + "0" * 63],
    ids=["raw", "short", "upper", "long", "not ascii", "break"],
)
def test_what_is_no_hash_is_never_written_and_not_shown(tmp_path, template, cell):
    desk = Desk(tmp_path / "exports", template)
    account = desk.open()
    list_id = account.ensure(desk.remote())
    wrong = HashRow(",".join([cell, *[""] * (len(account.fields) - 1)]))
    for change in (account.add, account.remove):
        with pytest.raises(RejectedRows) as refused:
            change(list_id, desk.batch(desk.row("ann", account), wrong))
        assert (cell in str(refused.value)) is False
    account.status(list_id)
    account.close()
    files = [file for file in desk.folder.rglob("*") if file.is_file()]
    assert files
    assert [file.name for file in files if b"ann@example.com" in file.read_bytes()] == []


def test_no_row_left_in_any_file_after_its_person_was_removed_and_the_changes_are_old(desk):
    list_id = desk.filled("ann", "bob")
    account = desk.open()
    account.remove(list_id, desk.batch(desk.row("ann")))
    account.close()
    secret = desk.hashed("ann email").encode()
    holders = {file.parent.name for file in desk.folder.rglob("*") if file.is_file() and secret in file.read_bytes()}
    assert holders == {"changes"}
    desk.now = desk.now.replace(year=2027)
    later = desk.open(keep_changes_days=30)
    later.status(list_id)
    later.close()
    assert [file.name for file in desk.folder.rglob("*") if file.is_file() and secret in file.read_bytes()] == []
    assert desk.lines() == [desk.row("bob")]
