"""A shop whose persons have real addresses and numbers."""

from __future__ import annotations

import uuid

import pytest
from engine_people import SHELVES, Shelf
from erasure_shop import ErasureShop


@pytest.fixture(scope="session")
def shop_kind():
    return ErasureShop


@pytest.fixture
def installed_people(people_platform):
    """The id of an account of its own on the platform in memory."""
    account = uuid.uuid4().hex
    SHELVES[account] = Shelf()
    yield account
    del SHELVES[account]
