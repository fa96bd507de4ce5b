"""The instant that a person means: the shop's days, also where they are 23 or 25 hours long."""

from __future__ import annotations

from datetime import datetime

import pytest

from audiences.as_of import parse_as_of, shop_day
from audiences.errors import ConfigError

NOW = datetime(2026, 11, 23, 12)


@pytest.mark.parametrize(
    ("text", "timezone", "instant"),
    [
        ("2026-11-23", "America/New_York", "2026-11-24T04:59:59.999999"),
        ("2026-11-23", "UTC", "2026-11-23T23:59:59.999999"),
        ("2026-03-08", "America/New_York", "2026-03-09T03:59:59.999999"),  # 23 hours
        ("2026-11-01", "America/New_York", "2026-11-02T04:59:59.999999"),  # 25 hours
        ("2026-11-23", "Asia/Shanghai", "2026-11-23T15:59:59.999999"),
        ("2026-11-23T18:00:00", "America/New_York", "2026-11-23T23:00:00"),
        ("2026-11-23T18:00:00+00:00", "America/New_York", "2026-11-23T18:00:00"),
        (None, "America/New_York", "2026-11-23T12:00:00"),
    ],
)
def test_a_date_is_the_last_microsecond_of_the_shops_day(text, timezone, instant):
    assert parse_as_of(text, timezone=timezone, now=NOW) == datetime.fromisoformat(instant)


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "23.11.2026", ""])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ConfigError, match="is no date"):
        parse_as_of(text, timezone="UTC", now=NOW)


def test_the_shops_day_of_an_instant():
    assert str(shop_day(datetime(2026, 11, 24, 4, 59), "America/New_York")) == "2026-11-23"
