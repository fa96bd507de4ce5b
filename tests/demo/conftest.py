from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from audiences.demo.shop import generate
from audiences.shop_model import ENTITIES

OpenShop = Callable[[Path], duckdb.DuckDBPyConnection]


def _open(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name in ENTITIES:
        paths = [str(path) for path in sorted(folder.iterdir()) if path.stem.split("-")[0] == name]
        assert paths, f"no file of {name}"
        readers = {"csv": connection.read_csv, "jsonl": connection.read_json, "parquet": connection.read_parquet}
        readers[paths[0].rsplit(".", 1)[1]](paths).create_view(name)
    return connection


@pytest.fixture(scope="session")
def open_shop() -> OpenShop:
    """A demo shop's folder as a connection with a view per entity."""
    return _open


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 customers, made once for the tests that only read."""
    folder = tmp_path_factory.mktemp("shop") / "demo"
    generate(folder, customers=2_000)
    return folder


@pytest.fixture
def shop(shop_folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The shop of 2,000 customers, opened."""
    with _open(shop_folder) as connection:
        yield connection
