"""An audience whose file got another name keeps its lists, its people and its experiment."""

from __future__ import annotations

import datetime as dt

import pytest
from engine_shop import TODAY

from audiences.errors import ConfigError
from audiences.sync.release import release
from audiences.sync.renames import take_over
from audiences.sync.status import read_status

TOMORROW = TODAY + dt.timedelta(days=1)


@pytest.fixture
def shop(open_shop):
    shop = open_shop()
    shop.everybody = shop.crowd(150)
    shop.audience("lapsed", holdout="20%")
    shop.publish()
    assert shop.sync() == 0
    return shop


def rename(shop, **keys):
    shop.forget_definition()
    shop.audience("quiet", label="Label of lapsed", holdout="20%", **keys)
    shop.publish(TOMORROW)


def test_its_list_is_taken_over_with_everybody_on_it_and_the_plan_says_so(shop):
    people, there = shop.people_on(), shop.remote_id()
    rename(shop, renamed_from="lapsed")
    plan = shop.plan_of("quiet")
    assert plan.changes == 0
    assert list(plan.notes) == ["taken over from lapsed, with everybody who is on it"]
    assert shop.sync() == 0
    assert shop.remote_id("quiet@meta:main") == there
    assert shop.people_on("quiet@meta:main") == shop.on_ledger("quiet@meta:main") == people
    assert shop.rows("select list_id from sync.lists") == [("quiet@meta:main",)]


def test_its_experiment_goes_on(shop):
    logged = shop.rows("select experiment, member_key, arm from sync.experiment_entries order by all")
    rename(shop, renamed_from="lapsed")
    assert shop.sync() == 0
    assert shop.rows("select experiment, member_key, arm from sync.experiment_entries order by all") == logged


def test_its_experiment_goes_on_when_the_former_name_is_taken_out_of_the_definition_again(shop):
    held_out = shop.segment_names() - shop.people_on()
    rename(shop, renamed_from="lapsed")
    assert shop.sync() == 0
    shop.audience("quiet", label="Label of lapsed", holdout="20%")
    plan = shop.plan_of("quiet")
    assert (plan.changes, list(plan.notes)) == (0, [])
    assert shop.sync() == 0
    assert shop.segment_names() - shop.people_on("quiet@meta:main") == held_out
    assert shop.rows("select distinct experiment from sync.experiment_entries") == [("audience:lapsed",)]


def test_its_experiment_goes_on_through_a_second_rename_that_names_only_the_last_name(shop):
    held_out = shop.segment_names() - shop.people_on()
    rename(shop, renamed_from="lapsed")
    assert shop.sync() == 0
    shop.forget_definition("quiet")
    shop.audience("calm", label="Label of lapsed", holdout="20%", renamed_from="quiet")
    assert shop.plan_of("calm").changes == 0
    assert shop.sync() == 0
    shop.audience("calm", label="Label of lapsed", holdout="20%")
    shop.publish(TOMORROW + dt.timedelta(days=1))
    assert shop.sync() == 0
    assert shop.segment_names() - shop.people_on("calm@meta:main") == held_out
    assert shop.rows("select experiment, closed_at is null from sync.experiments") == [("audience:lapsed", True)]


def test_without_the_former_name_it_is_another_audience_and_the_old_list_is_held(shop):
    people = shop.people_on()
    rename(shop)
    assert shop.sync() == 3
    assert shop.people_on("lapsed@meta:main") == people
    assert shop.of_list("lapsed@meta:main").message.startswith("no definition asks for this list any more")


def test_a_former_name_that_is_another_audience_is_refused(shop):
    shop.audience("quiet", renamed_from="lapsed")
    with pytest.raises(ConfigError, match="lapsed is an audience of its own"):
        shop.plan()


def test_a_name_that_was_given_away_can_be_the_name_of_a_new_audience(shop):
    people = shop.people_on()
    rename(shop, renamed_from="lapsed")
    assert shop.sync() == 0
    shop.audience("quiet", label="Label of lapsed", holdout="20%")
    others = shop.crowd(400, prefix="new", segment="recent")
    shop.audience("lapsed", label="A new one", segment="recent", holdout="40%")
    shop.publish(TOMORROW + dt.timedelta(days=1))
    assert shop.sync() == 0
    assert shop.sync() == 0
    assert shop.remote_id() != shop.remote_id("quiet@meta:main")
    assert shop.people_on("quiet@meta:main") == people
    assert shop.people_on() == shop.on_ledger() < others
    found = shop.rows("select experiment, holdout, closed_at is null from sync.experiments order by all")
    assert found == [("audience:lapsed", pytest.approx(0.2), True), ("audience:lapsed~2", pytest.approx(0.4), True)]


