"""The columns that a definition may name, as the dbt contracts of segments and of `dim_customers` state them.

Read from the model files, so that definitions can be checked without a build and without dbt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from audiences.conditions import ColumnType
from audiences.errors import ConfigError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the reader that dbt uses for these files
_TYPES: dict[str, ColumnType] = {
    **dict.fromkeys(("string", "varchar", "text", "char", "character", "bpchar"), "text"),
    **dict.fromkeys(("int", "integer", "bigint", "smallint", "tinyint", "hugeint", "ubigint", "uinteger"), "number"),
    **dict.fromkeys(("double", "float", "real", "decimal", "numeric", "bignumeric"), "number"),
    **dict.fromkeys(("bool", "boolean"), "bool"),
    **dict.fromkeys(("timestamp", "timestamptz", "datetime"), "timestamp"),
    "date": "date",
}


@dataclass(frozen=True)
class Schema:
    """Columns with their types: of each segment (by its name without `seg_`) and of `dim_customers`."""

    segments: Mapping[str, Mapping[str, ColumnType]]
    customers: Mapping[str, ColumnType]

    def columns_of(self, segment: str) -> dict[str, ColumnType]:
        """What a definition on this segment may name; the segment's own column hides the customer's."""
        return {**self.customers, **self.segments.get(segment, {})}


def reduce_type(data_type: str) -> ColumnType | None:
    """A warehouse's or a contract's type as filters know it; None for what no filter takes (lists, structs).

    A contract may choose by Jinja, such as `{{ "decimal(18,4)" if target.type == "duckdb" else "numeric" }}`: the first
    type in quotes counts.
    """
    choices = re.findall(r"""["']([^"']+)["']""", data_type) if "{{" in data_type else [data_type]
    return next((found for choice in choices if (found := _reduce(choice)) is not None), None)


def _reduce(data_type: str) -> ColumnType | None:
    base = re.match(r"[a-z]+", data_type.strip().lower())
    return None if base is None or re.search(r"[\[<]", data_type) else _TYPES.get(base[0])


def schema_from_contracts(dbt_folder: Path) -> Schema:
    """Read `models/segments/*.yml` and `dim_customers.yml` of a dbt project.

    Raises ConfigError when the folder holds no such models, or when one of the files is not YAML.
    """
    models = dbt_folder / "models"
    customers = _columns(models.rglob("dim_customers.yml")).get("dim_customers")
    if customers is None:
        raise ConfigError("no model dim_customers with columns; is this the dbt project?", file=models)
    segments = _columns(sorted((models / "segments").glob("*.yml")))
    return Schema({name.removeprefix("seg_"): found for name, found in segments.items()}, customers)


def _columns(files: Any) -> dict[str, dict[str, ColumnType]]:
    return {
        model["name"]: _types(model.get("columns") or [])
        for file in files
        for model in (_read(file) or {}).get("models") or []
    }


def _types(columns: list[dict[str, Any]]) -> dict[str, ColumnType]:
    reduced = {column["name"]: reduce_type(str(column.get("data_type", ""))) for column in columns}
    return {name: found for name, found in reduced.items() if found is not None}


def _read(file: Path) -> Any:
    try:
        return yaml.load(file.read_text("utf-8"), Loader=_LOADER)  # noqa: S506 (a safe loader)
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + 1
        raise ConfigError(f"this is not YAML: {error.problem}", file=file, line=line) from error
