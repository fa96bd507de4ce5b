"""A plan as Markdown: what a reviewer of a pull request reads."""

from __future__ import annotations

import datetime as dt

from engine_shop import TODAY

from audiences.sync.plan_markdown import as_markdown, size

TOMORROW = TODAY + dt.timedelta(days=1)


def test_sums_a_row_per_list_and_what_wants_a_look(open_shop):
    shop = open_shop()
    shop.crowd(600)
    shop.person("denies", consent="denied")
    shop.lapsed("denies")
    shop.audience("lapsed")
    shop.publish()
    shop.sync()
    shop.leaves(*sorted(shop.segment_names())[:400])
    shop.publish(TOMORROW)
    text = as_markdown(shop.plan())
    assert "1 of 1 list changes: **0** added, **0** updated, **400** removed" in text
    assert "| lapsed@meta:main | 200 | 0 | 0 | 400 | 0 | 200 | 0 | **held**: 400 remove |" in text
    assert "- `lapsed@meta:main`: held, because the list would shrink from 600 to 200, more than 50%." in text
    assert "1 gate consent_denied" in text


def test_bytes_are_told_in_units_that_people_read():
    assert [size(count) for count in (0, 999, 5_930_000, 59_000_000_000)] == [
        "0 bytes",
        "999 bytes",
        "5.9 MB",
        "59.0 GB",
    ]


def test_the_instant_is_told_by_the_shops_clock_as_plan_does(open_shop):
    shop = open_shop()
    shop.crowd(110)
    shop.audience("lapsed")
    shop.publish()
    text = as_markdown(shop.plan(), shop.settings.shop.timezone)
    assert f"As of {TODAY} 23:59 (America/New_York), build" in text