def test_a_former_name_that_two_definitions_name_is_refused(shop):
    rename(shop, renamed_from="lapsed")
    shop.audience("copied", holdout="30%", renamed_from=["older", "lapsed"])
    with pytest.raises(
        ConfigError, match=r"quiet\.yaml:\d+: lapsed is in renamed_from of copied too.*take it out here"
    ):
        shop.plan()


def test_every_table_that_names_lists_or_audiences_follows(shop):
    names = {"list_id": "lapsed@meta:main", "audience": "lapsed", "family": "lapsed@meta:main by category"}
    values = {"VARCHAR": "'some'", "JSON": "'{}'", "UUID": "uuid()", "VARCHAR[]": "[]", "BOOLEAN": "false"}
    sql = "select table_name, column_name, data_type from information_schema.columns where table_schema = 'sync' order by all"
    tables = {}
    for table, column, kind in shop.rows(sql):
        named = f"'{names[column]}'" if column in names else values.get(kind, "now()" if kind == "TIMESTAMP" else "0")
        tables.setdefault(table, {})[column] = named
    del tables["experiment_entries"]["audience"]  # as it was called when they entered: this log is never rewritten
    del tables["audience_scopes"]
    named = [(table, column) for table, columns in tables.items() for column in columns if column in names]
    assert len(named) > 12
    with shop.ledger() as ledger:
        for table in dict(named):
            columns = tables[table]
            insert = f"insert into sync.{table} ({', '.join(columns)}) values ({', '.join(columns.values())})"
            ledger.connection.execute(insert)
        take_over(ledger.connection, "quiet", "lapsed")
    for table, column in named:
        found = {row[0].partition("@")[0] for row in shop.rows(f"select {column} from sync.{table}")}
        assert (table, column, found) == (table, column, {"quiet"})


def test_before_the_first_sync_release_and_confirm_know_it_by_the_name_that_status_shows(shop):
    shop.configure(guards={"from_members": 50})
    shop.leaves(*sorted(shop.everybody)[:100])
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    shop.forget_definition()
    shop.audience("quiet", label="Label of lapsed", holdout="20%", renamed_from="lapsed")
    (status,) = read_status(shop.settings, now=shop.now).lists
    assert (status.list, set(status.held)) == ("quiet@meta:main", {"remove"})
    (confirmed,) = shop.confirm("quiet")
    assert (confirmed.list, confirmed.audience, confirmed.state) == ("quiet@meta:main", "quiet", "asked")
    given = release(shop.settings, "quiet@meta:main", reason="they are gone", now=shop.now)
    assert given.list == "quiet@meta:main"
    assert shop.sync() == 0
    assert shop.people_on("quiet@meta:main") <= shop.segment_names()


def test_another_label_reaches_the_ad_manager_with_the_next_change(shop):
    shop.audience("lapsed", label="Six months quiet", holdout="20%")
    shop.lapsed(*[f"new{number}" for number in range(20)])
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    assert shop.sandbox.inspect("meta").list(shop.remote_id())["name"] == "Six months quiet"


def test_a_rename_that_is_undone_is_refused_until_it_is_written_as_one(shop):
    people = shop.people_on()
    rename(shop, renamed_from="lapsed")
    assert shop.sync() == 0
    shop.forget_definition("quiet")
    shop.audience("lapsed", holdout="20%")
    shop.publish(TOMORROW)
    with pytest.raises(
        ConfigError, match=r"lapsed\.yaml:1: quiet was called lapsed before.*`renamed_from: \[lapsed, quiet\]`"
    ):
        shop.plan()
    assert shop.people_on("quiet@meta:main") == shop.on_ledger("quiet@meta:main") == people
    shop.audience("lapsed", holdout="20%", renamed_from=["lapsed", "quiet"])
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == people


def test_a_name_that_had_lists_already_cannot_be_given_to_others(shop):
    shop.crowd(140, prefix="new", segment="recent")
    shop.audience("calm", segment="recent")
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    shop.forget_definition("calm")
    shop.plan()
    release(shop.settings, "calm@meta:main", reason="over", now=shop.now)
    assert shop.sync() == 0
    shop.forget_definition("lapsed")
    shop.audience("calm", label="Label of lapsed", holdout="20%", renamed_from="lapsed")
    with pytest.raises(
        ConfigError, match=r"calm\.yaml:\d+: calm had lists of its own already.*a name that no list ever had"
    ):
        shop.plan()
    shop.forget_definition("calm")
    shop.audience("quiet", label="Label of lapsed", holdout="20%", renamed_from="lapsed")
    assert shop.plan_of("quiet").changes == 0
