"""`boomerang … | head`: whoever stops reading gets no error, and the command does its work to the end."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.fixture
def shop(tmp_path):
    command = [sys.executable, "-P", "-m", "audiences", "init", "."]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


@pytest.fixture
def closed():
    """The end to write to of a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def run(shop, *arguments, **streams):
    command = [sys.executable, "-P", "-m", "audiences", *arguments]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run(command, cwd=shop, env={**os.environ, "META_ACCESS_TOKEN": "x"}, text=True, **streams)


@pytest.mark.parametrize("arguments", [["check"], ["check", "--json"], ["--help"], ["plan", "--help"]])
def test_a_reader_who_left_is_no_error_and_nothing_is_said_of_it(shop, closed, arguments):
    unread = run(shop, *arguments, stdout=closed)

    assert (unread.returncode, unread.stderr) == (0, "")


def test_the_exit_code_is_that_of_the_work(shop, closed):
    read, unread = run(shop, "doctor"), run(shop, "doctor", stdout=closed)

    assert read.returncode not in (0, 1)
    assert unread.returncode == read.returncode
    assert run(shop, "plan", stdout=closed, stderr=closed).returncode == run(shop, "plan").returncode == 5


def test_what_is_read_is_whole(shop):
    assert run(shop, "check").stdout == "4 definitions checked: all is well.\n"
