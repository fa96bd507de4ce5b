"""Reads a YAML 1.2 file as nodes that know their line, with every key that stands twice.

PyYAML only cuts the text into events (its libyaml parser is some forty times faster than one in Python); what a plain
scalar means follows the core schema of YAML 1.2, and bare dates: NO is Norway, not false. Anchors, tags and several
documents are refused: a definition says everything in one place. Nothing here knows what the keys mean.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from audiences.errors import ConfigError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20

Scalar = str | int | float | bool | dt.date | dt.datetime | None


@dataclass(frozen=True)
class Node:
    """A value and the line (from 1) where it begins; a value under a key has the line of its key."""

    value: Scalar | tuple[Node, ...] | Mapping[str, Node]
    line: int

    def plain(self) -> Any:
        """The value as dicts, tuples and scalars, without lines."""
        if isinstance(self.value, Mapping):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, tuple):
            return tuple(child.plain() for child in self.value)
        return self.value

    def along(self, path: tuple[str | int, ...]) -> tuple[tuple[str | int, ...], Node]:
        """Follow `path` as far as the document goes: the part of it that exists, and the node there."""
        node, walked = self, 0
        for step in path:
            child = _child(node, step)
            if child is None:
                break
            node, walked = child, walked + 1
        return path[:walked], node


@dataclass(frozen=True)
class Document:
    """One file: its root, and the keys that stand twice as (line, message)."""

    file: Path
    root: Node
    repeated: tuple[tuple[int, str], ...] = ()


def node_of(value: Any, line: int = 1) -> Node:
    """Plain Python data as nodes of one line, for definitions that do not come from a file."""
    if isinstance(value, Mapping):
        return Node({str(key): node_of(child, line) for key, child in value.items()}, line)
    if isinstance(value, list | tuple):
        return Node(tuple(node_of(child, line) for child in value), line)
    return Node(value, line)


def read_document(file: Path) -> Document:
    """Read one YAML file.

    Raises ConfigError with file and line when the file cannot be read, is too large, empty, not UTF-8 or not YAML.
    """
    content = _read(file)
    builder = _Builder(yaml.parse(content, Loader=_LOADER), file)
    try:
        root = builder.root()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _broken(file, (mark.line if mark else 0) + 1, error.problem or "cannot be read") from error
    except yaml.reader.ReaderError as error:
        raise _broken(file, content.count("\n", 0, error.position) + 1, "it holds a control character") from error
    if root.value is None:
        raise ConfigError("the file is empty", file=file, line=1)
    return Document(file, root, tuple(builder.repeated))


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node.value, Mapping):
        return node.value.get(str(step))
    if isinstance(node.value, tuple) and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    return None


def _broken(file: Path, line: int, why: str) -> ConfigError:
    return ConfigError(f"this is not YAML: {why}", file=file, line=line)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=file) from error
    if len(content) > MAX_BYTES:
        raise ConfigError(f"the file is larger than {MAX_BYTES // 1024} KB", file=file)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError("the file is not UTF-8 text; save it as UTF-8", file=file, line=line) from error


class _Builder:
    """Turns the parser's events into nodes."""

    def __init__(self, events: Iterator[Any], file: Path) -> None:
        self._events, self._file = events, file
        self.repeated: list[tuple[int, str]] = []

    def root(self) -> Node:
        """The single document of the stream; a Node of None when there is none."""
        found = Node(None, 1)
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refuse(event, "a file holds one document; take the second '---' out")
                found = self._node(next(self._events), 0)
        return found

    def _node(self, event: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._refuse(event, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise self._refuse(event, "anchors (&) and aliases (*) are not allowed; write the value out")
        if event.tag:
            raise self._refuse(event, "tags (!) are not allowed")
        line = _line(event)
        if isinstance(event, yaml.MappingStartEvent):
            return Node(self._mapping(depth), line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(tuple(self._items(depth)), line)
        return Node(_scalar(event.value) if event.implicit[0] else event.value, line)

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _mapping(self, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refuse(event, "a key must be a word")
            line = _line(event)
            node = Node(self._node(next(self._events), depth + 1).value, line)
            if event.value in found:
                self.repeated.append((line, f"{event.value} is written twice, first on line {found[event.value].line}"))
            else:
                found[event.value] = node
        return found

    def _refuse(self, event: Any, why: str) -> ConfigError:
        return ConfigError(why, file=self._file, line=_line(event))


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _scalar(text: str) -> Scalar:
    for pattern, read in _CORE_SCHEMA:
        if pattern.fullmatch(text):
            try:
                return read(text)
            except ValueError:  # 2026-02-30 stays text; who wants a date will say so
                return text
    return text


def _moment(text: str) -> dt.date | dt.datetime:
    return dt.date.fromisoformat(text) if len(text) == len("2026-11-30") else dt.datetime.fromisoformat(text)


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # PyYAML may come without libyaml
_CORE_SCHEMA: tuple[tuple[re.Pattern[str], Callable[[str], Scalar]], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (r"|~|null|Null|NULL", lambda _: None),
        (r"true|True|TRUE|false|False|FALSE", lambda text: text.lower() == "true"),
        (r"[-+]?[0-9]+", int),
        (r"0o[0-7]+|0x[0-9a-fA-F]+", lambda text: int(text, 0)),
        (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
        (r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", lambda text: float(text.replace(".", ""))),
        (r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9:.]+(Z|[-+][0-9:]+)?)?", _moment),
    )
)
