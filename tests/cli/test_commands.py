"""Commands that need no build: help, init, doctor, check, and what becomes of wrong calls."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from audiences.errors import gravest


@pytest.fixture
def run(tmp_path):
    def _run(*arguments, **environment):
        command = [sys.executable, "-P", "-m", "audiences", *arguments]
        return subprocess.run(command, cwd=tmp_path, env={**os.environ, **environment}, capture_output=True, text=True)

    return _run


def test_without_a_command_it_shows_the_commands(run):
    shown = run("--help")

    assert shown.returncode == 0
    assert all(
        command in shown.stdout for command in ("demo", "extract", "build", "plan", "sync", "release", "sandbox")
    )


def test_an_unknown_command_is_a_usage_error(run):
    assert run("snyc").returncode == 2


def test_init_lays_out_a_shop_whose_definitions_are_well(run, tmp_path):
    assert run("init", "shop").returncode == 0

    checked = run("check", "--config", "shop/boomerang.yaml", META_ACCESS_TOKEN="x")

    assert checked.returncode == 0, checked.stdout
    assert "4 definitions checked: all is well" in checked.stdout
    assert (tmp_path / "shop" / "dbt" / "dbt_project.yml").is_file()
    assert not list((tmp_path / "shop" / "dbt").rglob("__init__.py"))


def test_a_plan_without_lists_is_carried_out_by_doing_nothing(run, tmp_path):
    run("init", "shop")
    (tmp_path / "plan.json").write_text('{"plan_id": "20261123-081500-a1b2c3", "lists": []}')

    applied = run("apply", "plan.json", "--config", "shop/boomerang.yaml", "--json", META_ACCESS_TOKEN="x")

    assert (applied.returncode, json.loads(applied.stdout)["lists"]) == (0, [])
    assert "Nothing to send" in applied.stderr


def test_init_never_overwrites_settings(run, tmp_path):
    (tmp_path / "boomerang.yaml").write_text("mine")

    refused = run("init")

    assert refused.returncode == 2
    assert (tmp_path / "boomerang.yaml").read_text() == "mine"
    assert not (tmp_path / "dbt").exists()


def test_init_names_the_nearest_source(run):
    refused = run("init", "shop", "--source", "fils")

    assert refused.returncode == 2
    assert "files" in refused.stderr


def test_doctor_says_what_to_do_and_ends_with_the_gravest_code(run):
    run("init", ".")

    told = run("doctor", "--json", META_ACCESS_TOKEN="")
    findings = json.loads(told.stdout)

    advice = " ".join(finding["advice"] for finding in findings)
    assert "run `boomerang extract`" in advice
    assert told.returncode == gravest([finding["exit_code"] for finding in findings]) != 0


def test_commands_before_the_first_build_say_what_to_run(run):
    run("init", ".")

    planned = run("plan", META_ACCESS_TOKEN="x")
    built = run("build")

    assert (planned.returncode, built.returncode) == (5, 5)
    assert "boomerang build" in planned.stderr
    assert "boomerang extract" in built.stderr


def test_a_wrong_as_of_is_refused_before_anything_runs(run):
    run("init", ".")

    refused = run("build", "--as-of", "yesterday")

    assert refused.returncode == 2
    assert "2026-11-23" in refused.stderr


@pytest.mark.parametrize(
    ("codes", "code"),
    [([], 0), ([0, 0], 0), ([0, 6], 6), ([6, 3], 3), ([3, 5], 5), ([5, 2], 2), ([2, 4], 4), ([4, 1], 1)],
)
def test_the_gravest_exit_code_wins(codes, code):
    assert gravest(codes) == code


def test_a_home_that_cannot_be_made_is_told_with_its_path(run, tmp_path):
    run("init", ".")
    settings = tmp_path / "boomerang.yaml"
    settings.write_text(settings.read_text().replace("home: .boomerang", "home: boomerang.yaml/home"))

    for command in ("extract", "status"):
        refused = run(command, META_ACCESS_TOKEN="x")

        assert refused.returncode == 2
        assert "boomerang.yaml/home: not a directory" in refused.stderr
        assert "bug" not in refused.stderr


def test_a_parameter_that_no_model_has_is_named_with_the_nearest_right_one(run, tmp_path):
    run("init", ".")
    settings = tmp_path / "boomerang.yaml"
    settings.write_text(settings.read_text().replace("vars: {}", "vars: {lapsd_days: 90}"))

    for command in ("build", "doctor"):
        refused = run(command, META_ACCESS_TOKEN="x")

        assert refused.returncode in (2, 4)
        assert "unknown parameter vars.lapsd_days; did you mean lapsed_days?" in refused.stderr + refused.stdout


def test_a_wrong_last_day_of_the_demo_is_refused(run):
    refused = run("demo", "--until", "soon")

    assert refused.returncode == 2
    assert "--until 'soon' is no date" in refused.stderr


def _listen_to_signals():
    """What a shell starts in the background ignores an interrupt, and so does what the tests start there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("request_to_end", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_stopped_says_so(tmp_path, request_to_end):
    command = [sys.executable, "-P", "-m", "audiences", "sandbox", "--memory", "--port", "0"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, preexec_fn=_listen_to_signals)
    first = process.stderr.readline()
    while "Stop it with" not in first:
        first = process.stderr.readline()
    time.sleep(2)
    process.send_signal(request_to_end)
    rest = process.communicate(timeout=30)[1]

    assert process.returncode == 130, rest
    assert "Stopped." in rest


def test_doctor_finds_a_wrong_entity_and_a_missing_file_before_anything_is_loaded(run, tmp_path):
    run("init", ".")
    settings = tmp_path / "boomerang.yaml"
    missing = run("doctor", META_ACCESS_TOKEN="x").stdout
    settings.write_text(settings.read_text().replace("    customers: {", "    custommers: {"))

    unknown = run("doctor", META_ACCESS_TOKEN="x").stdout

    assert "there is no file data/customers.csv" in missing
    assert "custommers" in unknown
    assert "did you mean customers?" in unknown
