"""An audience whose file got another name keeps its lists, its people and its experiment."""

from __future__ import annotations

import datetime as dt

import pytest
from engine_shop import TODAY

from audiences.errors import ConfigError
from audiences.sync.release import release

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
