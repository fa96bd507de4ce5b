"""A plan as Markdown: what a reviewer of a pull request reads."""

from __future__ import annotations

import datetime as dt

from engine_shop import TODAY

from audiences.printable import markdown_code, markdown_text, printable
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
    assert (
        "0 of 1 list changes: **0** added, **0** updated, **0** removed, **0** renewed, in 0 requests (0 bytes); **400** held."
        in text
    )
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


def test_what_goes_is_summed_apart_from_what_is_held(open_shop):
    shop = open_shop()
    everybody = sorted(shop.crowd(600))
    shop.audience("lapsed")
    shop.publish()
    shop.sync()
    shop.leaves(*everybody[:400])
    shop.crowd(20, prefix="new")
    shop.publish(TOMORROW)
    text = as_markdown(shop.plan())
    assert "1 of 1 list changes: **20** added, **0** updated, **0** removed" in text
    assert "**400** held" in text


def test_a_name_that_is_markdown_or_html_stays_a_name_on_one_line(open_shop):
    shop = open_shop()
    for number, value in enumerate(("a|b", "x`y", "line\nbreak", "<b>bold</b>", "*star*")):
        shop.crowd(110, prefix=f"p{number}x", category=value)
    shop.audience("lapsed", split_by={"column": "category", "max_lists": 9, "min_members": 100, "rest": "other"})
    shop.publish()
    rows = [line for line in as_markdown(shop.plan()).splitlines() if line.startswith("| lapsed")]
    assert sorted(row.split(" | 110 |")[0] for row in rows) == [
        "| lapsed@meta:main/&lt;b>bold&lt;/b>",
        "| lapsed@meta:main/\\*star\\*",
        "| lapsed@meta:main/a\\|b",
        "| lapsed@meta:main/line break",
        "| lapsed@meta:main/x\\`y",
    ]


def test_a_sentence_of_a_plan_brings_no_tags_and_what_is_printed_steers_no_terminal():
    assert markdown_text("<img src=x> & \x1b[2J`sync`\nnext") == "&lt;img src=x> &amp;  [2J`sync` next"
    assert printable("red \x1b[31m\u202etxt\nnext\tcell") == "red  [31m txt\nnext\tcell"


def test_a_name_in_code_keeps_its_backticks():
    assert [markdown_code(name) for name in ("a", "x`y", " lead")] == ["`a`", "`` x`y ``", "`  lead `"]
