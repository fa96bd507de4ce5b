"""Folders of lists: whose they are, what is told of them, how they end, and what a dead process leaves."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading

import pytest
from file_desk import Desk

from audiences.domain import ListId
from audiences.errors import AuthError, Busy, ConfigError, Gone, RejectedRequest, Unavailable
from audiences.platforms import file_export, file_writing
from audiences.platforms.base import Batch
from audiences.platforms.file import KIND, too_many_or_few
from audiences.platforms.file_templates import TEMPLATES
from audiences.platforms.registry import kind_for, kind_of
from audiences.settings import load_settings

DIES = """
    import os, sys
    from audiences.platforms.base import Batch
    from audiences.platforms.file import open_account

    root, list_id, *rows = sys.argv[1:]
    account = open_account(endpoint=None, account={"template": "meta", "folder": root})
    account.add(list_id, Batch(rows, 1))
    print("accepted", flush=True)
    if sys.stdin.readline() == "die\\n":
        os._exit(9)
    account.close()
"""


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "exports")


@pytest.fixture
def another_process(desk):
    """A process that has added rows to a list, and waits for what to do."""
    started = []

    def start(list_id, *rows):
        command = [sys.executable, "-c", textwrap.dedent(DIES), str(desk.root), list_id, *rows]
        one = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(one)
        assert one.stdout.readline() == "accepted\n"
        return one

    yield start
    for one in started:
        one.kill()
        one.communicate()


def ends(process, word):
    process.communicate(word)
    return process.returncode


def test_the_record_of_a_list_says_whose_it_is_and_nothing_of_its_people(desk):
    desk.filled("ann")
    record = json.loads((desk.folder / "list.json").read_text())
    assert {name: record[name] for name in record if name != "sign"} == {
        "name": "Lapsed buyers", "list": "lapsed@file:upload", "ledger": "ledger1", "environment": "demo",
        "template": "meta", "keep_days": None,
    }  # fmt: skip


def test_files_and_folders_are_for_their_owner_alone(desk):
    list_id = desk.filled("ann")
    account = desk.open()
    account.add(list_id, desk.batch(desk.row("bob")))
    modes = {path.is_dir(): set() for path in (desk.root, desk.folder / "list.json")}
    for path in (desk.root, *desk.root.rglob("*")):
        modes[path.is_dir()].add(stat.S_IMODE(path.stat().st_mode))
    account.close()
    assert modes == {True: {0o700}, False: {0o600}}


def test_names_of_folders_are_safe_and_never_the_same(desk):
    account = desk.open()
    names = ["a/b@file:x", "a-b@file:x", "../a@file:x", "A-B@file:x", "ä@file:x", "x" * 300 + "@file:x"]
    folders = {account.ensure(desk.remote(list_id=ListId(name))).rpartition(".")[0] for name in names}
    assert len({name.casefold() for name in folders}) == len(names)
    assert {path.name for path in desk.root.iterdir()} == folders


@pytest.mark.parametrize("wrong", ["../other.0123abcd", "/etc.0123abcd", "nothing", "", "..0123abcd", "x.0123abcd\n"])
def test_an_id_that_is_none_of_ours_is_gone(desk, wrong):
    with pytest.raises(Gone):
        desk.open().status(wrong)


def test_keep_days_that_changed_are_noted(desk):
    list_id = desk.filled("ann")
    assert desk.open().ensure(desk.remote(keep_days=30)) == list_id
    assert json.loads((desk.folder / "list.json").read_text())["keep_days"] == 30


def test_a_list_made_for_another_template_is_not_touched(desk):
    desk.filled("ann")
    with pytest.raises(ConfigError, match="made for meta"):
        desk.open(template="google").ensure(desk.remote())
    assert desk.lines() == [desk.row("ann")]


def test_a_folder_deleted_by_hand_is_another_list_when_it_is_made_again(desk):
    list_id = desk.filled("ann")
    open_before = desk.open()
    open_before.add(list_id, desk.batch(desk.row("bob")))
    shutil.rmtree(desk.root)
    again = desk.open()
    anew = again.ensure(desk.remote(external_id=list_id))
    again.add(anew, desk.batch(desk.row("eve")))
    with pytest.raises(Gone):
        again.status(list_id)
    again.close()
    open_before.close()
    assert anew != list_id
    assert desk.lines() == [desk.row("eve")]


def test_a_list_that_lost_its_rows_is_gone_and_made_anew(desk):
    list_id = desk.filled("ann")
    (desk.folder / "state.sqlite").unlink()
    account = desk.open()
    with pytest.raises(Gone):
        account.add(list_id, desk.batch(desk.row("bob")))
    anew = account.ensure(desk.remote())
    account.add(anew, desk.batch(desk.row("bob")))
    account.close()
    assert anew != list_id
    assert desk.lines() == [desk.row("bob")]


def test_deleting_takes_what_was_made_and_leaves_what_others_put_there(desk):
    list_id = desk.filled("ann")
    folder = desk.folder
    (folder / "notes.txt").write_text("uploaded on Monday")
    account = desk.open()
    account.delete(list_id)
    account.delete(list_id)
    account.close()
    assert [file.name for file in folder.rglob("*")] == ["notes.txt"]


def test_broken_records_and_rows_are_said_without_content(desk):
    list_id = desk.filled("ann")
    (desk.folder / "state.sqlite").write_bytes(b"no database, " * 100)
    with pytest.raises(RejectedRequest, match="damaged"):
        desk.open().status(list_id)
    (desk.folder / "list.json").write_text("{")
    with pytest.raises(RejectedRequest, match=r"list\.json"):
        desk.open().status(list_id)


def test_a_list_says_how_many_rows_it_has_and_what_its_platform_wants(desk):
    list_id = desk.filled("ann", "bob")
    few, enough = desk.open().status(list_id), desk.open(min_members=2).status(list_id)
    assert (few.size_upper, few.usable, enough.usable) == (2, False, True)
    assert few.note == f"2 rows in exports/{desk.folder.name}; Meta wants 100 people whom it recognises"
    assert enough.note == f"2 rows in exports/{desk.folder.name}"


def test_a_list_larger_than_its_platform_takes_says_so():
    linkedin, limits = TEMPLATES["linkedin"], KIND.limits_for({"template": "linkedin"})
    assert too_many_or_few(280_001, linkedin, limits) == ["LinkedIn takes 280,000 in one file"]
    assert too_many_or_few(280_000, linkedin, limits) == []
    assert too_many_or_few(280_001, TEMPLATES["meta"], limits) == []


@pytest.mark.parametrize("other", [{"ledger_id": "ledger2"}, {"environment": "production"}])
def test_another_ledgers_list_is_refused_and_left_alone(desk, other):
    desk.filled("ann")
    before = {file: file.read_bytes() for file in desk.folder.rglob("*") if file.is_file()}
    with pytest.raises(ConfigError, match="adopt"):
        desk.open().ensure(desk.remote(**other))
    assert {file: file.read_bytes() for file in desk.folder.rglob("*") if file.is_file()} == before


def test_an_outcome_names_the_run_whose_file_tells_of_it(desk):
    account = desk.open()
    list_id = account.ensure(desk.remote())
    outcome = account.add(list_id, desk.batch(desk.row("ann")))
    again = account.add(list_id, desk.batch(desk.row("bob")))
    account.close()
    (file,) = (desk.folder / "changes").glob("*-adds.csv")
    assert file.name == f"{outcome.request_id}-adds.csv" == f"{again.request_id}-adds.csv"


# What a dead process leaves ------------------------------------------------------------------------------------------


def test_what_was_accepted_before_a_process_died_is_in_the_files_after_a_look(desk, another_process):
    list_id = desk.filled("ann")
    assert ends(another_process(list_id, desk.row("bob")), "die\n") == 9
    assert desk.lines() == [desk.row("ann")]
    assert desk.open().status(list_id).size_upper == 2
    assert desk.lines() == [desk.row("ann"), desk.row("bob")]
    assert [desk.row("bob")] in desk.changes("adds")


def test_the_next_run_tells_what_the_dead_one_changed_apart_from_its_own(desk, another_process):
    list_id = desk.filled("ann")
    ends(another_process(list_id, desk.row("bob")), "die\n")
    account = desk.open()
    account.add(list_id, desk.batch(desk.row("bob"), desk.row("eve")))
    account.close()
    assert desk.lines() == [desk.row("ann"), desk.row("bob"), desk.row("eve")]
    assert sorted(desk.changes("adds")) == sorted([[desk.row("ann")], [desk.row("bob")], [desk.row("eve")]])


def test_while_a_run_is_at_work_another_is_told_at_once_and_a_look_waits_for_nobody(desk, another_process):
    list_id = desk.filled("ann")
    at_work = another_process(list_id, desk.row("bob"))
    account = desk.open()
    with pytest.raises(Busy, match="another run"):
        account.add(list_id, desk.batch(desk.row("eve")))
    assert "a run is changing it" in account.status(list_id).note
    assert ends(at_work, "go on\n") == 0
    account.add(list_id, desk.batch(desk.row("eve")))
    account.close()
    assert desk.lines() == [desk.row("ann"), desk.row("bob"), desk.row("eve")]


def test_a_disk_that_fills_while_a_file_is_made_leaves_the_old_one_whole(desk, monkeypatch, caplog):
    list_id = desk.filled("ann")
    real, account = os.fsync, desk.open()
    account.add(list_id, desk.batch(desk.row("bob")))

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file_writing.os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        account.status(list_id)
    account.close()
    assert desk.lines() == [desk.row("ann")]
    assert "not made" in caplog.text
    assert (desk.row("bob") in caplog.text) is False
    monkeypatch.setattr(file_writing.os, "fsync", real)
    desk.open().status(list_id)
    assert desk.lines() == [desk.row("ann"), desk.row("bob")]


def test_files_made_but_not_noted_are_made_again_as_they_were(desk, monkeypatch):
    list_id = desk.filled("ann")
    account = desk.open()
    account.remove(list_id, desk.batch(desk.row("ann")))
    account.add(list_id, desk.batch(desk.row("bob")))
    one = account._open[list_id]
    monkeypatch.setattr(one.members, "end_run", lambda: None)
    file_export.export(one.folder, account._template, one.members)
    before = {file: file.read_bytes() for file in desk.folder.rglob("*.csv")}
    monkeypatch.undo()
    account.close()
    assert {file: file.read_bytes() for file in desk.folder.rglob("*.csv")} == before
    assert desk.lines() == [desk.row("bob")]


def test_a_request_that_fails_half_way_leaves_the_list_as_it_was(desk):
    list_id = desk.filled("ann")
    account = desk.open()
    account.status(list_id)
    connection = account._open[list_id].members._connection
    connection.execute("create temp trigger stop before insert on cells begin select raise(abort, 'stop'); end")
    with pytest.raises(RejectedRequest):
        account.add(list_id, desk.batch(desk.row("bob")))
    account.close()
    assert desk.open().status(list_id).size_upper == 1
    assert desk.lines() == [desk.row("ann")]


def test_an_upload_file_that_somebody_deleted_is_made_again(desk):
    list_id = desk.filled("ann")
    (desk.folder / "members.csv").unlink()
    desk.open().status(list_id)
    assert desk.lines() == [desk.row("ann")]


def test_many_batches_from_several_threads_are_all_there_and_the_file_is_made_once(desk, monkeypatch):
    account = desk.open()
    list_id = account.ensure(desk.remote())
    batches = [Batch([desk.row(f"{number} {one}") for one in range(50)], 1) for number in range(8)]
    threads = [threading.Thread(target=account.add, args=(list_id, one)) for one in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not (desk.folder / "members.csv").exists()
    account.close()
    assert set(desk.lines()) == {row for one in batches for row in one.rows}


# The account ---------------------------------------------------------------------------------------------------------


def test_a_check_names_a_folder_that_is_none_and_makes_nothing(desk, tmp_path):
    assert desk.open().check() == []
    assert not desk.root.exists()
    (tmp_path / "taken").write_text("a file")
    (finding,) = desk.open(folder=str(tmp_path / "taken")).check()
    assert "cannot be written" in finding


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_a_question_of_rights(desk, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    account = desk.open(folder=str(tmp_path / "closed"))
    assert account.check() != []
    with pytest.raises(AuthError):
        account.ensure(desk.remote())


@pytest.mark.parametrize(
    ("setting", "said"), [({"foldr": "x"}, "did you mean folder"), ({"keep_changes_days": 0}, "keep_changes_days")]
)
def test_wrong_settings_are_named(desk, setting, said):
    with pytest.raises(ConfigError, match=said):
        desk.open(**setting)


def test_the_folder_of_an_account_starts_at_the_settings_file(tmp_path):
    file = tmp_path / "shop" / "boomerang.yaml"
    file.parent.mkdir()
    file.write_text(
        "shop: {name: Test}\nplatforms: {file: {accounts: {a: {template: meta, folder: exports},"
        " b: {template: meta, folder: /lists}}}}\n"
    )
    settings = load_settings(file)
    assert settings.account("file", "a")[1]["folder"] == str(tmp_path / "shop" / "exports")
    assert settings.account("file", "b")[1]["folder"] == "/lists"


def test_a_platform_whose_fields_are_fixed_is_the_same_for_every_account():
    assert kind_for("meta", {"id": "act_1"}) is kind_of("meta")


def test_the_rows_of_a_list_are_found_by_an_index(desk):
    """Else a removal from a large list would read all of it."""
    desk.filled("ann")
    from audiences.platforms.file_members import FOUND, NEW, TABLES

    with sqlite3.connect(desk.folder / "state.sqlite") as connection:
        for table in TABLES[-2:]:
            connection.execute(table)
        plans = [str(row) for one in (NEW, FOUND) for row in connection.execute(f"explain query plan {one}")]
    connection.close()
    assert [plan for plan in plans if "SCAN members" in plan or "SCAN cells" in plan] == []
