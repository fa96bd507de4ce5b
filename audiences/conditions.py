"""The `where` of an audience as a tree of conditions: read from a definition, and checked against column types.

Text is compared to the letter, capitals included. A bare date against a timestamp means the shop's day, an
instant without a time zone the shop's time.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from audiences.documents import Node, Scalar
from audiences.names import hint

ColumnType = Literal["text", "number", "bool", "timestamp", "date"]
Value = Scalar | tuple[Scalar, ...]

_ANY_TYPE = ("text", "number", "bool", "timestamp", "date")
_ORDERED = ("number", "timestamp", "date")
OPERATORS: dict[str, tuple[str, ...]] = {  # the types of column that each takes
    "eq": _ANY_TYPE,
    "ne": _ANY_TYPE,
    "in": _ANY_TYPE,
    "not_in": _ANY_TYPE,
    "gt": _ORDERED,
    "gte": _ORDERED,
    "lt": _ORDERED,
    "lte": _ORDERED,
    "between": _ORDERED,
    "contains": ("text",),
    "starts_with": ("text",),
    "is_null": _ANY_TYPE,
    "within_last_days": ("timestamp", "date"),
}
GROUPS = ("all", "any", "none")
MAX_WITHIN_DAYS = 36_500
FIRST_YEAR, LAST_YEAR = 1900, 2200


@dataclass(frozen=True)
class Condition:
    """One column, one operator, one value (a tuple for in, not_in and between)."""

    column: str
    operator: str
    value: Value
    line: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Group:
    """`all`, `any` or `none` of its parts."""

    kind: str
    parts: tuple[Where, ...]


Where = Condition | Group
Finding = tuple[int, str]  # line, message


def parse_where(node: Node) -> tuple[Where | None, list[Finding]]:
    """Read the node under `where`. With findings the tree is None."""
    findings: list[Finding] = []
    tree = _mapping(node, findings, "where")
    return (None if findings else tree), findings


def _mapping(node: Node, findings: list[Finding], place: str) -> Group:
    parts: list[Where] = []
    if not isinstance(node.value, Mapping) or not node.value:
        findings.append((node.line, f"{place} must be a mapping such as order_count: {{gte: 2}}"))
        return Group("all", ())
    for key, child in node.value.items():
        parts += [_group(key, child, findings)] if key in GROUPS else _column(key, child, findings)
    return Group("all", tuple(parts))


def _group(kind: str, node: Node, findings: list[Finding]) -> Group:
    if not isinstance(node.value, tuple) or not node.value:
        findings.append((node.line, f"{kind} must be a list of conditions, each with a dash before it"))
        return Group(kind, ())
    return Group(kind, tuple(_mapping(item, findings, f"a condition under {kind}") for item in node.value))


def _column(column: str, node: Node, findings: list[Finding]) -> list[Where]:
    if isinstance(node.value, tuple):
        known = hint(column, GROUPS) if any(isinstance(item.value, Mapping) for item in node.value) else ""
        said = known or "; write in: [...] or not_in: [...]"
        findings.append((node.line, f"{column}: a list needs an operator{said}"))
        return []
    if not isinstance(node.value, Mapping):
        return _condition(column, "eq", node, findings)
    if not node.value:
        findings.append((node.line, f"{column} has no operator; write for example eq or gte"))
    return [part for name, value in node.value.items() for part in _condition(column, name, value, findings)]


def _condition(column: str, operator: str, node: Node, findings: list[Finding]) -> list[Where]:
    if operator not in OPERATORS:
        findings.append((node.line, f"unknown operator {operator} for {column}{hint(operator, OPERATORS)}"))
        return []
    value: Value = node.plain()
    wrong = _wrong_shape(operator, value)
    if wrong is not None:
        findings.append((node.line, f"{column}: {operator} {wrong}"))
        return []
    return [Condition(column, operator, value, node.line)]


def _wrong_shape(operator: str, value: Value) -> str | None:
    """What is wrong with the value, whatever the column's type."""
    if operator in {"in", "not_in"} and not (isinstance(value, tuple) and value):
        return "needs a list such as [US, CA]"
    if operator == "between" and not (isinstance(value, tuple) and len(value) == 2):
        return "needs two values, the lower first, such as [2, 10]"
    if operator not in {"in", "not_in", "between"} and isinstance(value, tuple | Mapping):
        return "needs a single value"
    if operator == "is_null":
        return None if isinstance(value, bool) else "needs true or false"
    if operator == "within_last_days":
        fits = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_WITHIN_DAYS
        return None if fits else f"needs a whole number of days from 1 to {MAX_WITHIN_DAYS}"
    return next((wrong for item in each(value) if (wrong := _wrong_value(item))), None)


