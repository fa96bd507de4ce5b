"""A shop with a handful of persons whose ledger other processes can open."""

from __future__ import annotations

import pytest
from explain_shop import ExplainShop


@pytest.fixture(scope="session")
def shop_kind():
    return ExplainShop


@pytest.fixture
def shop(open_shop):
    return open_shop(free_ledger=True)
