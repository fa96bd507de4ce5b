"""What is wrong in a definition, where, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from audiences.definition import Audience, Part
from audiences.documents import Document
from audiences.errors import ConfigError
from audiences.names import hint, nearest

_WRITE = {
    "label": "write what marketers and the ad manager shall see",
    "owner": "write who answers for this audience, such as growth@example.com",
    "segment": "write which segment it takes, such as lapsed_buyers",
    "platforms": "write where it goes, such as meta: {account: main}",
    "account": "write which account of the settings, such as main",
}
_WORDS = {
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be text (a number needs quotes)",
    "bool_type": "must be true or false",
    "date_type": "must be a day such as 2026-11-30",
    "tuple_type": "must be a list such as [a, b]",
    "dict_type": "must be a mapping such as {{key: value}}",
    "model_type": "must be a mapping such as {{key: value}}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "must be at most {max_length} characters long",
}
_EMPTY = {"string_too_short", "too_short"}
_SHOWN = 40


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to fix: the file, its line (from 1), and a sentence."""

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        """As a terminal or an editor makes a link of it."""
        return f"{self.file}:{self.line}: {self.message}"


def of_config_error(error: ConfigError, file: Path) -> Problem:
    """A file that could not be read at all."""
    return Problem(file, error.line or 1, error.message)


def of_document(document: Document, path: tuple[str | int, ...], message: str) -> Problem:
    """A problem at the value that `path` leads to, or as near to it as the document goes."""
    return Problem(document.file, document.root.along(path)[1].line, message)


def of_validation(document: Document, error: ValidationError) -> list[Problem]:
    """Everything that pydantic found, in words and with lines."""
    details: list[dict[str, Any]] = [dict(detail) for detail in error.errors(include_url=False)]
    meant = {(*detail["loc"][:-1], _meant(detail)) for detail in details if detail["type"] == "extra_forbidden"}
    return [
        _of_detail(document, detail) for detail in details if detail["type"] != "missing" or detail["loc"] not in meant
    ]


def raise_problems(problems: Iterable[Problem]) -> None:
    """Raise one ConfigError that lists every problem; do nothing when there is none."""
    found = sorted(problems)
    if not found:
        return
    if len(found) == 1:
        raise ConfigError(found[0].message, file=found[0].file, line=found[0].line)
    listed = "\n".join(f"  {problem}" for problem in found)
    raise ConfigError(f"{len(found)} problems in the audience definitions:\n{listed}")


def _meant(detail: dict[str, Any]) -> str | None:
    """The right key for an unknown one: that it is missing as well need not be said."""
    *parents, key = detail["loc"]
    return nearest(str(key), _keys_at(parents))


def _of_detail(document: Document, detail: dict[str, Any]) -> Problem:
    path = tuple(detail["loc"])
    walked, node = document.root.along(path)
    return Problem(document.file, node.line, _sentence(detail, path, walked))


def _sentence(detail: dict[str, Any], path: tuple[str | int, ...], walked: tuple[str | int, ...]) -> str:
    kind, context, given = detail["type"], detail.get("ctx", {}), detail["input"]
    place = _dotted(walked)
    if kind == "missing":
        key = str(path[-1])
        return f"{_dotted(path)} is missing; {_WRITE.get(key, 'write it')}"
    if kind == "extra_forbidden":
        return f"unknown key {place}{hint(str(path[-1]), _keys_at(path[:-1]))}"
    if kind == "value_error":
        return f"{place} {context['error']}"
    if kind in _EMPTY:
        return f"{place} must not be empty"
    if kind == "literal_error":
        known = [word.strip("' ") for word in context["expected"].replace(" or ", ",").split(",")]
        near = nearest(given, known) if isinstance(given, str) else None
        meant = f"; did you mean {near}?" if near else ""
        return f"{place} must be {', '.join(known[:-1])} or {known[-1]}, not {_shown(given)}{meant}"
    words = _WORDS.get(kind, "has the wrong type").format(**context)
    return f"{place} {words}, not {_shown(given)}" if place != "owner" else f"{place} {words}"


def _dotted(path: Sequence[str | int]) -> str:
    named = [str(step + 1) if isinstance(step, int) else step for step in path]
    return ".".join(named)


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict | tuple):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _keys_at(path: Sequence[str | int]) -> list[str]:
    model: type[Part] = Audience
    for step in path:
        field = model.model_fields.get(str(step))
        model = next(_models(field.annotation), model) if field is not None else model
    return [field.alias or key for key, field in model.model_fields.items() if key != "name" or model is not Audience]


def _models(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
