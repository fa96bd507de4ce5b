"""An experiment goes on while people are only added to those held out; else it is closed and the next one draws anew."""

from __future__ import annotations

import datetime as dt

import pytest

LIST = "lapsed@meta:main"
DAY = dt.date(2026, 11, 23)
FREE = {"max_shrink": "100%", "max_growth": "10000%"}
NOTE = (
    "the experiment is closed, because fewer are held out, an arm is gone, or all were sent: audience:lapsed#2 begins"
)


@pytest.fixture
def everybody(shop):
    return shop.crowd(500)


def synced(shop, **keys):
    """The audience as it is written now, on the list; and who is not on it."""
    shop.audience("lapsed", guards=FREE, **keys)
    if not shop.value("select count(*) from sync.builds"):
        shop.publish(DAY)
    assert shop.sync() == 0
    return shop.segment_names() - shop.on_ledger(LIST)


def entries(shop, experiment="audience:lapsed"):
    names = shop.name_of_key()
    rows = shop.rows("select member_key, arm from sync.experiment_entries where experiment = ?", experiment)
    assert len({key for key, _ in rows}) == len(rows)
    return {names[key]: arm for key, arm in rows}


def experiments(shop):
    return shop.rows("select generation, holdout, closed_at is null from sync.experiments order by generation")


def test_raising_the_share_keeps_the_experiment_and_every_entry(shop, everybody):
    few = synced(shop, holdout="10%")
    logged = entries(shop)
    plan = shop.plan_of()
    more = synced(shop, holdout="30%")
    assert plan.notes == []
    assert few < more
    assert entries(shop) == logged
    assert experiments(shop) == [(1, pytest.approx(0.3), True)]


def test_lowering_the_share_closes_the_experiment_and_draws_anew(shop, everybody):
    first = synced(shop, holdout="50%")
    logged = entries(shop)
    shop.audience("lapsed", guards=FREE, holdout="30%")
    assert NOTE in shop.plan_of().notes
    second = synced(shop, holdout="30%")
    assert not second <= first
    assert entries(shop) == logged
    assert entries(shop, "audience:lapsed#2").keys() == everybody
    assert experiments(shop) == [(1, 0.5, False), (2, pytest.approx(0.3), True)]


def test_the_experiment_that_begins_is_told_once(shop, everybody):
    synced(shop, holdout="50%")
    synced(shop, holdout="30%")
    plan = shop.plan_of()
    assert (plan.notes, plan.changes) == ([], 0)


def test_a_plan_that_is_not_applied_closes_nothing(shop, everybody):
    held_out = synced(shop, holdout="50%")
    shop.audience("lapsed", guards=FREE, holdout="30%")
    shop.plan()
    assert experiments(shop) == [(1, 0.5, True)]
    assert synced(shop, holdout="50%") == held_out


def test_lowering_what_was_raised_closes_too(shop, everybody):
    synced(shop, holdout="20%")
    synced(shop, holdout="40%")
    synced(shop, holdout="20%")
    assert [generation for generation, *_ in experiments(shop)] == [1, 2]


def test_a_pause_in_holding_out_closes_the_experiment_because_everybody_was_sent(shop, everybody):
    first = synced(shop, holdout="30%")
    shop.audience("lapsed", guards=FREE)
    assert shop.plan_of().notes == ["the experiment audience:lapsed is closed: nobody is held out by it any more"]
    assert synced(shop) == set()
    assert experiments(shop) == [(1, pytest.approx(0.3), False)]
    assert synced(shop, holdout="30%") != first
    assert entries(shop, "audience:lapsed#2").keys() == everybody


def test_another_scope_closes_the_experiment_of_before(shop, everybody):
    synced(shop, holdout="30%")
    synced(shop, holdout={"share": "30%", "scope": "global"})
    found = shop.rows("select experiment, closed_at is null from sync.experiments order by experiment")
    assert found == [("audience:lapsed", False), ("global", True)]


def test_an_experiment_that_others_still_ask_for_is_not_closed(shop, everybody):
    everywhere = {"share": "30%", "scope": "global"}
    shop.lapsed(*sorted(everybody), segment="recent")
    shop.audience("others", segment="recent", holdout=everywhere, guards=FREE)
    held_out = synced(shop, holdout=everywhere)
    synced(shop)
    assert shop.value("select closed_at is null from sync.experiments")
    assert synced(shop, holdout=everywhere) == held_out


