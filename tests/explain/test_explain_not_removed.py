"""Somebody whose removal the platform did not take reads so, on the list as they still are."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("fault", [{"do": "error", "code": 100}, {"do": "invalid_rows", "rows": [0]}])
def test_whose_removal_was_refused_reads_so(shop, fault):
    shop.person("jane", "jane@example.com")
    shop.qualifies("jane", order_count=3)
    shop.others()
    shop.audience()
    shop.publish()
    assert shop.sync() == 0
    shop.sandbox.control(faults=[{"on": "remove", "times": "always", **fault}])
    shop.leaves("jane")
    shop.publish()
    assert shop.sync() == 1

    (entry,) = shop.told("jane").lists
    assert entry.is_on
    assert entry.kept.startswith("not removed: the platform")
    assert entry.kept_at is not None
    assert entry.quarantined is None
    assert "not removed: the platform" in shop.told("jane").verdict
