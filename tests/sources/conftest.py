"""A shop's folder with files, a warehouse beside them, and the source `files` between the two."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from audiences.errors import BoomerangError
from audiences.extract import EntityLoad, SourceContext
from audiences.log import LOGGER
from flows.sources import files

MARKER = "anna.marker@example.com"


@dataclass
class ShopFolder:
    base: Path
    timezone: str = "America/New_York"

    @property
    def home(self) -> Path:
        return self.base / ".boomerang"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse.duckdb"

    def write(self, name: str, text: str, encoding: str = "utf-8") -> Path:
        path = self.base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(encoding))
        return path

    def copy(self, query: str, name: str) -> Path:
        """Write the rows of a query as Parquet."""
        path = self.base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(duckdb.connect()) as connection:
            connection.execute(f"copy ({query}) to ? (format parquet)", [str(path)])
        return path

    def context(self, **options: Any) -> SourceContext:
        return SourceContext("files", options, self.base, self.warehouse, self.home, self.timezone)

    def load(self, **options: Any) -> dict[str, EntityLoad]:
        return {one.entity: one for one in files.load(self.context(**options))}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(duckdb.connect(str(self.warehouse), read_only=True)) as connection:
            return connection.execute(query).fetchall()

    def fault(self, kind: type[BoomerangError], **options: Any) -> str:
        """The message that loading ends with; neither it nor anything behind it carries the marker."""
        with pytest.raises(kind) as caught:
            self.load(**options)
        told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__)
        assert not any(part in told for part in (MARKER, "marker")), "a value of the file is in the error"
        return str(caught.value)

    def names(self, schema: str = "raw_files") -> Sequence[str]:
        query = f"select table_name from duckdb_tables() where schema_name = '{schema}' order by 1"
        return [row[0] for row in self.rows(query)]


@pytest.fixture(autouse=True)
def log_reaches_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line, when a test ran it before, keeps the log to itself."""
    monkeypatch.setattr(logging.getLogger(LOGGER), "propagate", True)


@pytest.fixture
def shop(tmp_path: Path) -> ShopFolder:
    return ShopFolder(tmp_path)
