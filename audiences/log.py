"""Logging: one line per event to stderr, with everything that looks like a person or a secret taken out.

The redaction is the last net, not the rule: no code is to hand such a value to a logger in the first place.
"""

from __future__ import annotations

import logging
import re
import sys

LOGGER = "boomerang"
REDACTIONS = (
    (re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}"), "<e-mail>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hash>"),
    (
        re.compile(r"(?i)(access_token|appsecret_proof|token|authorization)(['\"]?\s*[=:]\s*['\"]?)[^\s&'\"]+"),
        r"\1\2<secret>",
    ),
)


def redact(text: str) -> str:
    """The text without e-mail addresses, SHA-256 hashes and tokens."""
    for pattern, replacement in REDACTIONS:
        text = pattern.sub(replacement, text)
    return text


class RedactingFormatter(logging.Formatter):
    """Formats a record and redacts the result, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text that may be shown."""
        return redact(super().format(record))


def get_logger(name: str) -> logging.Logger:
    """The logger `boomerang.<name>`."""
    return logging.getLogger(f"{LOGGER}.{name}")


def configure(*, verbose: bool = False) -> None:
    """Send Boomerang's log to stderr: warnings and worse, with `verbose` also what it does."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter("%(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger(LOGGER)
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO if verbose else logging.WARNING)
    logger.propagate = False
