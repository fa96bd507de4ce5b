"""Reads a YAML 1.2 file as nodes that know their line, with every key that stands twice.

ruamel.yaml parses and says what a plain scalar means: NO is Norway, not false. Anchors, tags and several documents are
refused: a file says everything in one place. Nothing here knows what the keys mean.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from audiences.errors import ConfigError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20

CORE_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str", "timestamp", "map", "seq")}
ANOTHER = "another document"
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
    reader = _Reader(file)
    try:
        composed = reader.yaml.compose(content)
        root = Node(None, 1) if composed is None else reader.node(composed, 0)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = (mark.line if mark else 0) + 1
        if ANOTHER in (error.problem or ""):
            raise ConfigError("a file holds one document; take the second '---' out", file=file, line=line) from error
        raise _broken(file, line, error.problem or "cannot be read") from error
    except YAMLError as error:
        position = getattr(error, "position", 0)
        raise _broken(file, content.count("\n", 0, position) + 1, "it holds a control character") from error
    if root.value is None:
        raise ConfigError("the file is empty", file=file, line=1)
    return Document(file, root, tuple(reader.repeated))


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


def _core() -> YAML:
    return YAML(typ="safe", pure=True)


@dataclass
class _Reader:
    """Turns ruamel's nodes into ours."""

    file: Path
    yaml: YAML = field(default_factory=_core)
    repeated: list[tuple[int, str]] = field(default_factory=list)

    def node(self, composed: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._refuse(composed, f"nested deeper than {MAX_DEPTH} levels")
        if composed.anchor:
            raise self._refuse(composed, "anchors (&) and aliases (*) are not allowed; write the value out")
        if str(composed.tag) not in CORE_TAGS:
            raise self._refuse(composed, "tags (!) are not allowed")
        line = _line(composed)
        if isinstance(composed, MappingNode):
            return Node(self._mapping(composed, depth), line)
        if isinstance(composed, SequenceNode):
            return Node(tuple(self.node(item, depth + 1) for item in composed.value), line)
        return Node(self._scalar(composed), line)

    def _mapping(self, composed: MappingNode, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key, value in composed.value:
            if not isinstance(key, ScalarNode):
                raise self._refuse(key, "a key must be a word")
            line, name = _line(key), str(key.value)
            node = Node(self.node(value, depth + 1).value, line)
            if name in found:
                self.repeated.append((line, f"{name} is written twice, first on line {found[name].line}"))
            else:
                found[name] = node
        return found

    def _scalar(self, composed: ScalarNode) -> Scalar:
        try:
            value: Scalar = self.yaml.constructor.construct_object(composed)
        except ValueError:  # 2026-02-30 stays text; who wants a date will say so
            return str(composed.value)
        return value

    def _refuse(self, composed: Any, why: str) -> ConfigError:
        return ConfigError(why, file=self.file, line=_line(composed))


def _line(composed: Any) -> int:
    return int(composed.start_mark.line) + 1


def line_of(document: Document, path: Sequence[str | int]) -> int:
    """The line of what `path` names, or of its nearest parent that is there."""
    return document.root.along(tuple(path))[1].line
