"""From what a file holds to what the shop model asks for: one DuckDB expression for each pair of types.

Pure text from fixed names: no file, no connection. An expression gives null where a value does not fit, never another
value; whoever uses it tells a null that was there from a value that did not fit with `given`.
"""

from __future__ import annotations

from dataclasses import dataclass

from audiences.shop_model import DUCKDB_TYPES, Entity, Type

EXACT = {"VARCHAR": "string", "BIGINT": "int64", "BOOLEAN": "bool", "DATE": "date", "DECIMAL(18,4)": "decimal"}
"""DuckDB types that need no cast at all for this type of the model."""

WHOLE = {sign + size for sign in ("", "U") for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")}
NAIVE = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}

# {c} is the column, {tz} the zone that times without one are in; the session's TimeZone is {tz} too.
CASTS: dict[tuple[str, Type], str] = {
    ("text", "string"): "{c}",
    ("whole", "string"): "cast({c} as varchar)",
    ("decimal", "string"): "regexp_replace(cast({c} as varchar), '\\.0+$|(\\.[0-9]*[1-9])0+$', '\\1')",
    ("float", "string"): "coalesce(cast(case when {c} = trunc({c}) then try_cast({c} as hugeint) end as varchar),"
    " cast({c} as varchar))",
    ("bool", "string"): "cast({c} as varchar)",
    ("date", "string"): "cast({c} as varchar)",
    ("naive", "string"): "cast({c} as varchar)",
    ("text", "int64"): "case when try_cast({c} as double) = try_cast({c} as bigint) then try_cast({c} as bigint) end",
    ("whole", "int64"): "try_cast({c} as bigint)",
    ("decimal", "int64"): "case when {c} = try_cast({c} as bigint) then try_cast({c} as bigint) end",
    ("float", "int64"): "case when {c} = try_cast({c} as bigint) then try_cast({c} as bigint) end",
    ("text", "double"): "case when isfinite(try_cast({c} as double)) then try_cast({c} as double) end",
    ("whole", "double"): "cast({c} as double)",
    ("decimal", "double"): "cast({c} as double)",
    ("float", "double"): "case when isfinite({c}) then cast({c} as double) end",
    ("text", "decimal"): "try_cast({c} as decimal(18,4))",
    ("whole", "decimal"): "try_cast({c} as decimal(18,4))",
    ("decimal", "decimal"): "try_cast({c} as decimal(18,4))",
    ("float", "decimal"): "try_cast({c} as decimal(18,4))",
    ("text", "bool"): "try_cast({c} as boolean)",
    ("whole", "bool"): "case {c} when 0 then false when 1 then true end",
    ("decimal", "bool"): "case {c} when 0 then false when 1 then true end",
    ("float", "bool"): "case {c} when 0 then false when 1 then true end",
    ("text", "timestamp"): "timezone('UTC', try_cast({c} as timestamptz))",
    ("zoned", "timestamp"): "timezone('UTC', {c})",
    ("naive", "timestamp"): "timezone('UTC', timezone('{tz}', try_cast({c} as timestamp)))",
    ("date", "timestamp"): "timezone('UTC', timezone('{tz}', try_cast({c} as timestamp)))",
    ("text", "date"): "coalesce(try_cast({c} as date), try_cast(try_cast({c} as timestamp) as date))",
    ("naive", "date"): "try_cast({c} as date)",
    ("zoned", "date"): "cast(timezone('{tz}', {c}) as date)",
}

HINTS: dict[Type, str] = {
    "string": "give one plain value, in a SELECT for example array_to_string(column, ',')",
    "int64": "give whole numbers",
    "double": "give numbers with a decimal point",
    "decimal": "give numbers with a decimal point, without currency or thousands marks",
    "bool": "give true or false, or 1 or 0",
    "timestamp": "give times like 2026-11-23 14:05:00; a SELECT can use strptime for text, to_timestamp for seconds",
    "date": "give days like 2026-11-23; a SELECT can use strptime on other text",
}


@dataclass(frozen=True)
class Cast:
    """How one column is read: `value` is typed as the model asks, `given` is null where the file gives nothing.

    Both are DuckDB expressions. `can_fail` is false where the file's type already is the model's.
    """

    column: str
    type: Type
    value: str
    given: str
    can_fail: bool
    required: bool


def cast_column(entity: Entity, column: str, found: str | None, zone: str) -> Cast | None:
    """The cast for one column of an entity, or None when this type can never become that one.

    Args:
        entity: the entity of the shop model.
        column: its column.
        found: the DuckDB type in the file; None when the file has no such column.
        zone: time zone of times without one, a name of the tz database.
    """
    wanted, required = entity.columns[column], column in entity.required
    if found is None or found == '"NULL"':
        return Cast(column, wanted, f"cast(null as {DUCKDB_TYPES[wanted]})", "null", can_fail=False, required=required)
    kind, is_key = kind_of(found), wanted == "string" and (required or _is_number_like(column))
    given = _given(column, kind, is_plain=wanted == "string" and not is_key)
    if EXACT.get(found) == wanted and not is_key:
        return Cast(column, wanted, given, given, can_fail=False, required=required)
    template = CASTS.get((kind, wanted))
    if template is None:
        return None
    if kind == "naive" and wanted == "timestamp" and zone == "UTC":
        template = "try_cast({c} as timestamp)"
    cleaned = _without_point_zero(given) if kind == "text" and wanted == "string" and is_key else given
    value = template.format(c=cleaned, tz=zone)
    return Cast(column, wanted, value, given, can_fail=wanted != "string", required=required)


def kind_of(found: str) -> str:
    """A DuckDB type as one of text, whole, float, decimal, bool, date, naive, zoned or other."""
    if found in ("VARCHAR", "JSON", "UUID") or found.startswith("ENUM("):
        return "text"
    if found in ("FLOAT", "DOUBLE"):
        return "float"
    if found.startswith("DECIMAL"):
        return "decimal"
    if found in WHOLE:
        return "whole"
    if found in NAIVE:
        return "naive"
    named = {"BOOLEAN": "bool", "DATE": "date", "TIMESTAMP WITH TIME ZONE": "zoned"}
    return named.get(found, "other")


def _given(column: str, kind: str, *, is_plain: bool) -> str:
    """The column, null where the file means nothing by it: NaN, and blank text where plain text is not wanted."""
    if kind == "float":
        return f'(case when not isnan("{column}") then "{column}" end)'
    if kind != "text":
        return f'"{column}"'
    return f'cast("{column}" as varchar)' if is_plain else f"nullif(trim(cast(\"{column}\" as varchar)), '')"


def _is_number_like(column: str) -> bool:
    return column.endswith("_ref") or column in ("phone", "postcode")


def _without_point_zero(text: str) -> str:
    """Text without the `.0` that a table with missing numbers puts behind whole ones: 12345.0 is customer 12345."""
    return f"case when {text} like '%.0' then regexp_replace({text}, '^([0-9]+)\\.0$', '\\1') else {text} end"
