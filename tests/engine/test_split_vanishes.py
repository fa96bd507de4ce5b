"""A split value that is small for seven builds loses its list; when its people are gone from the audience, guards ask as ever."""

from __future__ import annotations

import datetime as dt

DAY = dt.date(2026, 11, 23)
LIST = "lapsed@meta:main"
SPLIT = {"column": "category", "max_lists": 5, "min_members": 200, "rest": "other"}


def test_an_empty_segment_empties_no_list_however_many_builds_are_empty(shop):
    strings = shop.crowd(600, prefix="strings", category="Strings")
    shop.crowd(550, prefix="amps", category="Amps")
    shop.audience("lapsed", split_by=SPLIT)
    shop.publish(DAY)
    assert shop.sync() == 0
    shop.segments["lapsed"] = []
    for day in range(1, 10):
        shop.publish(DAY + dt.timedelta(days=day))
        assert shop.sync() == 3
    assert shop.people_on(f"{LIST}/Strings") == shop.on_ledger(f"{LIST}/Strings") == strings
