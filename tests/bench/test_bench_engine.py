"""The engine's bench works at its smallest size: what it compares is the same, and it says what is over. No time is judged."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bench import engine
from bench.engine_report import Report, Step, absolute, growth, ratio
from bench.figures import Line, Options, Usage

STEPS = [
    "members",
    "first plan",
    "first apply",
    "plan, no change",
    "apply, no change",
    "plan, 1 % churn",
    "apply, 1 % churn",
]


def step(name, members, *, wall, peak_mb):
    return Step(name, members, Usage(wall + 1, wall, peak_mb), wall, wall)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return engine.bench(Options(tmp_path_factory.mktemp("bench"), repeats=1, sizes=(2_000,)))


def test_every_step_of_a_first_a_quiet_and_a_busy_day_is_measured(report):
    assert [one.name for one in report.steps] == STEPS
    assert all(one.wall > 0 and one.cpu > 0 and one.process.peak_mb > 10 for one in report.steps)
    assert all(one.process.wall > one.wall for one in report.steps)


def test_each_of_the_three_comparisons_has_its_target(report):
    bounds = {(one.what.split(",")[0], one.other): one.at_most for one in report.targets if one.unit != "CPU s"}

    assert bounds[("members", "bare SQL")] == 1.5
    assert bounds[("comparison", "bare outer join")] == 2.0
    assert bounds[("first apply", "SDK in a loop")] == 1.3


def test_a_day_without_change_is_bounded_at_the_sizes_that_have_a_bound(report):
    told = {one.unit: one.at_most for one in report.targets if one.what.startswith("a day without change")}

    assert told == {"wall s": None, "peak MB": None}
    assert engine.QUIET_SECONDS[10_000_000] == 60
    assert (engine.QUIET_MB[1_000_000], engine.QUIET_MB[10_000_000]) == (1_000, 4_000)


def test_the_figure_decides_not_the_medians_beside_it():
    pairs = ((1.0, 1.0), (3.0, 1.0), (9.0, 3.0))

    assert ratio(Line("members", "bare SQL", "wall s", pairs), 3.0).verdict == "ok"
    assert ratio(Line("members", "bare SQL", "wall s", pairs), 2.9).verdict == "over"
    assert absolute("a day", "wall s", 61.0, 60.0).verdict == "over"
    assert absolute("a day", "wall s", 61.0, None).verdict == ""


def test_growth_is_the_exponent_between_the_smallest_and_the_largest_size():
    steps = [step("plan", 10, wall=1, peak_mb=100), step("plan", 1_000, wall=100, peak_mb=100_000)]

    time, memory = growth(steps, 1.1)

    assert (time.value, time.verdict) == (pytest.approx(1.0), "ok")
    assert (memory.value, memory.verdict) == (pytest.approx(1.5), "over")
    assert growth(steps[:1], 1.1) == []


def test_a_wrong_count_ends_the_bench(tmp_path):
    size = engine.Size(tmp_path, 100, "nowhere", 1, Report())

    with pytest.raises(SystemExit, match="members: 99, not 100"):
        size._expect("members", 99, 100)


def test_the_tables_and_the_json_say_the_same(report):
    told = json.loads(json.dumps(report.as_json()))

    assert len(told["steps"]) == len(STEPS)
    assert len(told["targets"]) == len(report.targets)
    assert {one["verdict"] for one in told["targets"]} <= {"ok", "over", ""}
    assert len(report.table().splitlines()) == len(STEPS) + len(report.targets) + 5


def test_the_command_takes_the_sizes_and_prints_json():
    asked = subprocess.run(
        [sys.executable, "-m", "bench", "meta_client", "--rows", "100", "--rows", "200", "--repeats", "1", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )

    ((name, lines),) = json.loads(asked.stdout).items()
    assert name == "meta_client"
    assert lines[0]["ratio"] > 0
