"""The ledger's file: whose it is, its key, who may open it, and what never stands in it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib.resources import files

import duckdb
import pytest

from audiences.errors import Busy, ConfigError, DataError
from audiences.ledger import open_ledger

HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def filled(open_shop):
    shop = open_shop(free_ledger=True)
    shop.crowd()
    shop.audience("lapsed")
    shop.publish()
    shop.sync()
    return shop


def opened(shop):
    with open_ledger(shop.settings) as ledger:
        return ledger


def test_a_ledger_keeps_its_id(filled):
    assert opened(filled).ledger_id == opened(filled).ledger_id


def test_a_ledger_of_another_environment_is_refused(filled):
    filled.configure(environment="production")
    with pytest.raises(ConfigError, match="belongs to the environment 'test', the settings say 'production'"):
        opened(filled)


def test_a_missing_key_is_not_made_anew(filled):
    (filled.settings.home / "ledger.key").unlink()
    with pytest.raises(ConfigError, match="ledger.key is missing beside the ledger: restore it"):
        opened(filled)
    assert not (filled.settings.home / "ledger.key").exists()


def test_a_wrong_key_is_refused(filled):
    (filled.settings.home / "ledger.key").write_text("0" * 64, encoding="ascii")
    with pytest.raises(ConfigError, match="is not the key of this ledger"):
        opened(filled)


@pytest.mark.parametrize("kept", [0, 20, 63], ids=["empty", "short", "one sign short"])
def test_a_key_that_was_cut_short_is_refused_and_left_as_it_is(filled, kept):
    file = filled.settings.home / "ledger.key"
    file.write_text(file.read_text(encoding="ascii")[:kept], encoding="ascii")
    with pytest.raises(ConfigError, match=r"ledger.key is no key: .*; restore it from the backup"):
        opened(filled)
    assert len(file.read_text(encoding="ascii")) == kept


def test_a_new_ledger_takes_no_empty_key(open_shop):
    """A process was killed while it made the key: nothing may be keyed by nothing."""
    shop = open_shop(free_ledger=True)
    for file in shop.settings.home.glob("ledger.*"):
        file.unlink()
    shop.settings.home.mkdir(parents=True, exist_ok=True)
    (shop.settings.home / "ledger.key").touch()
    with pytest.raises(ConfigError, match=r"ledger.key is no key: .*; delete it, a new ledger gets a new one"):
        opened(shop)
    (shop.settings.home / "ledger.key").unlink()
    assert len(opened(shop).key) == 64
    assert [file.name for file in shop.settings.home.glob("ledger.key*")] == ["ledger.key"]


def test_only_the_owner_may_read_the_key(filled):
    assert (filled.settings.home / "ledger.key").stat().st_mode & 0o077 == 0


def test_a_ledger_of_a_newer_version_is_refused(filled):
    filled.rows(
        "insert into sync.schema_version select 9000, now(), ledger_id, environment, key_check from sync.schema_version"
    )
    with pytest.raises(DataError, match="newer version of Boomerang"):
        opened(filled)


def written_by(shop, version):
    """The ledger of these settings as that version left it; one that another process made is put away."""
    for file in shop.settings.home.glob("ledger.*"):
        file.unlink()
    opened(shop)
    key = (shop.settings.home / "ledger.key").read_text(encoding="ascii").strip()
    shop.settings.ledger_file.unlink()
    folder = files("audiences.ledger") / "migrations"
    with duckdb.connect(str(shop.settings.ledger_file)) as connection:
        for number in range(1, version + 1):
            (file,) = [one for one in folder.iterdir() if one.name.startswith(f"{number:04}")]
            connection.execute(file.read_text(encoding="utf-8"))
            check = hashlib.sha256(f"boomerang ledger key {key}".encode()).hexdigest()[:16]
            row = [number, "the ledger", shop.settings.environment, check]
            connection.execute("insert into sync.schema_version values (?, now(), ?, ?, ?)", row)
    return shop


def test_a_ledger_of_before_the_first_release_is_refused_and_left_as_it_is(open_shop):
    shop = written_by(open_shop(free_ledger=True), 1)
    with duckdb.connect(str(shop.settings.ledger_file)) as connection:
        connection.execute(
            "insert into sync.builds (build_id, as_of, started_at, state, node_count, failed_nodes) "
            "values ('b1', now(), now(), 'finished', 1, [])"
        )
    before = shop.settings.ledger_file.read_bytes()
    with pytest.raises(DataError, match="before the first release of Boomerang.* a new ledger is made"):
        opened(shop)
    assert shop.settings.ledger_file.read_bytes() == before


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6])
def test_a_ledger_that_is_empty_or_of_an_older_version_is_brought_up_to_date(open_shop, version):
    """Of version 1 only what a process left that was killed while it made the ledger."""
    shop = written_by(open_shop(free_ledger=True), version)
    assert opened(shop).ledger_id == "the ledger"
    newest = max(
        int(one.name[:4]) for one in (files("audiences.ledger") / "migrations").iterdir() if one.name[:4].isdigit()
    )
    assert shop.value("select max(version) from sync.schema_version") == newest
    shop.crowd()
    shop.audience("lapsed")
    shop.publish()
    assert shop.sync() == 0


def test_what_is_no_ledger_is_refused(filled):
    filled.settings.ledger_file.write_text("this is no database", encoding="utf-8")
    with pytest.raises(DataError, match=r"ledger.duckdb cannot be opened"):
        opened(filled)


@pytest.fixture
def held_by_another(filled):
    """The ledger of the shop, open in another process."""
    command = [sys.executable, "-c", HOLD, str(filled.settings.ledger_file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield filled
        process.communicate("go\n")


def test_a_second_process_is_told_to_try_again(held_by_another):
    with pytest.raises(Busy, match="another process holds ledger.duckdb"):
        held_by_another.plan()


def test_of_two_syncs_at_once_one_ends_busy_and_nothing_is_broken(filled):
    filled.lapsed("ann")
    filled.publish()
    file = filled.folder / "boomerang.yaml"
    with open_ledger(filled.settings):
        second = subprocess.run(
            [sys.executable, "-c", "from audiences.cli import main; main()", "sync", "--config", str(file)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert second.returncode == 6
    assert "Error: another process holds ledger.duckdb" in second.stderr
    assert filled.sync() == 0
    assert "ann" in filled.people_on()


def test_the_changes_of_plans_that_wait_are_kept(filled):
    made = [filled.plan().plan_id for _ in range(2)]
    filled.lapsed("ann")
    filled.publish()
    made += [filled.plan().plan_id for _ in range(7)]
    kept = {row[0] for row in filled.rows("select distinct plan_id from sync.plan_changes")}
    assert kept == set(made[2:])
    assert {row[0] for row in filled.rows("select distinct plan_id from sync.plans")} >= set(made)


def test_plans_of_more_than_half_a_year_ago_are_forgotten(filled):
    old = filled.plan().plan_id
    filled.tick(days=184)
    new = filled.plan().plan_id
    assert [row[0] for row in filled.rows("select distinct plan_id from sync.plans")] == [new]
    assert old != new


def test_hashes_stand_in_two_tables_and_raw_contacts_in_none(filled):
    filled.plan()
    contacts = {contact for one in filled.persons.values() for contact in one.contacts()}
    hashes = {one for name in filled.persons for one in filled.hashes_of(name)}
    where = set()
    with open_ledger(filled.settings) as ledger:
        tables = ledger.connection.execute(
            "select table_name from information_schema.tables where table_schema = 'sync'"
        )
        for (table,) in tables.fetchall():
            text = json.dumps(ledger.connection.execute(f"from sync.{table}").fetchall(), default=str)
            assert not any(contact in text for contact in contacts)
            assert not any(name in text for name in filled.persons)
            where |= {table} if any(one in text for one in hashes) else set()
    assert where == {"memberships", "plan_changes"}


def test_what_an_older_ledger_wrote_is_older_than_whatever_comes_and_stands_in_the_order_of_its_times(open_shop):
    shop = written_by(open_shop(free_ledger=True), 6)
    row = "insert into sync.builds {} values ('{}', now(), {}, now(), 'finished', 1, [])"
    with duckdb.connect(str(shop.settings.ledger_file)) as connection:
        connection.execute(row.format("", "later", "timestamp '2026-03-02'"))
        connection.execute(row.format("", "earlier", "timestamp '2026-03-01'"))
    opened(shop)
    columns = "(build_id, as_of, started_at, finished_at, state, node_count, failed_nodes)"
    with duckdb.connect(str(shop.settings.ledger_file)) as connection:
        connection.execute(row.format(columns, "new", "timestamp '2026-01-01'"))
        found = connection.execute("select build_id from sync.builds order by sequence_number").fetchall()
    assert found == [("earlier",), ("later",), ("new",)]
