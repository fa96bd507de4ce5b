"""A shop with a handful of persons, builds made by hand, and the real engine against the real sandbox."""

from __future__ import annotations

import uuid

import pytest
from explain_shop import ExplainShop

from audiences.sandbox.server import Sandbox


@pytest.fixture(scope="session")
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def shop(tmp_path, sandbox):
    return ExplainShop(tmp_path, sandbox.endpoint("meta"), f"act_{uuid.uuid4().hex[:12]}")
