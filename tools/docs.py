"""Writes the pages of `docs/` that are made from the code: `docs/commands.md` from the command line's own help.

A test compares the page with what this would write, so that help and page cannot part.
"""

from __future__ import annotations

from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from audiences.cli import load_commands
from audiences.cli.app import app

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"
HEAD = """# Commands

Made from the help texts by `make docs`; change the help in `audiences/cli/`, not this page.

Results go to stdout, logs to stderr; `--json` gives the result for programs. Exit codes: 0 done · 1 a bug or a platform
refused · 2 fix the settings or a definition · 3 a guard holds something · 4 credentials · 5 fix the data or the build ·
6 busy, try again. The gravest wins.
"""


def commands_page() -> str:
    """The whole page as text."""
    load_commands()
    runner = CliRunner(env={"COLUMNS": "110", "TERM": "dumb", "NO_COLOR": "1"})
    parts = [HEAD]
    for name in get_command(app).commands:  # type: ignore[attr-defined]
        text = runner.invoke(app, [name, "--help"], prog_name="boomerang").stdout.strip()
        body = "\n".join(line.rstrip() for line in text.splitlines())
        parts.append(f"## boomerang {name}\n\n```text\n{body}\n```\n")
    return "\n".join(parts)


def main() -> None:
    """Write the page."""
    PAGE.write_text(commands_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