def _wrong_value(value: Scalar) -> str | None:
    if value is None:
        return "cannot compare with null; write is_null: true"
    if isinstance(value, Mapping | tuple):
        return "needs plain values"
    if isinstance(value, float) and not math.isfinite(value):
        return "needs a finite number"
    if isinstance(value, str) and (not value or any(ord(sign) < 32 or 0xD800 <= ord(sign) < 0xE000 for sign in value)):
        return "needs a text of one line that is not empty"
    return None


def each(value: Value) -> tuple[Scalar, ...]:
    """The values of a condition, one or several."""
    return value if isinstance(value, tuple) else (value,)


def conditions(where: Where) -> list[Condition]:
    """Every condition of the tree, in the order written."""
    if isinstance(where, Condition):
        return [where]
    return [condition for part in where.parts for condition in conditions(part)]


def plain_where(where: Where) -> dict[str, Any]:
    """The tree as a definition writes it, in plain data that JSON takes; days and instants as ISO text."""
    if isinstance(where, Group):
        return {where.kind: [plain_where(part) for part in where.parts]}
    values = [value.isoformat() if isinstance(value, dt.date) else value for value in each(where.value)]
    return {where.column: {where.operator: values if isinstance(where.value, tuple) else values[0]}}


def check_where(where: Where, types: Mapping[str, ColumnType]) -> list[Finding]:
    """What does not fit the columns: an unknown column, an operator or a value that its type does not take."""
    return [
        (condition.line, message)
        for condition in conditions(where)
        if (message := _misfit(condition, types)) is not None
    ]


def _misfit(condition: Condition, types: Mapping[str, ColumnType]) -> str | None:
    column, operator = condition.column, condition.operator
    if column not in types:
        return f"unknown column {column}{hint(column, types)}"
    kind = types[column]
    if kind not in OPERATORS[operator]:
        fitting = ", ".join(name for name, kinds in OPERATORS.items() if kind in kinds)
        return f"{column} is a {kind} column and takes no {operator}; it takes {fitting}"
    if operator in {"is_null", "within_last_days"}:
        return None
    values = [typed(value, kind) for value in each(condition.value)]
    if None in values:
        return f"{column} is a {kind} column; {operator} needs {_EXPECTED[kind]}"
    if len({(type(value), getattr(value, "tzinfo", None) is None) for value in values}) > 1 and kind == "timestamp":
        return f"{column}: {operator} mixes days, instants with and without a time zone; write all of one kind"
    if operator == "between" and values[0] > values[1]:  # type: ignore[operator]
        return f"{column}: between needs the lower value first"
    return None


_EXPECTED: dict[str, str] = {
    "text": "a text (put a number or a date in quotes)",
    "number": "a number, without quotes",
    "bool": "true or false",
    "date": "a day such as 2026-11-30",
    "timestamp": "a day such as 2026-11-30 or an instant such as 2026-11-30T18:00:00Z",
}


def typed(value: Scalar, kind: ColumnType) -> Scalar:
    """The value as the column's type has it; None when it does not fit."""
    if kind == "text":
        return value if isinstance(value, str) else None
    if kind == "bool":
        return value if isinstance(value, bool) else None
    if kind == "number":
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None
    moment = _moment(value) if isinstance(value, str) else value
    if not isinstance(moment, dt.date) or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return None if isinstance(moment, dt.datetime) and kind == "date" else moment


def _moment(text: str) -> dt.date | dt.datetime | None:
    for read in (dt.date.fromisoformat, dt.datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    return None
