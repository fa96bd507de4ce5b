"""The platforms that are registered, each opened by its name on one sandbox, for each test on an account of its own."""

from __future__ import annotations

import contextlib
import os
import uuid
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from conformance_folder import Folder
from conformance_platforms import DECLARED, REGISTRATIONS

from audiences.domain import HashRow
from audiences.platforms.registry import GROUP, kind_for, open_platform
from audiences.sandbox.server import Sandbox

HERE = Path(__file__).parent
NOTICEBOARD = HERE.parent / "noticeboard" / "installed"


def pytest_generate_tests(metafunc):
    """Each test of a platform runs for every registration, and of an error for every fault of it."""
    if "fault" in metafunc.fixturenames:
        cases = [(one, fault, error) for one in REGISTRATIONS for fault, error in one.faults]
        ids = [f"{one.name}-{' '.join(map(str, fault.values()))}" for one, fault, _ in cases]
        metafunc.parametrize(("registration", "fault", "error"), cases, ids=ids)
    elif "registration" in metafunc.fixturenames:
        some = getattr(metafunc.module, "REGISTERED", REGISTRATIONS)
        if "sandbox" in metafunc.fixturenames:  # the test looks at requests, or makes them fail
            some = [one for one in some if not one.is_a_folder]
        metafunc.parametrize("registration", some, ids=[one.name for one in some])


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The platforms of pyproject as a fresh installation would show them, and the one from outside the package."""
    known = {entry.name for entry in entry_points(group=GROUP)}
    lines = [f"{name} = {place}" for name, place in DECLARED.items() if name not in known]
    folder = tmp_path_factory.mktemp("declared")
    info = folder / "declared-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: declared\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for place in (NOTICEBOARD, folder):
            patch.syspath_prepend(place)
        patch.setenv("PYTHONPATH", os.pathsep.join([str(NOTICEBOARD), os.environ.get("PYTHONPATH", "")]))
        yield


@pytest.fixture(scope="module")
def running_sandbox(installed):
    with Sandbox() as running:
        yield running


@pytest.fixture
def platform(registration):
    return registration.platform


@pytest.fixture
def beliefs(registration):
    if registration.platform == "noticeboard":
        from noticeboard.stand_in import Control

        return Control().model_dump()
    return dict(registration.beliefs)


@pytest.fixture
def settings(registration, tmp_path):
    """The settings of the test's account: nobody waits long in a test."""
    account = registration.account(uuid.uuid4().hex[:12])
    if registration.is_a_folder:
        return {**account, "folder": str(tmp_path / "lists")}
    return {**account, "tries": 1, "max_wait_seconds": 0}


@pytest.fixture
def outside(registration, settings, request):
    """What is at the other end: the sandbox, or the folder that is the platform."""
    if registration.is_a_folder:
        request.getfixturevalue("installed")
        return Folder(settings)
    return request.getfixturevalue("sandbox")


@pytest.fixture
def account_id(registration, settings):
    return registration.account_of(settings)


@pytest.fixture
def opened(registration, outside, settings):
    """Open the test's account anew, as another process would; keyword arguments are settings of the account."""
    with contextlib.ExitStack() as stack:

        def open_one(**more):
            endpoint = outside.endpoint(registration.platform)
            one = open_platform(registration.platform, endpoint=endpoint, account={**settings, **more})
            stack.callback(one.close)
            return one

        yield open_one


@pytest.fixture
def ad_platform(opened):
    return opened()


@pytest.fixture
def remote(registration, remote):
    """What the ledger wants."""
    return lambda **values: remote(**{"keep_days": registration.keep_days, **values})


@pytest.fixture
def row_of(registration, outside, settings, hashed):
    """The full upload row of somebody, or one with `only` one identifier; the sandbox knows who is behind them."""
    fields = kind_for(registration.platform, settings).fields

    def value(name, field):
        return registration.plain.get(field.name) or hashed(f"{name} {field.column}")

    def make(name, only=None):
        if not registration.shows_who_is_who:
            outside.register([[value(name, field) for field in fields if field.identifies]])
        held = [only in (None, field.name) or not field.identifies for field in fields]
        return HashRow(",".join(value(name, field) if has else "" for field, has in zip(fields, held, strict=True)))

    return make


@pytest.fixture
def rows_for(registration, settings, hashed):
    """So many full rows of strangers, made quickly."""
    cells = [registration.plain.get(field.name) for field in kind_for(registration.platform, settings).fields]
    start = int(hashed("strangers")[:15], 16)
    return lambda count: [
        HashRow(",".join(cell or f"{start + number:016x}{place:048x}" for place, cell in enumerate(cells)))
        for number in range(count)
    ]


@pytest.fixture
def lists(outside, platform, account_id):
    """The lists that there are for the test's account."""
    return lambda: [kept for kept in outside.inspect(platform).lists() if kept["account"] == account_id]


@pytest.fixture
def people(lists):
    """How many people are on the only list of the test's account."""

    def count():
        (kept,) = lists()
        return kept["people"]

    return count


@pytest.fixture
def filled(ad_platform, remote, batch, row_of):
    """A list with ann on it."""
    external_id = ad_platform.ensure(remote())
    ad_platform.add(external_id, batch(row_of("ann")))
    return external_id


@pytest.fixture
def delete_by_hand(outside, platform, lists):
    """Somebody deletes the account's lists in the ad manager."""
    return lambda: outside.control(
        platform=platform, believe={"lists": {kept["id"]: {"deleted": True} for kept in lists()}}
    )
