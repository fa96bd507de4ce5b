"""What a guard compares with: what was on the list, and what was good, whatever became of the plans since."""

from __future__ import annotations

import pytest


def leave(shop, everybody, share):
    """A share of those who are in the segment leave it."""
    inside = sorted(set(everybody) & shop.segment_names())
    shop.leaves(*inside[: int(len(inside) * share)])


@pytest.mark.parametrize("is_broken", [False, True], ids=["all_goes", "additions_run_into_a_quota"])
def test_a_list_may_not_shrink_in_slices_whatever_became_of_its_plans(open_shop, fails, is_broken):
    shop = open_shop(max_wait_seconds=0)
    everybody = shop.crowd(1000)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    if is_broken:
        fails("throttle", "add", times="always", minutes=600)
    shop.publish(8)
    assert shop.sync() == 0
    leave(shop, everybody, 0.45)
    shop.lapsed("ann")
    shop.publish(9)
    assert shop.sync() == (6 if is_broken else 0)
    assert len(shop.on_ledger() & everybody) == 550
    leave(shop, everybody, 0.45)
    shop.lapsed("bob")
    shop.publish(10)
    assert shop.plan_of().guard.guards == ["shrink"]
    shop.sync()
    assert len(shop.on_ledger() & everybody) == 550


def test_after_a_week_the_list_is_measured_by_what_it_is_now(open_shop):
    shop = open_shop()
    everybody = shop.crowd(1000)
    shop.audience()
    shop.publish(0)
    assert shop.sync() == 0
    leave(shop, everybody, 0.45)
    shop.publish(1)
    assert shop.sync() == 0
    leave(shop, everybody, 0.45)
    shop.publish(9)
    assert shop.sync() == 0
    assert len(shop.on_ledger()) == 303
