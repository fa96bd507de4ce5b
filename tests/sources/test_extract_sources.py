"""Extract: the settings' sources by name, one writer at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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


LOADER_ALONE = """
import dlt
pipeline = dlt.pipeline("alone", pipelines_dir="alone", destination=dlt.destinations.duckdb("alone.duckdb"))
pipeline.run([{"a": 1}], table_name="t")
"""


class Telemetry(BaseHTTPRequestHandler):
    """Counts what the loader's maker would be told."""

    def do_POST(self):
        self.server.told += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def telemetry():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Telemetry)
    server.told = 0
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def run(script: str, folder: Path, server: ThreadingHTTPServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In a process with a user's folder of its own, to see what the loader leaves there."""
    (folder / "user").mkdir(exist_ok=True)
    variables = {
        **os.environ,
        "PYTHONPATH": str(Path.cwd()),
        "HOME": str(folder / "user"),
        "RUNTIME__DLTHUB_TELEMETRY_ENDPOINT": f"http://127.0.0.1:{server.server_port}/",
    }
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=variables, cwd=folder)


def test_loading_tells_nobody_and_writes_nothing_outside_its_home(shop, settings, telemetry):
    run(LOADER_ALONE, shop.base, telemetry)
    assert telemetry.told > 0, "the loader has no telemetry to switch off any more"
    before, told = sorted(path.name for path in shop.base.iterdir()), telemetry.told

    done = run(EXTRACT, shop.base, telemetry, str(settings.file))

    assert (done.stdout, done.stderr) == ("", "")
    assert telemetry.told == told
    assert sorted(path.name for path in shop.base.iterdir()) == [".boomerang", *before]
