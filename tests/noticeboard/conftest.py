"""The noticeboard, installed for these tests only: one sandbox per module, for each test a board of its own.

Its folder is on the path of this process and of those that it starts only while a module's tests run.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import sys
import time
import uuid
from pathlib import Path

import pytest

from audiences.domain import HashRow, ListId
from audiences.ledger import open_ledger
from audiences.platforms.base import Batch, RemoteList
from audiences.platforms.registry import open_platform
from audiences.sandbox.server import Sandbox

INSTALLED = Path(__file__).parent / "installed"
TOKEN = "sandbox-token"
BELIEFS = {
    "tokens": [TOKEN],
    "may_write": True,
    "terms_accepted": True,
    "max_lists": 50,
    "match_rate": 1.0,
    "rows_per_day": None,
    "requests_per_hour": None,
    "turned_away": [],
}

sys.path.append(str(Path(__file__).parents[1] / "engine"))  # the shop of the engine's tests


@pytest.fixture(scope="module")
def installed():
    """The package as an installation would show it: importable, and found by its entry points."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(INSTALLED)
        patch.setenv("PYTHONPATH", os.pathsep.join([str(INSTALLED), os.environ.get("PYTHONPATH", "")]))
        yield


@pytest.fixture(scope="module")
def running_sandbox(installed):
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox):
    running_sandbox.control(
        platform="noticeboard",
        believe=BELIEFS,
        faults=[],
        clock_offset_seconds=0,
        processing_seconds=0,
        reset_requests=True,
    )
    return running_sandbox


@pytest.fixture
def believe(sandbox):
    """Change what the stand-in believes."""
    return lambda **beliefs: sandbox.control(platform="noticeboard", believe=beliefs)


@pytest.fixture
def fails(sandbox):
    """Have a request of the noticeboard fail."""
    return lambda do, on="any", **how: sandbox.control(faults=[{"platform": "noticeboard", "do": do, "on": on, **how}])


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
def board_id():
    return f"board_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def open_board(sandbox, board_id):
    """Open the test's board; keyword arguments are settings of the account."""
    with contextlib.ExitStack() as opened:

        def open_account(**settings):
            account = {"id": board_id, "token": TOKEN, **settings}
            board = open_platform("noticeboard", endpoint=sandbox.endpoint("noticeboard"), account=account)
            opened.callback(board.close)
            return board

        yield open_account


@pytest.fixture
def board(open_board):
    return open_board()


@pytest.fixture
def remote():
    """What the ledger wants on the noticeboard; keyword arguments replace single values."""

    def make(**values):
        wanted = {"list_id": ListId("lapsed@noticeboard:main"), "name": "Lapsed buyers", "ledger_id": "ledger1"}
        return RemoteList(**{**wanted, "environment": "demo", "keep_days": 30, **values})

    return make


@pytest.fixture
def external_id(board, remote):
    return board.ensure(remote())


@pytest.fixture
def hashed(board_id):
    """The hash of a text, another one in each test: nobody is the same person in two tests."""
    return lambda text: hashlib.sha256(f"{board_id} {text}".encode()).hexdigest() if text else ""


@pytest.fixture
def row_of(hashed):
    """An upload row of an e-mail, a phone and a country, each hashed when given."""
    return lambda email="", phone="", country="": HashRow(",".join(map(hashed, (email, phone, country))))


@pytest.fixture
def batch():
    numbers = itertools.count(1)
    return lambda *rows: Batch(rows, next(numbers))


@pytest.fixture
def people_on(sandbox):
    """How many people the sandbox holds for a list."""
    return lambda external_id: len(sandbox.inspect("noticeboard").list(external_id)["people"])


@pytest.fixture
def open_shop(tmp_path, sandbox):
    """Open a shop whose audiences go to a board; keyword arguments are settings of its account."""
    from noticeboard_shop import NoticeboardShop

    with contextlib.ExitStack() as ledgers:

        def open_one(name="shop", **account):
            folder = tmp_path / name
            folder.mkdir()
            shop = NoticeboardShop(folder, sandbox, **{"id": f"board_{uuid.uuid4().hex[:12]}", **account})
            ledgers.enter_context(open_ledger(shop.settings))
            return shop

        yield open_one


@pytest.fixture
def shop(open_shop):
    return open_shop()
