"""Writes the pages of `docs/` that are made from the code: the commands from their help, the models from their contracts.

A test compares the pages with what this would write, so that code and page cannot part.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from typer.main import get_command
from typer.testing import CliRunner

from audiences.cli import load_commands
from audiences.cli.app import app

ROOT = Path(__file__).parents[1]
COMMANDS = """# Commands

Made from the help texts by `make docs`; change the help in `audiences/cli/`, not this page.

Results go to stdout, logs to stderr; `--json` gives the result for programs. Exit codes: 0 done · 1 a bug or a platform
refused · 2 fix the settings or a definition · 3 a guard holds something · 4 credentials · 5 fix the data or the build ·
6 busy, try again. The gravest wins.
"""
MODELS = """# Models

Made from the models' contracts by `make docs`; change the `.yml` beside the model, not this page.

These are the published tables: what analysts, audiences and notebooks read. `audiences.read("marts.dim_customers")` gives
one as a pandas frame; any DuckDB client can open `published/<build>.duckdb`. Timestamps are UTC, days are the shop's.
"""


def commands_page() -> str:
    """docs/commands.md as text."""
    load_commands()
    runner = CliRunner(env={"COLUMNS": "110", "TERM": "dumb", "NO_COLOR": "1"})
    parts = [COMMANDS]
    for name in get_command(app).commands:  # type: ignore[attr-defined]
        text = runner.invoke(app, [name, "--help"], prog_name="boomerang").stdout.strip()
        body = "\n".join(line.rstrip() for line in text.splitlines())
        parts.append(f"## boomerang {name}\n\n```text\n{body}\n```\n")
    return "\n".join(parts)


def models_page() -> str:
    """docs/models.md as text."""
    parts = [MODELS]
    for schema in ("marts", "segments"):
        for file in sorted((ROOT / "dbt" / "models" / schema).glob("*.yml")):
            for model in YAML(typ="safe", pure=True).load(file)["models"]:
                parts.append("\n".join(_model(schema, model)))
    return "\n".join(parts)


def _model(schema: str, model: dict[str, Any]) -> Iterator[str]:
    yield f"## {schema}.{model['name']}\n"
    yield " ".join(str(model.get("description", "")).split()) + "\n"
    yield "| column | type | |\n| --- | --- | --- |"
    for column in model.get("columns", ()):
        yield f"| {column['name']} | {_type(str(column.get('data_type', '')))} | {column.get('description', '')} |"
    yield ""


def _type(written: str) -> str:
    """`{{ 'double' if target.type == 'duckdb' else 'float64' }}` as `double`."""
    return written.split("'")[1] if written.startswith("{{") and "'" in written else written.split('"')[-1]


PAGES = {"commands.md": commands_page, "models.md": models_page}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (ROOT / "docs" / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
