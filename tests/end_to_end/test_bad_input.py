"""Bad input gives one clear message, the right exit code, and leaves warehouse, published builds and lists as they were."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager

import pytest


@pytest.fixture
def synced(shop):
    """A shop whose lists are filled, so that there is something to lose."""
    ran = shop.run("sync", "--as-of", shop.first_day)
    assert ran.code == 0, ran.err
    return shop


def assert_refused(shop, ran, code: int, *said: str, before: dict[str, str]) -> None:
    """One error with these words, this exit code, and nothing changed."""
    text = ran.err + ran.out
    assert ran.code == code, text
    assert text.count("Error:") <= 1
    assert "Traceback" not in text
    assert "bug in Boomerang" not in text
    for words in said:
        assert words in text
    assert shop.state() == before


def test_an_unknown_column_in_where_is_named_with_the_nearest_right_one(synced):
    before = synced.state()
    synced.change("definitions/wishlisters.yaml", "  in_stock: true", "  in_stok: true")

    checked, planned = synced.run("check"), synced.run("sync")

    assert_refused(synced, checked, 2, "wishlisters.yaml:", "in_stok", "did you mean in_stock", before=before)
    assert_refused(synced, planned, 2, "did you mean in_stock", before=before)


def test_a_definition_without_an_owner_is_refused(synced):
    before = synced.state()
    synced.change("definitions/lapsed_buyers.yaml", "owner: growth@example.com\n", "")

    for command in ("check", "sync"):
        assert_refused(synced, synced.run(command), 2, "lapsed_buyers.yaml:", "owner", before=before)


def test_a_negative_holdout_is_refused(synced):
    before = synced.state()
    synced.change("definitions/lapsed_buyers.yaml", "holdout: 10%", "holdout: -10%")

    for command in ("check", "sync"):
        assert_refused(synced, synced.run(command), 2, "lapsed_buyers.yaml:", "holdout", "negative", before=before)


def test_a_truncated_parquet_file_loads_nothing(synced):
    before = synced.state()
    file = next((synced.folder / "demo").glob("orders-*.parquet"))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    assert_refused(synced, synced.run("extract"), 5, "orders", before=before)


def test_a_csv_without_a_required_column_loads_nothing(synced):
    before = synced.state()
    synced.change("demo/products.csv", "product_ref", "sku")

    assert_refused(synced, synced.run("extract"), 5, "products", "product_ref", "products.csv", before=before)


def test_a_wrong_token_sends_nothing(shop):
    before = shop.state()
    shop.token = "wrong-zqx-token"

    ran = shop.run("sync", "--as-of", shop.first_day)

    assert_refused(shop, ran, 4, "token", before=before)
    assert "wrong-zqx-token" not in ran.err + ran.out


@contextmanager
def another_process_writing(shop, file):
    """A process that has a database of the shop's home open for writing."""
    path = str(shop.home / file)
    code = f"import duckdb, sys; c = duckdb.connect({path!r}); print('open', flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "open\n"
    try:
        yield
    finally:
        process.communicate("")


@pytest.mark.parametrize("command", ["extract", "build"])
def test_a_warehouse_that_another_process_writes_is_left_alone(synced, command):
    before = synced.state()

    with another_process_writing(synced, "warehouse.duckdb"):
        ran = synced.run(command)

    assert_refused(synced, ran, 6, "another process", "try again", before=before)


def test_a_failed_dbt_test_publishes_nothing(synced):
    before = synced.state()
    (synced.folder / "dbt" / "tests" / "no_shop_has_customers.sql").write_text(
        "select customer_id from {{ ref('dim_customers') }}"
    )

    ran = synced.run("build", "--as-of", synced.second_day)

    assert_refused(synced, ran, 5, "no_shop_has_customers", "as they were", before=before)
    held = synced.run("plan", "--as-of", synced.first_day)
    assert held.code == 0, "a plan for a named day does not mind the failed build"
    status = synced.run("status", "--json").json
    assert status["builds"][0]["state"] == "failed"
    assert status["builds"][0]["failed_nodes"] == ["no_shop_has_customers"]


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("shop: {name: Demo guitars,", "shop: {nam: Demo guitars,", "shop.nam"),
        ("environment: test", "enviroment: test", "did you mean environment"),
        (
            "shop: {name: Demo guitars, timezone: America/New_York,",
            "shop: {timezone: America/New_York,",
            "shop.name is missing",
        ),
        ("timezone: America/New_York", "timezone: America/New_Yrk", "America/New_Yrk"),
    ],
)
def test_a_wrong_or_missing_setting_is_named_with_its_line(shop, line, instead, said):
    before = shop.state()
    shop.change("boomerang.yaml", line, instead)

    assert_refused(shop, shop.run("plan"), 2, "boomerang.yaml:", said, before=before)


def test_a_missing_environment_variable_is_named_when_it_is_needed(shop):
    before = shop.state()
    shop.change("boomerang.yaml", "${META_ACCESS_TOKEN}", "${META_TOKEN_ZQX}")

    planned, sent = shop.run("plan", "--as-of", shop.first_day), shop.run("sync", "--as-of", shop.first_day)

    assert planned.code == 0, "a plan needs no token"
    assert_refused(shop, sent, 2, "META_TOKEN_ZQX", "not set", before=before)


def test_no_settings_file_says_how_to_begin(shop):
    (shop.settings).unlink()

    ran = shop.run("status")

    assert (ran.code, ran.out) == (2, "")
    assert "boomerang init" in ran.err


def test_two_at_once_one_is_told_to_try_again(shop):
    with another_process_writing(shop, "ledger.duckdb"):
        ran = shop.run("sync", "--as-of", shop.first_day)

    assert ran.code == 6
    assert "try again" in ran.err


def test_when_every_audience_is_paused_nothing_is_sent_and_that_is_no_error(shop):
    for definition in (shop.folder / "definitions").glob("*.yaml"):
        definition.write_text(definition.read_text() + "paused: true\n")
    before = shop.state()

    ran = shop.run("sync", "--as-of", shop.first_day)
    named = shop.run("plan", "wishlisters", "--as-of", shop.first_day)

    assert_refused(shop, ran, 0, "all are paused", before=before)
    assert_refused(shop, named, 2, "wishlisters is paused", before=before)
