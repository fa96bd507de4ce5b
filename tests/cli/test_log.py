"""The log's last net: whatever somebody hands to a logger, no person and no secret is printed."""

from __future__ import annotations

import logging

import pytest

from audiences.dbt_run import shown
from audiences.log import RedactingFormatter, redact


@pytest.mark.parametrize(
    "secret",
    ["jane.doe+x@example.com", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
)
def test_e_mails_and_hashes_are_taken_out(secret):
    assert secret not in redact(f"row {secret} failed")


@pytest.mark.parametrize("text", ["access_token=abc123", "'access_token': 'abc123'", "Authorization: abc123"])
def test_tokens_are_taken_out(text):
    assert "abc123" not in redact(text)


def test_a_traceback_is_redacted_too():
    try:
        raise ValueError("jane@example.com")
    except ValueError:
        import sys

        record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed", (), sys.exc_info())
    assert "jane@" not in RedactingFormatter().format(record)


def test_what_a_database_quotes_is_not_shown():
    message = "Conversion Error: Could not convert string 'Jane Doe' to INT32\nLINE 1: select \"x\""

    assert "Jane" not in shown(message)
    assert shown(message).startswith("Conversion Error")
