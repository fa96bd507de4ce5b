"""One sandbox for all histories of a module, and the platforms with a low floor."""

from __future__ import annotations

import sys
from contextlib import ExitStack

import pytest
from histories_platform import for_children, install

from audiences.sandbox.server import Sandbox


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Where the entry points of the histories' platforms stand; other tests of this process do not find them."""
    folder = tmp_path_factory.mktemp("installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path])
        install(folder)
        yield folder


@pytest.fixture(scope="module")
def sandbox(installed):
    with ExitStack() as stack:
        with for_children():
            running = stack.enter_context(Sandbox())
        running.control(believe={"usage_percent": 0})
        yield running
