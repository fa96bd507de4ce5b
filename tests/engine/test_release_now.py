"""A release opens the guards that hold something now, and no others; who only waits is told for which list."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from engine_shop import LIST, TODAY

from audiences.errors import ConfigError
from audiences.sync.plan_markdown import as_markdown
from audiences.sync.release import release
from audiences.sync.status import read_status

FIRST, SECOND = "a@meta:main", "b@meta:main"
TOMORROW = TODAY + dt.timedelta(days=1)


def let_go(shop, list_id=LIST, **how):
    return release(shop.settings, list_id, reason="looked at it", now=shop.tick(), **how)


def state_of(shop, list_id=LIST):
    (found,) = [one for one in read_status(shop.settings, now=shop.now).lists if one.list == list_id]
    return found


@pytest.fixture
def shrinking(open_shop):
    """A list of 600 whose segment lost 400 of them; the sync was held."""
    shop = open_shop()
    everybody = shop.crowd(600)
    shop.audience("lapsed")
    shop.publish()
    assert shop.sync() == 0
    shop.leaves(*sorted(everybody)[:400])
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    return shop


@pytest.fixture
def waiting(open_shop):
    """Everybody of `a` moves to `b`, which comes first in their group: the removals are held, so `b` waits."""
    shop = open_shop()
    everybody = shop.crowd(600)
    shop.audience("a", exclusive_group="g", priority=2)
    shop.publish()
    assert shop.sync() == 0
    shop.audience("b", segment="recent", exclusive_group="g", priority=1)
    shop.lapsed(*everybody, segment="recent")
    shop.publish(TOMORROW)
    assert shop.sync() == 3
    return shop


def test_a_release_permits_only_the_guards_that_trip_now(shrinking):
    assert let_go(shrinking).guards == ("shrink", "removals")
    assert {row[0] for row in shrinking.rows("select guard from sync.permits")} == {"shrink", "removals"}
    assert shrinking.sync() == 0


def test_a_guard_that_holds_nothing_is_not_released(shrinking):
    with pytest.raises(
        ConfigError, match="growth holds nothing on lapsed@meta:main: it is held by shrink and removals"
    ):
        let_go(shrinking, guards=["growth"])
    assert shrinking.rows("select * from sync.permits") == []


def test_a_list_that_only_waits_is_not_released_and_says_for_which_list(waiting):
    with pytest.raises(
        ConfigError, match=f"people of {SECOND} wait for removals that are held elsewhere: release {FIRST}"
    ):
        let_go(waiting, SECOND)
    assert waiting.rows("select * from sync.permits") == []


def test_plan_and_status_name_the_list_to_release(waiting):
    planned = {one.list: one for one in waiting.plan().lists}
    assert planned[SECOND].guard.waits_for == [FIRST]
    assert planned[SECOND].guard.reasons == [
        f"600 people wait here: a guard holds their removal from {FIRST}",
    ]
    assert f"boomerang release {FIRST} " in state_of(waiting, SECOND).advice
    assert f"boomerang release {SECOND}" not in " ".join(state_of(waiting, SECOND).todo)
    assert f"their removal from {FIRST}" in as_markdown(waiting.plan())
    assert json.loads(json.dumps(waiting.plan().as_json()))["lists"][1]["guard"]["guards"] == []


def test_releasing_the_list_that_holds_lets_those_who_wait_come(waiting):
    let_go(waiting, FIRST)
    assert waiting.sync() == 0
    assert waiting.people_on(SECOND) == waiting.segment_names("recent")
    assert waiting.people_on(FIRST) == set()


def test_a_held_list_of_another_audience_is_not_named_where_nobody_waits_for_it(waiting):
    """`other` has the same people and is held too, but is in no group with `b`."""
    waiting.audience("other")
    waiting.segments["lapsed"], everybody = list(waiting.segments["lapsed"]), waiting.segment_names()
    waiting.publish(TOMORROW)
    waiting.sync()
    waiting.leaves(*sorted(everybody)[:400])
    waiting.publish(TOMORROW)
    planned = {one.list: one for one in waiting.plan().lists}
    assert planned["other@meta:main"].guard.guards == ["shrink", "removals"]
    assert planned[SECOND].guard.waits_for == [FIRST]


def test_a_look_at_an_older_build_hides_nothing_that_is_held(shrinking):
    before = state_of(shrinking)
    assert not shrinking.plan(as_of=str(TODAY)).is_held
    after = state_of(shrinking)
    assert (after.held, after.held_since) == (before.held, before.held_since) == ({"remove": 400}, before.held_since)
    assert after.held_since is not None
    assert let_go(shrinking).at_most == 400


def test_a_look_at_one_audience_hides_nothing_that_waits(waiting):
    waiting.plan("b")
    assert state_of(waiting, SECOND).held == {"add": 600}


def test_an_older_build_that_was_sent_is_what_the_status_tells(shrinking):
    shrinking.configure(guards={"max_build_age": "off"})
    shrinking.apply(shrinking.plan(as_of=str(TODAY)))
    assert state_of(shrinking).held == {}


def test_held_since_goes_back_to_the_first_build_that_was_held(shrinking):
    before = state_of(shrinking).held_since
    shrinking.publish(TODAY + dt.timedelta(days=2))
    assert shrinking.plan().is_held
    assert state_of(shrinking).held_since == before


@pytest.mark.parametrize(
    "why", ["jane@example.com asked", "asked by +1 555 123 4567", "  "], ids=["mail", "phone", "none"]
)
def test_the_reason_of_a_release_names_nobody(shrinking, why):
    with pytest.raises(ConfigError, match="the ledger keeps it") as error:
        release(shrinking.settings, LIST, reason=why, now=shrinking.tick())
    assert "example" not in str(error.value)
    assert "555" not in str(error.value)
    assert shrinking.rows("select * from sync.permits") == []


def test_two_guards_are_released_one_after_the_other(shrinking):
    """The first release lets nothing through while the other guard holds the same people: it stays until they go."""
    let_go(shrinking, guards=["shrink"])
    assert shrinking.sync() == 3
    assert shrinking.plan_of().guard.guards == ["removals"]
    let_go(shrinking, guards=["removals"])
    assert shrinking.sync() == 0
    assert len(shrinking.on_ledger()) == 200
    assert shrinking.rows("select * from sync.permits where used_by_plan is null") == []


def test_a_release_that_lets_nothing_through_lasts_no_longer_than_it_says(shrinking):
    let_go(shrinking, guards=["shrink"], hours=1)
    assert shrinking.sync() == 3
    shrinking.tick(hours=2)
    assert shrinking.plan_of().guard.guards == ["shrink", "removals"]


def test_what_one_release_let_through_is_used_up_though_another_guard_holds_the_rest(shrinking):
    shrinking.crowd(3000, prefix="flood")
    shrinking.publish(TOMORROW)
    assert shrinking.plan_of().guard.guards == ["removals", "growth"]
    let_go(shrinking, guards=["growth"])
    assert shrinking.sync() == 3
    assert len(shrinking.on_ledger()) == 3600
    assert shrinking.rows("select guard from sync.permits where used_by_plan is null") == []


@pytest.mark.parametrize("at_most", [0, 1, 399])
def test_a_release_of_less_than_a_guard_holds_is_refused_for_nothing_would_go(shrinking, at_most):
    with pytest.raises(ConfigError, match="holds 400 changes .* all go or none"):
        let_go(shrinking, at_most=at_most)
    assert shrinking.rows("select * from sync.permits") == []


def test_a_release_of_just_what_the_guards_hold_lets_it_go(shrinking):
    assert let_go(shrinking, at_most=400).at_most == 400
    assert shrinking.sync() == 0
