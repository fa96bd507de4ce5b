"""What holds for all tests: the tests of one folder stay together on one worker, because they share what is slow to make."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One group per folder: `pytest -n 2 --dist loadgroup` gives each to one worker."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(item.path.relative_to(TESTS).parts[0]))
