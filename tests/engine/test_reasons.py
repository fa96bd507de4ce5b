"""Reasons are kept for good: whoever they name stays named, so addresses and phone numbers are refused."""

from __future__ import annotations

import pytest

from audiences.errors import ConfigError
from audiences.sync.reasons import checked_reason

NAMES_SOMEBODY = (
    "ann.smith@example.com has left",
    "called +32 470 12 34 56",
    "Anna Meier, 030 1234567",
    "(212) 555-0143, asked",
    "212-555-0143",
    "212.555.0143",
    "555-0143",
    "0301234567x",
    "0301234567-",
    "tel:0301234567",
    "030/123 45 67",
    "01 23 45 67 89 rang",
    "212\u2013555\u20130143",
    "+1 234 567",
    "2026-11-23 030 1234567",
    "600 people of 0049 (0)30 1234567",
)
NAMES_NOBODY = (
    "the import of 2026-11-23 was late",
    "the import of 23.11.2026 was late",
    "late since 2026-11-23 08:15",
    "late since 2026-11-23 08:15:30, see the log",
    "closed 23/11/2026 to 2026-12-01",
    "2026-11-23 600 people",
    "12,000 people",
    "1,234,567 people",
    "1.234.567 people",
    "from 1200 to 3400 people (65%)",
    "BOOM-1234 and #123456 and #12345678",
    "build 20261123-081500-a1b2c3",
    "build 20261123-081500-1234 and 20261123-081500-12ab",
    "as of 20261123",
    "the season 2025-2026",
)


@pytest.mark.parametrize("why", NAMES_SOMEBODY)
def test_an_address_or_a_phone_number_is_refused_and_not_repeated(why):
    with pytest.raises(ConfigError, match="must name nobody") as refused:
        checked_reason(why, keeper="the receipt")
    assert why not in str(refused.value)


@pytest.mark.parametrize("why", NAMES_NOBODY)
def test_days_amounts_tickets_and_builds_are_no_phone_numbers(why):
    assert checked_reason(f" {why} ", keeper="the receipt") == why
