"""Random histories: after every run people on the lists are the wanted ones, or there is a reason for each who is not."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest
from histories_examples import EXAMPLES
from histories_story import history, live
from histories_tally import PARTS, met, note, of_part
from hypothesis import HealthCheck, Phase, given, seed, settings

from audiences.sync import changes

SHRINKS = bool(os.environ.get("BOOMERANG_SHRINK"))
FEW = 3
"""Of a new recipe a day, at least: so few that lists of a dozen take several days."""


@pytest.fixture(scope="module", autouse=True)
def _small_recipe_budget():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "FEWEST_OF_A_RECIPE", FEW)
        yield


@pytest.fixture(scope="module", autouse=True)
def _result():
    started = time.monotonic()
    yield
    seconds = round(time.monotonic() - started)
    note("histories", **met, seconds=seconds)
    met.clear()


@pytest.mark.parametrize("about", EXAMPLES)
def test_after_a_story_told_on_purpose_people_are_where_they_should_be(sandbox, about):
    assert lived(EXAMPLES[about], sandbox) == []


@pytest.mark.parametrize("part", range(PARTS), ids="part{}".format)
def test_after_any_history_people_are_where_they_should_be(sandbox, part):
    @seed(part)
    @settings(
        max_examples=of_part(part),
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if SHRINKS else [])],
        suppress_health_check=list(HealthCheck),
    )
    @given(story=history)
    def every_history(story):
        assert lived(story, sandbox) == []

    every_history()


def lived(story, sandbox):
    with tempfile.TemporaryDirectory() as folder:
        findings = live(story, Path(folder) / "shop", sandbox)
    met["histories"] += 1
    met["findings"] += len(findings)
    return findings
