"""Reading published tables as pandas frames, for notebooks, previews and charts; never on a hot path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audiences.errors import ConfigError, DataError
from audiences.names import hint
from audiences.settings import Settings, load_settings
from audiences.warehouse.duckdb import connect

if TYPE_CHECKING:
    import pandas as pd


def newest_build_file(settings: Settings) -> Path:
    """The newest published build; readable without the ledger. Raises DataError when there is none."""
    files = sorted(settings.published.glob("*.duckdb"))
    if not files:
        raise DataError("there is no finished build yet: run `boomerang extract`, then `boomerang build`")
    return files[-1]


def read(table: str, settings: Settings | None = None) -> pd.DataFrame:
    """A published table of the newest build as a pandas frame with Arrow types.

    Args:
        table: for example `marts.dim_customers`.
        settings: default is `boomerang.yaml` in the current folder.

    Raises:
        ConfigError: there is no such table.
        DataError: there is no finished build.
    """
    import pandas as pd

    file = newest_build_file(settings or load_settings())
    with connect(file, read_only=True) as connection:
        known = connection.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall()
        names = [row[0] for row in known]
        if table not in names:
            raise ConfigError(f"there is no published table {table}{hint(table, names)}")
        frame: pd.DataFrame = connection.table(table).to_arrow_table().to_pandas(types_mapper=pd.ArrowDtype)
        return frame
