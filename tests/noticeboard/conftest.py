"""The noticeboard, installed for these tests only: one sandbox per module, for each test a board of its own.

Its folder is on the path of this process and of those that it starts only while a module's tests run.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from pathlib import Path

import pytest
from noticeboard_shop import NoticeboardShop

from audiences.domain import HashRow
from audiences.platforms.registry import open_platform
from audiences.sandbox.server import Sandbox

INSTALLED = Path(__file__).parent / "installed"
TOKEN = "sandbox-token"


@pytest.fixture(scope="module")
def installed():
    """The package as an installation would show it: importable, and found by its entry points."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(INSTALLED)
        patch.setenv("PYTHONPATH", os.pathsep.join([str(INSTALLED), os.environ.get("PYTHONPATH", "")]))
        yield


@pytest.fixture(scope="session")
def platform():
    return "noticeboard"


@pytest.fixture(scope="module")
def beliefs(installed):
    from noticeboard.stand_in import Control

    return Control().model_dump()


@pytest.fixture(scope="session")
def shop_kind():
    return NoticeboardShop


@pytest.fixture(scope="module")
def running_sandbox(installed):
    with Sandbox() as running:
        yield running


@pytest.fixture
def believe(sandbox):
    """Change what the stand-in believes."""
    return lambda **beliefs: sandbox.control(platform="noticeboard", believe=beliefs)


@pytest.fixture
def pass_time(sandbox):
    """Move the sandbox's clock on from now; once it was moved, from there."""
    total = [0.0]

    def move(**delta):
        units = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
        total[0] += sum(units[unit] * value for unit, value in delta.items())
        sandbox.control(clock_offset_seconds=total[0])

    return move


@pytest.fixture
def at_noon(sandbox, pass_time):
    """Noon UTC of some day, so that no test meets a midnight by chance."""
    pass_time(seconds=86_400 - time.time() % 86_400 + 43_200)


@pytest.fixture
def open_board(sandbox, account_id):
    """Open the test's board; keyword arguments are settings of the account."""
    with contextlib.ExitStack() as opened:

        def open_account(**settings):
            account = {"id": account_id, "token": TOKEN, **settings}
            board = open_platform("noticeboard", endpoint=sandbox.endpoint("noticeboard"), account=account)
            opened.callback(board.close)
            return board

        yield open_account


@pytest.fixture
def board(open_board):
    return open_board()


@pytest.fixture
def remote(remote):
    """What the ledger wants on the noticeboard: it has to say for how many days."""
    return functools.partial(remote, keep_days=30)


@pytest.fixture
def external_id(board, remote):
    return board.ensure(remote())


@pytest.fixture
def row_of(hashed):
    """An upload row of an e-mail, a phone and a country, each hashed when given."""
    return lambda email="", phone="", country="": HashRow(",".join(map(hashed, (email, phone, country))))
