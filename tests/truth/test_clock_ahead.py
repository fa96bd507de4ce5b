"""A clock was ahead, and was set right: what was written since is the newest, whatever time it bears."""

from __future__ import annotations

import datetime as dt

import pytest
from truth_shop import LIST

from audiences.cli.truth import _when
from audiences.ledger.connection import now_utc
from audiences.sync.release import release

AHEAD = dt.timedelta(days=2)


@pytest.fixture
def back(open_shop):
    """A shop of 600 people, synced while the clock was two days ahead; then it was set right."""
    shop = open_shop()
    shop.configure(guards={"max_build_age": "off"})
    shop.everybody = sorted(shop.crowd(600))
    shop.audience()
    shop.publish(0)
    right = shop.now
    shop.now = right + AHEAD
    assert shop.sync() == 0
    shop.now = right + dt.timedelta(minutes=30)
    return shop


def test_what_is_held_since_is_shown_and_released(back):
    back.leaves(*back.everybody[:400])
    back.publish(0)
    assert back.sync() == 3
    state = back.state()
    assert state.held == {"remove": 400}
    assert state.held_since <= back.now
    assert state.planned_at <= back.now
    assert f"boomerang release {LIST}" in state.advice
    assert release(back.settings, LIST, reason="looked at", now=back.tick()).at_most == 400
    assert back.sync() == 0
    assert (back.state().held, back.state().members) == ({}, 200)


def test_an_age_is_never_below_nothing(back):
    assert back.state().synced_hours_ago == 0
    back.publish(0)
    assert back.sync() == 0
    assert back.state().synced_hours_ago == pytest.approx(0, abs=0.2)
    assert back.state().synced_at <= back.now


def test_a_time_that_is_still_to_come_is_shown_as_such():
    assert _when(now_utc() + AHEAD, 0.0, "UTC").endswith("(still to come: a clock was ahead)")
    assert _when(now_utc() - dt.timedelta(hours=3), 3.0, "UTC").endswith("(3 h ago)")


def test_a_build_of_the_clock_that_was_ahead_is_not_the_newest_for_ever(open_shop):
    shop = open_shop()
    shop.crowd(150)
    shop.audience()
    right = shop.now
    ahead = shop.publish(2)
    shop.now = right
    newest = shop.publish(0)
    assert newest < ahead
    assert shop.plan().build_id == newest
    assert shop.sync() == 0


def test_what_the_platform_told_last_counts(shop):
    shop.filled()
    right = shop.now
    shop.later(days=4)
    shop.rows("update sync.list_status set asked_at = asked_at + interval 40 day, note = 'said by a clock ahead'")
    shop.now = right
    shop.later(days=1)
    state = shop.state()
    assert (state.note, state.asked_at <= shop.now, state.asked_hours_ago) == (
        "ready for use",
        True,
        pytest.approx(0, abs=0.2),
    )
