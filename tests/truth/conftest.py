"""The engine's test shop with a clock that Meta's stand-in shares: hours and days pass for both."""

from __future__ import annotations

import pytest
from truth_shop import TruthShop


@pytest.fixture(scope="session")
def shop_kind():
    return TruthShop


@pytest.fixture
def shop(open_shop):
    """A shop whose platform takes six hours for each upload."""
    shop = open_shop()
    shop.sandbox.control(processing_seconds=6 * 3600)
    return shop
