"""YAML 1.2 with positions: what a file says, and in which line it says it. NO is Norway here, not false."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from audiences.errors import ConfigError


class Lines:
    """Finds the line (from 1) of a key by its path; of the nearest parent when the key itself is not there."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree

    def of(self, path: Sequence[str | int]) -> int | None:
        """The line of the key at `path`, for example `("shop", "timezone")`."""
        node, line = self._tree, None
        for part in path:
            if isinstance(node, CommentedMap) and part in node:
                line = node.lc.key(part)[0] + 1
                node = node[part]
            elif isinstance(node, CommentedSeq) and str(part).isdigit() and int(part) < len(node):
                line = node.lc.item(int(part))[0] + 1
                node = node[int(part)]
            else:
                break
        return line


def read_yaml(file: Path) -> tuple[Any, Lines]:
    """The file's content as plain Python values, and the lines it stands in. Raises ConfigError for broken YAML."""
    try:
        tree = YAML(typ="rt").load(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ConfigError("this file is not UTF-8 text: save it as UTF-8", file=file) from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ConfigError(f"this is not YAML: {error.problem or 'syntax error'}", file=file, line=line) from None
    except YAMLError:
        raise ConfigError("this is not YAML", file=file) from None
    return plain(tree), Lines(tree)


def plain(node: Any) -> Any:
    """The same without positions: dict, list, str, int, float, bool, date, None."""
    if isinstance(node, CommentedMap):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
