"""The worked example of docs/sources.md does what the page says."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from audiences.extract import extract
from audiences.settings import load_settings
from audiences.shop_model import ENTITIES

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"


@pytest.fixture
def page():
    return PAGE.read_text()


def test_the_worked_example_gives_what_it_promises(shop, page, caplog):
    files = re.findall(r"`(exports/\w+\.csv)`\n\n```csv\n(.*?)```", page, re.DOTALL)
    assert len(files) == 2
    for name, text in files:
        shop.write(name, text)
    shop.write("boomerang.yaml", re.search(r"```yaml\n(.*?)```", page, re.DOTALL)[1])

    loads = extract(load_settings(shop.base / "boomerang.yaml"))[0].entities

    rows = {one.entity: one.rows for one in loads if one.mode != "empty"}
    assert rows == {"customers": 1, "orders": 2, "order_lines": 3, "products": 2}
    assert "colour" in caplog.text
    assert shop.rows("select customer_ref, email from raw_files.customers") == [("17", "anna@example.com")]
    first = shop.rows(
        "select customer_ref, ordered_at, goods_amount::int from raw_files.orders where order_ref = '1001'"
    )
    assert first == [("17", datetime(2026, 11, 20, 23, 30), 924)]


def test_the_page_names_the_required_columns_of_every_entity(page):
    for entity in ENTITIES.values():
        row = re.search(rf"^\| {entity.name} \| ([^|;]*)", page, re.MULTILINE)
        assert row is not None, f"{entity.name} is not in the table"
        assert row[1].strip().split(", ") == list(entity.required)
