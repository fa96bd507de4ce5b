"""One sandbox for all histories of a worker, and the platforms with a low floor."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from histories_platform import for_children, install

from audiences.sandbox.server import Sandbox


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """Where the entry points of the histories' platforms stand."""
    folder = tmp_path_factory.mktemp("installed")
    install(folder)
    return folder


@pytest.fixture(scope="session")
def sandbox(installed):
    with ExitStack() as stack:
        with for_children():
            running = stack.enter_context(Sandbox())
        running.control(believe={"usage_percent": 0})
        yield running
