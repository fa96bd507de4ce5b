"""The documentation says what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from audiences.cli import load_commands
from audiences.cli.app import app
from tools.docs import PAGES

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_what_the_code_would_write(page):
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")

    assert written == PAGES[page](), f"docs/{page} is out of date: run `make docs`"


def test_every_link_between_pages_leads_somewhere():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]

    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]

    assert len(pages) > 10
    assert broken == []


def test_every_command_has_help_with_an_example():
    load_commands()
    commands = get_command(app).commands

    assert len(commands) >= 14
    assert [
        name for name, command in commands.items() if f"Example: boomerang {name}" not in (command.help or "")
    ] == []


def test_help_imports_nothing_slow():
    slow = "{'audiences.settings', 'pydantic', 'duckdb', 'prefect', 'dbt', 'dlt', 'pandas', 'sqlglot'}"
    code = f"import sys\nfrom audiences.cli import load_commands\nload_commands()\nprint(sorted({slow} & set(sys.modules)))"

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == "[]"


def test_every_make_target_of_the_readme_exists():
    named = set(
        re.findall(
            r"^(?:`)?make (\w+) ",
            (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text(),
            re.MULTILINE,
        )
    )
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert {"demo", "test", "check", "bench"} <= named & targets
    assert named <= targets
