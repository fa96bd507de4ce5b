"""Extract: the settings' sources by name, one writer at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from audiences.errors import Busy, ConfigError
from audiences.extract import extract, find_source
from audiences.settings import load_settings
from audiences.warehouse.duckdb import writing

SETTINGS = """
shop: {name: Guitars, timezone: America/New_York}
sources:
  files:
    products: {path: "${PRODUCTS_FILE:-products.csv}"}
    orders: {path: orders.csv, timezone: shop}
"""

EXTRACT = """
import sys
from pathlib import Path
from audiences.extract import extract
from audiences.settings import load_settings
extract(load_settings(Path(sys.argv[1])))
"""


@pytest.fixture
def settings(shop):
    shop.write("boomerang.yaml", SETTINGS)
    shop.write("products.csv", "product_ref\nS1\nS2\n")
    shop.write("orders.csv", "order_ref,ordered_at\n1,2026-01-05 10:00\n")
    return load_settings(shop.base / "boomerang.yaml")


def test_all_sources_of_the_settings_are_loaded_and_told(shop, settings):
    told = []

    loads = extract(settings, on_progress=lambda entity, rows: told.append((entity, rows)))

    assert [load.source for load in loads] == ["files"]
    assert {one.entity: one.rows for one in loads[0].entities if one.mode != "empty"} == {"orders": 1, "products": 2}
    assert told == [("orders", 1), ("products", 2)]
    assert loads[0].seconds > 0
    assert shop.rows("select hour(ordered_at) from raw_files.orders") == [(15,)]


def test_a_source_that_the_settings_do_not_have(settings):
    with pytest.raises(ConfigError, match="source 'file' is not in the settings; did you mean files"):
        extract(settings, ["file"])


def test_a_source_that_nobody_has(shop):
    shop.write("boomerang.yaml", SETTINGS.replace("  files:", "  filez:"))

    with pytest.raises(ConfigError, match="there is no source 'filez'; did you mean files"):
        extract(load_settings(shop.base / "boomerang.yaml"))


def test_settings_without_a_source(shop):
    shop.write("boomerang.yaml", "shop: {name: Guitars}\n")

    with pytest.raises(ConfigError, match="the settings name no source"):
        extract(load_settings(shop.base / "boomerang.yaml"))


def test_a_variable_that_is_not_set(shop):
    shop.write("boomerang.yaml", SETTINGS.replace("${PRODUCTS_FILE:-products.csv}", "${NO_SUCH_VARIABLE}"))

    with pytest.raises(ConfigError, match="NO_SUCH_VARIABLE"):
        extract(load_settings(shop.base / "boomerang.yaml"))


def test_two_at_once_one_is_told_to_try_again(settings):
    with writing(settings.home), pytest.raises(Busy, match="try again"):
        extract(settings)

    assert extract(settings)[0].source == "files"


def test_the_registered_source_is_the_one_of_flows():
    from flows.sources.files import load

    assert find_source("files") is load


def test_the_extract_step_loads_neither_dlt_nor_prefect_nor_dbt():
    script = "import sys, audiences.extract; print([m for m in ('dlt', 'prefect', 'dbt', 'flows') if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)

    assert done.stdout.strip() == "[]"


def test_loading_sends_nothing_anywhere_and_writes_nothing_outside_its_home(shop, settings):
    """A home directory of its own shows what the loader would leave there; a dead proxy what it would send."""
    user_home = shop.base / "user"
    user_home.mkdir()
    before = sorted(path.name for path in shop.base.iterdir())
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path.cwd()),
        "HOME": str(user_home),
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", EXTRACT, str(settings.file)],
        capture_output=True, text=True, check=True, env=environment, cwd=shop.base,
    )  # fmt: skip

    assert (done.stdout, done.stderr) == ("", "")
    assert list(user_home.iterdir()) == []
    assert sorted(path.name for path in shop.base.iterdir()) == [".boomerang", *before]
