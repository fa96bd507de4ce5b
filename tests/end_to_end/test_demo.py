"""`boomerang demo` in an empty folder: the whole way, with a summary that a newcomer can follow."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module")
def taken(folder):
    """The demo's summary as `--json` prints it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BOOMERANG", "META"))}
    command = [sys.executable, "-P", "-m", "audiences", "demo", "--customers", "4000", "--json"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_list_holds_exactly_its_members(taken):
    assert len(taken["lists"]) == 4
    assert all(item["members"] > 50 and item["state"] == "applied" for item in taken["lists"])
    assert [item["people_there"] for item in taken["lists"]] == [item["members"] for item in taken["lists"]]


def test_rows_and_segments_are_told(taken):
    assert taken["rows"]["customers"] > 3_000
    assert taken["rows"]["events"] > taken["rows"]["orders"] > taken["rows"]["customers"]
    assert set(taken["segments"]) == {
        "seg_lapsed_buyers", "seg_complementary_prospects", "seg_wishlisters", "seg_recent_buyers",
    }  # fmt: skip
    assert all(taken["segments"].values())


def test_a_second_sync_does_nothing(taken):
    assert (taken["second_changes"], taken["second_writes"]) == (0, 0)


def test_what_falls_out_is_told_with_its_reason(taken):
    reasons = {reason for item in taken["lists"] for reason in item["dropped"]}

    assert {"holdout", "no identifier", "gate consent_denied", "gate consent_unknown"} <= reasons


def test_what_the_readme_shows_next_works_afterwards(taken, folder):
    block = re.search(r"```sh\n(\.venv/bin/boomerang status.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[1]

    told = ""
    for line in block.splitlines():
        command = [sys.executable, "-P", "-m", "audiences", *shlex.split(line, comments=True)[1:]]
        ran = subprocess.run(command, cwd=folder / "boomerang-demo", capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        told += ran.stdout

    assert {"wishlisters@meta:main", "lapsed_buyers@meta:main"} <= set(re.findall(r"\w+@meta:main", told))


def test_it_refuses_to_start_over_in_a_real_shops_home(folder, tmp_path):
    (tmp_path / "boomerang.yaml").write_text("shop: {name: Real}\nenvironment: production\n")

    done = subprocess.run(
        [sys.executable, "-P", "-m", "audiences", "demo"], cwd=tmp_path, capture_output=True, text=True
    )

    assert done.returncode == 2
    assert "production" in done.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "boomerang.yaml"]
