"""Platforms are found by name, and their limits say where each number is from."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest

from audiences.errors import ConfigError
from audiences.platforms.limits import read_limits, read_numbers
from audiences.platforms.registry import kind_of, open_platform, platform_names


def test_meta_opens_by_its_name_without_a_request():
    account = {"id": "act_1", "access_token": "sandbox-token"}
    opened = open_platform("meta", endpoint="http://127.0.0.1:9", account=account)
    opened.close()
    assert opened.name == "meta"
    assert [field.name for field in opened.fields if field.identifies] == ["EMAIL", "PHONE"]


def test_an_unknown_platform_gets_the_nearest_name():
    with pytest.raises(ConfigError, match="did you mean meta"):
        open_platform("mata", endpoint=None, account={})


def test_an_endpoint_that_is_no_address_is_refused():
    account = {"id": "act_1", "access_token": "sandbox-token"}
    with pytest.raises(ConfigError, match="endpoint"):
        open_platform("meta", endpoint="localhost:8787", account=account)


def test_what_a_plan_needs_of_meta_does_not_import_its_sdk():
    code = (
        "import sys; from audiences.platforms.registry import kind_of; kind = kind_of('meta'); kind.bytes_for(1);"
        " kind.limits_for({}); sys.exit('facebook_business' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_limit_has_a_unit_a_source_and_a_date():
    ours = [name for name in platform_names() if kind_of(name).open.__module__.startswith("audiences.")]
    assert "meta" in ours
    for platform in ours:
        numbers = read_numbers(platform)
        assert len(numbers) >= 6
        for number in numbers.values():
            assert number.unit
            assert number.source
            assert isinstance(number.date, dt.date)


def test_metas_limits_are_those_of_its_pages():
    limits = read_limits("meta")
    assert (limits.rows_per_request, limits.max_lists, limits.min_members) == (10_000, 500, 100)
    assert limits.max_keep_days is None


def test_an_account_may_ask_for_smaller_requests():
    assert kind_of("meta").limits_for({"rows_per_request": 500}).rows_per_request == 500
