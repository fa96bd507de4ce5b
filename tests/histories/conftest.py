"""One sandbox for all histories of a worker, and the platform with the low floor."""

from __future__ import annotations

import pytest
from histories_platform import install
from histories_tally import keep

from audiences.sandbox.server import Sandbox


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """Where the entry point of the histories' platform stands."""
    folder = tmp_path_factory.mktemp("installed")
    install(folder)
    return folder


@pytest.fixture(scope="session")
def sandbox(installed):
    with Sandbox() as running:
        running.control(believe={"usage_percent": 0})
        yield running


def pytest_sessionfinish(exitstatus):
    """Results of a soak go into their file."""
    keep(exitstatus)
