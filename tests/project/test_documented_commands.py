"""Every command that README and docs show can be typed as it stands there, and README's blocks are run, here or elsewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from audiences.cli import load_commands
from audiences.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)

# Where README's blocks are run, by their first command. Those left out here take minutes.
RUN_BY = {
    "make demo": "make test runs itself; end_to_end/test_demo.py takes the demo's way with fewer customers",
    ".venv/bin/boomerang status": "end_to_end/test_demo.py, in the demo's folder",
    ".venv/bin/boomerang init my-shop": "here",
}


def lines_of(block):
    """The commands of a block without what is said about them."""
    return [shlex.join(words) for line in block.splitlines() if (words := shlex.split(line, comments=True))]


def shown(pattern):
    """Each command of this shape that a page shows, in a block or in running text, by page."""
    for page in PAGES:
        for line in re.findall(pattern, page.read_text(encoding="utf-8"), re.MULTILINE):
            yield pytest.param(line, id=f"{page.relative_to(ROOT)}: {line[:60]}")


@pytest.fixture(scope="module")
def commands():
    load_commands()
    return get_command(app).commands


@pytest.mark.parametrize("line", list(shown(r"^ *(?:\.venv/bin/)?boomerang ([a-z].*)$")))
def test_a_command_of_a_block_can_be_typed_as_it_stands(commands, line):
    name, *arguments = shlex.split(line, comments=True)

    assert name in commands
    assert commands[name].make_context(name, arguments) is not None  # raises for what there is not, and what is missing


@pytest.mark.parametrize("line", list(shown(r"`(?:\.venv/bin/)?boomerang ([a-z][^`\n]*)`")))
def test_a_command_in_running_text_has_the_options_that_are_named(commands, line):
    name, *arguments = shlex.split(line)

    assert name in commands
    options = {option for one in commands[name].params for option in (*one.opts, *one.secondary_opts)}
    assert {one for one in arguments if one.startswith("-")} <= options


def test_every_block_of_the_readme_is_run_somewhere():
    assert [lines_of(block)[0] for block in BLOCKS] == list(RUN_BY)


def test_a_new_shop_is_laid_out_as_the_readme_says(tmp_path):
    (block,) = [one for one in BLOCKS if lines_of(one)[0] == ".venv/bin/boomerang init my-shop"]

    for line in lines_of(block):
        command = [sys.executable, "-P", "-m", "audiences", *shlex.split(line)[1:]]
        ran = subprocess.run(command, cwd=tmp_path, env={**os.environ}, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr

    laid_out = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / "my-shop").iterdir()}
    assert {"my-shop/boomerang.yaml", "my-shop/dbt"} <= laid_out
    assert list((tmp_path / "my-shop").rglob("lapsed_buyers.yaml"))
