"""What holds for all tests: those of one folder run on one worker, because they share what is slow to make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent
pytest_plugins = ["shop_fixtures", "histories_report"]
SLOW_FIRST = ("flows", "end_to_end", "real", "models", "engine", "segments", "sources", "bench", "recipes")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders that take longest, so that the workers end at about the same time."""
    places = {folder: place for place, folder in enumerate(SLOW_FIRST)}
    items.sort(key=lambda item: places.get(item.path.relative_to(TESTS).parts[0], len(places)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n`, give a whole folder to one worker; the histories are many parts, for whoever has time."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFolder(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if "[part" in nodeid else nodeid.split("/")[1]

    config.option.loadscopereorder = False
    return ByFolder(config, log)
