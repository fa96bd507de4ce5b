"""Random histories: after every run people on the lists are the wanted ones, or there is a reason for each who is not."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from histories_story import history, live
from hypothesis import HealthCheck, Phase, given, settings

from audiences.sync import changes

IS_SOAK = bool(os.environ.get("BOOMERANG_SOAK"))
COUNT = int(os.environ.get("BOOMERANG_HISTORIES", "2000" if IS_SOAK else "200"))
SHRINKS = bool(os.environ.get("BOOMERANG_SHRINK"))
FEW = 3


@pytest.fixture(scope="module", autouse=True)
def _small_recipe_budget():
    """So few people a day get a new recipe's hashes that lists of a dozen take several days."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "FEWEST_OF_A_RECIPE", FEW)
        yield


@settings(
    max_examples=COUNT,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if SHRINKS else [])],
    suppress_health_check=list(HealthCheck),
)
@given(story=history)
def test_after_any_history_people_are_where_they_should_be(sandbox, story):
    with tempfile.TemporaryDirectory() as folder:
        findings = live(story, Path(folder) / "shop", sandbox)
    assert findings == []