def test_a_pause_of_the_audience_does_not_close_its_experiment(shop, everybody):
    held_out = synced(shop, holdout="30%")
    shop.audience("lapsed", guards=FREE, holdout="30%", paused=True)
    assert shop.sync() == 0
    assert synced(shop, holdout="30%") == held_out


def test_another_name_for_an_arm_closes_the_experiment(shop, everybody):
    synced(shop, arms={"a": "50%", "b": "50%"})
    shop.audience("lapsed", guards=FREE, arms={"a": "50%", "c": "50%"})
    assert all(NOTE in one.notes for one in shop.plan().lists)


def test_one_more_arm_leaves_everybody_in_theirs(shop, everybody):
    synced(shop, arms={"a": "30%", "b": "30%"})
    before = {arm: shop.people_on(f"{LIST}/{arm}") for arm in "ab"}
    synced(shop, arms={"a": "30%", "b": "30%", "c": "40%"})
    assert {arm: shop.people_on(f"{LIST}/{arm}") for arm in "ab"} == before
    assert shop.on_ledger(f"{LIST}/c") <= everybody - before["a"] - before["b"]
    assert [generation for generation, *_ in experiments(shop)] == [1]


def test_other_shares_move_nobody_from_one_arm_to_another(shop, everybody):
    synced(shop, arms={"a": "60%", "b": "40%"})
    before = {arm: shop.people_on(f"{LIST}/{arm}") for arm in "ab"}
    new = shop.crowd(300, prefix="new")
    shop.publish(DAY + dt.timedelta(days=1))
    synced(shop, arms={"a": "10%", "b": "90%"})
    assert {arm: shop.people_on(f"{LIST}/{arm}") & everybody for arm in "ab"} == before
    assert len(shop.people_on(f"{LIST}/b") & new) > 230


def test_raising_the_share_takes_from_the_arms_and_moves_nobody_between_them(shop, everybody):
    synced(shop, arms={"a": "50%", "b": "40%", "holdout": "10%"})
    before = {arm: shop.people_on(f"{LIST}/{arm}") for arm in "ab"}
    synced(shop, arms={"a": "40%", "b": "30%", "holdout": "30%"})
    after = {arm: shop.people_on(f"{LIST}/{arm}") for arm in "ab"}
    assert after["a"] <= before["a"]
    assert after["b"] <= before["b"]
    assert 290 < len(after["a"] | after["b"]) < 410


def test_an_arm_that_is_gone_empties_its_list_without_a_guard(shop):
    shop.crowd(1200)
    shop.audience("lapsed", arms={"a": "50%", "b": "50%"})
    shop.publish(DAY)
    assert shop.sync() == 0
    shop.audience("lapsed", arms={"a": "100%"}, guards=FREE)
    assert shop.sync() == 0
    assert shop.people_on(f"{LIST}/b") == shop.on_ledger(f"{LIST}/b") == set()
    assert len(shop.people_on(f"{LIST}/a")) == 1200


def test_the_log_is_only_ever_appended_to(shop, everybody):
    """Through raising, lowering, arms, leaving, coming back and another id."""
    seen, halves = [], {"a": "35%", "b": "35%", "holdout": "30%"}
    steps = [{"holdout": "10%"}, {"holdout": "30%"}, {"holdout": "10%"}, {"arms": halves}, {"holdout": "20%"}]
    for step, keys in enumerate(steps):
        shop.leaves(*sorted(shop.segment_names())[:5])
        shop.lapsed(f"new{step}", "crowd0399")
        if step == 3:
            shop.person("earlier", emails=[])
            shop.lapsed("earlier")
            shop.merges("crowd0300", "earlier")
        shop.publish(DAY + dt.timedelta(days=step))
        shop.audience("lapsed", guards=FREE, **keys)
        assert shop.sync() == 0
        rows = shop.rows("select * from sync.experiment_entries")
        assert set(seen) <= set(rows)
        assert len({(row[0], row[1]) for row in rows}) == len(rows) > len(seen)
        seen = rows
