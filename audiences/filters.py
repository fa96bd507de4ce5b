"""Compiles the `where` of an audience to a sqlglot expression; SQL is never joined from strings.

Two-valued throughout: a null matches `is_null: true`, `ne`, `not_in` and `none`, and nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast
from zoneinfo import ZoneInfo

from sqlglot import exp

from audiences.conditions import ColumnType, Condition, Where, each, typed
from audiences.documents import Scalar

Resolve = Callable[[str], exp.Expr]


def compile_where(
    where: Where, resolve: Resolve, types: Mapping[str, ColumnType], *, as_of: dt.datetime, timezone: str
) -> exp.Expression:
    """The tree as one boolean expression that is never null, valid on DuckDB and BigQuery.

    `resolve` gives the column to read for a name; `as_of` is naive UTC, `timezone` the shop's. The tree must
    have passed `check_where`; a value that does not fit its column raises ValueError.
    """
    compiler = _Compiler(resolve, types, as_of, ZoneInfo(timezone))
    return cast("exp.Expression", compiler.tree(where))


@dataclass(frozen=True)
class _Compiler:
    resolve: Resolve
    types: Mapping[str, ColumnType]
    as_of: dt.datetime
    zone: ZoneInfo

    def tree(self, where: Where) -> exp.Expr:
        if isinstance(where, Condition):
            return self.condition(where)
        parts = [self.tree(part) for part in where.parts]
        if where.kind == "all":
            return exp.and_(*parts)
        either = exp.or_(*parts)
        return either if where.kind == "any" else exp.not_(either)

    def condition(self, condition: Condition) -> exp.Expr:
        column, kind = self.resolve(condition.column), self.types[condition.column]
        operator, value = condition.operator, condition.value
        if operator == "is_null":
            unknown: exp.Expr = exp.Is(this=column, expression=exp.null())
            return unknown if value else exp.not_(unknown)
        if operator == "within_last_days":
            return self._within(column, kind, int(str(value)))
        values = [typed(item, kind) for item in each(value)]
        if None in values:
            raise ValueError(f"{condition.column}: {operator} has a value that does not fit a {kind} column")
        if kind == "timestamp" and not isinstance(values[0], dt.datetime):
            return self._by_day(column, operator, [item for item in values if isinstance(item, dt.date)])
        return _atom(column, operator, [_literal(self._in_utc(item)) for item in values])

    def _within(self, column: exp.Expr, kind: ColumnType, days: int) -> exp.Expr:
        """0 ≤ whole shop days between the column and as_of < days."""
        today = self.as_of.replace(tzinfo=dt.UTC).astimezone(self.zone).date()
        first = today - dt.timedelta(days=days - 1)
        if kind == "timestamp":
            return self._by_day(column, "between", [first, today])
        return _atom(column, "between", [_literal(first), _literal(today)])

    def _by_day(self, column: exp.Expr, operator: str, days: list[dt.date]) -> exp.Expr:
        """Compare a timestamp with shop days, by the instants at which the days begin."""
        if operator in {"ne", "not_in"}:
            return exp.not_(self._by_day(column, "in", days))
        if operator in {"eq", "in"}:
            return exp.or_(*[self._by_day(column, "between", [day, day]) for day in days])
        begins, ends = self._midnight(days[0]), self._midnight(days[-1] + dt.timedelta(days=1))
        parts: list[exp.Expr] = []
        if operator in {"gte", "between"}:
            parts.append(exp.GTE(this=column.copy(), expression=begins))
        if operator in {"lte", "between"}:
            parts.append(exp.LT(this=column.copy(), expression=ends))
        if operator == "gt":
            parts.append(exp.GTE(this=column.copy(), expression=ends))
        if operator == "lt":
            parts.append(exp.LT(this=column.copy(), expression=begins))
        return _decided(exp.and_(*parts), otherwise=exp.false())

    def _midnight(self, day: dt.date) -> exp.Expr:
        """The instant at which a shop day begins; where the clock skips midnight, the instant of the skip."""
        return _literal(self._in_utc(dt.datetime.combine(day, dt.time())))

    def _in_utc(self, value: Scalar) -> Scalar:
        """An instant as naive UTC, read in the shop's time when it has no zone; other values as they are."""
        if not isinstance(value, dt.datetime):
            return value
        local = value if value.tzinfo else value.replace(tzinfo=self.zone)
        return local.astimezone(dt.UTC).replace(tzinfo=None)


_COMPARISONS: dict[str, type[exp.Binary]] = {"gt": exp.GT, "gte": exp.GTE, "lt": exp.LT, "lte": exp.LTE}


def _atom(column: exp.Expr, operator: str, values: list[exp.Expr]) -> exp.Expr:
    first = values[0]
    if operator == "eq":
        return exp.NullSafeEQ(this=column, expression=first)
    if operator == "ne":
        return exp.NullSafeNEQ(this=column, expression=first)
    if operator == "not_in":
        return exp.not_(_atom(column, "in", values))
    found: exp.Expr
    if operator == "in":
        found = exp.In(this=column, expressions=values)
    elif operator == "between":
        found = exp.Between(this=column, low=first, high=values[1])
    elif operator == "contains":
        found = exp.GT(this=exp.StrPosition(this=column, substr=first), expression=exp.Literal.number(0))
    elif operator == "starts_with":
        found = exp.StartsWith(this=column, expression=first)
    else:
        found = _COMPARISONS[operator](this=column, expression=first)
    return _decided(found, otherwise=exp.false())


def _decided(expression: exp.Expr, *, otherwise: exp.Expr) -> exp.Expr:
    """The expression, or `otherwise` where it is null."""
    return exp.Coalesce(this=expression, expressions=[otherwise])


def _literal(value: Scalar) -> exp.Expr:
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    if isinstance(value, int | float):
        return exp.Literal.number(repr(value)) if value >= 0 else exp.Neg(this=exp.Literal.number(repr(-value)))
    if isinstance(value, dt.datetime):
        return _cast(value.isoformat(sep=" "), "TIMESTAMP")
    if isinstance(value, dt.date):
        return _cast(value.isoformat(), "DATE")
    return exp.Literal.string(str(value))


def _cast(text: str, kind: str) -> exp.Expr:
    """A typed literal. `TIMESTAMP` is kept by that name: sqlglot would make it a DATETIME for BigQuery."""
    to = exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=kind)
    return exp.Cast(this=exp.Literal.string(text), to=to)
