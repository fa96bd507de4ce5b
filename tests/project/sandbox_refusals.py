"""The refusals that a stand-in's modules hold, read from their source."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from itertools import product
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "audiences" / "sandbox"
GAP = "…"
"""What stands where the source has no fixed text."""
MAKERS = {"invalid", "refused", "refusal_for", "require"}
"""Functions that make refusals from what they are given: their own text says nothing."""
Scope = list[dict[str, ast.expr]]


@dataclass(frozen=True)
class Call:
    """One call that refuses: the function's name, and the texts that each of its arguments can be."""

    name: str
    texts: tuple[tuple[str, ...], ...]
    line: str


def calls_in(*modules: str) -> list[Call]:
    """Every call that makes a refusal, outside of what only passes one on."""
    found: list[Call] = []
    for module in modules:
        tree = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
        found += _calls(tree, [_assigned(tree)], module)
    return found


def _calls(node: ast.AST, scope: Scope, module: str) -> list[Call]:
    found: list[Call] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            if child.name not in MAKERS:
                found += _calls(child, [_assigned(child), *scope], module)
            continue
        if isinstance(child, ast.Call):
            name = _name(child.func)
            if name in {"Refusal", "invalid", "refused", "require"}:
                values = [*child.args, *(keyword.value for keyword in child.keywords)]
                texts = tuple(tuple(_texts(value, scope)) for value in values)
                found.append(Call(name, texts, f"{module}.py:{child.lineno}"))
            for keyword in child.keywords:
                if keyword.arg == "words" and isinstance(keyword.value, ast.Constant):
                    found.append(Call("page", (tuple(_texts(keyword.value, scope)),), f"{module}.py:{child.lineno}"))
        found += _calls(child, scope, module)
    return found


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _assigned(node: ast.AST) -> dict[str, ast.expr]:
    """What names are set to, by names of one or several."""
    body = node.body if isinstance(node, ast.Module) else list(ast.walk(node))
    values: dict[str, ast.expr] = {}
    for one in body:
        if not isinstance(one, ast.Assign) or len(one.targets) != 1:
            continue
        target, value = one.targets[0], one.value
        if isinstance(target, ast.Name):
            values[target.id] = value
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            names = [name.id if isinstance(name, ast.Name) else "" for name in target.elts]
            values.update(zip(names, value.elts, strict=True))
    return values


def _texts(node: ast.expr, scope: Scope) -> list[str]:
    """The texts that an expression can be; a gap for what is not fixed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int):
        return [str(node.value)]
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body, scope), *_texts(node.orelse, scope)]
    if isinstance(node, ast.Name):
        value = next((names[node.id] for names in scope if node.id in names), None)
        return [GAP] if value is None or _mentions(value, node.id) else _texts(value, scope)
    if isinstance(node, ast.JoinedStr):
        parts = [_texts(one.value if isinstance(one, ast.FormattedValue) else one, scope) for one in node.values]
        return ["".join(chosen) for chosen in product(*parts)]
    if isinstance(node, ast.Dict):
        return [text for value in node.values for text in _texts(value, scope)]
    return [GAP]


def _mentions(value: ast.expr, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(value))
