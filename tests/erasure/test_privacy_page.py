"""docs/privacy.md says what `forget` leaves; the ledger has that, and nothing else of the person."""

from __future__ import annotations

from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "privacy.md"
COUNTS_AND_NAMES = {
    "audience_scopes", "batches", "builds", "erasure_lists", "erasure_requests", "erasures", "experiments", "list_status", "lists",
    "permits", "plans", "schema_version", "split_values",
}  # fmt: skip


@pytest.fixture
def kept():
    """The tables that the page names in its table of what the ledger keeps of a person."""
    page = PAGE.read_text(encoding="utf-8")
    begun = page.index("## What the ledger keeps of a person")
    rows = [line for line in page[begun : page.index("## What `forget` leaves")].splitlines() if line.startswith("| `")]
    return {name.strip(" `") for line in rows for name in line.split("|")[1].split(",")}


def test_every_table_of_the_ledger_is_on_the_page_or_has_counts_and_names_only(shop, kept):
    shop.filled("ann")
    tables = {
        row[0] for row in shop.rows("select table_name from information_schema.tables where table_schema = 'sync'")
    }
    assert kept == tables - COUNTS_AND_NAMES
    keyed = shop.rows(
        "select table_name from information_schema.columns where column_name in ('member_key', 'canonical_hash')"
    )
    assert {name for (name,) in keyed} & tables == kept


def test_what_forget_leaves_is_what_the_page_says(shop, kept):
    shop.crowd(100, prefix="more")
    shop.filled("ann", holdout="10%")
    before = {key for key, name in shop.name_of_key().items() if name == "ann"}
    shop.forget("ann")
    shop.confirm()
    left = {
        table
        for table in kept - {"tombstones"}
        if shop.value(
            f"select count(*) from sync.{table} where member_key::varchar = any(?)", [str(one) for one in before]
        )
    }
    assert left <= {"audience_history", "experiment_entries", "plan_changes"}
    assert {"audience_history", "experiment_entries"} <= left
    assert shop.places_in_ledger(shop.all_hashes("ann")) == set()
    assert shop.value("select count(*) from sync.tombstones") == 2
