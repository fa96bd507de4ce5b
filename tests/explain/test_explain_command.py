"""`boomerang explain`: for people, for programs, and nothing of what was typed anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

EMAIL, PHONE = "Jane.Zqx@example.com", "(212) 555-0147"


@pytest.fixture
def run(shop):
    shop.person("jane", EMAIL, PHONE, ref="c-4711")
    shop.qualifies("jane", order_count=3)
    shop.qualifies("jane", "recent", "bought within the last 14 days")
    shop.others(20)
    shop.audience(
        where={"order_count": {"gte": 2}}, exclude=["segment:recent"], max_days_in=60, exclusive_group="all", priority=1
    )
    shop.publish()

    def run_one(*arguments, typed=""):
        command = [sys.executable, "-m", "audiences", "--verbose", "explain", *arguments]
        return subprocess.run(
            command, cwd=shop.folder, input=typed, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip

    return run_one


def test_a_marketer_reads_one_verdict_per_audience_and_what_stands_behind_it(run):
    told = run(EMAIL)

    assert told.returncode == 0, told.stderr
    assert 'Not in "Label of lapsed": bought within the last 14 days (segment recent).' in told.stdout
    for line in (
        "yes order_count: 3 (wanted: at least 2)",
        "identifiers 1 e-mail, 1 phone",
        "customer c-4711 of web",
        "1 lapsed: does not want them",
    ):
        assert line in told.stdout


@pytest.mark.parametrize("typed", [EMAIL, PHONE, "nobody-zqx@example.com", "+1 212 555 9999"])
@pytest.mark.parametrize("as_argument", [True, False])
def test_what_was_typed_is_in_no_output_and_in_no_file(run, shop, typed, as_argument):
    known = typed in (EMAIL, PHONE)
    told = run(typed) if as_argument else run(typed=typed + "\n")

    assert told.returncode == (0 if known else 5), told.stderr
    everything = (told.stdout + told.stderr).encode()
    everything += b"".join(file.read_bytes() for file in (shop.folder / "home").rglob("*") if file.is_file())
    for part in (typed.encode(), typed.lower().encode(), b"zqx", b"5550147", b"5559999"):
        assert part not in everything


def test_programs_get_the_same_as_json(run):
    told = run("c-4711", "--json")

    story = json.loads(told.stdout)["customers"][0]
    assert story["audiences"][0]["exclusions"][0] == {
        "what": "segment:recent", "has_customer": True, "reason": "bought within the last 14 days",
    }  # fmt: skip
    assert "c-4711" not in told.stdout


def test_without_anybody_named_it_says_so(run):
    told = run()

    assert told.returncode == 2
    assert "say whom" in told.stderr


def test_a_reason_behind_no_list_is_in_words(run, shop):
    shop.person("joe", "joe@example.net", ref="c-4712", why_not="consent_denied")
    shop.qualifies("joe", order_count=3)
    shop.publish()

    assert "meta:main: on no list: left out by segment:recent" in run("c-4711").stdout
    assert "meta:main: on no list: said no" in run("c-4712").stdout
