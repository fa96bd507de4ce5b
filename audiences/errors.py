"""Errors, named by what the reader must do, and the exit code of each.

    BoomerangError
    ├── ConfigError        2  fix the settings or a definition
    ├── DataError          5  fix the data or the build
    ├── GuardTripped       3  look, then release
    ├── Busy               6  try again
    └── PlatformError      1  the platform refused
        ├── AuthError      4  renew the credentials
        ├── RejectedRequest 1 the request itself is wrong
        │   ├── RejectedRows  halve it: some row in it is at fault
        │   └── Gone          the list is not there any more
        ├── RateLimited    6  wait, then try again
        └── Unavailable    6  try again

A message never carries an identifier (raw or hashed), a payload, a token or a URL with a token.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from audiences.amounts import minutes


class BoomerangError(Exception):
    """Base of every error that Boomerang raises on purpose; `exit_code` is what the command line returns."""

    exit_code: ClassVar[int] = 1


class ConfigError(BoomerangError):
    """A setting or a definition is wrong. `file` and `line` (from 1) say where, when they are known."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, file: Path | str | None = None, line: int | None = None) -> None:
        self.file = str(file) if file is not None else None
        self.line = line
        self.message = message
        place = "" if self.file is None else f"{self.file}:{line}: " if line is not None else f"{self.file}: "
        super().__init__(place + message)


class DataError(BoomerangError):
    """The shop's data, or the build made from it, cannot be used as it is."""

    exit_code: ClassVar[int] = 5


class GuardTripped(BoomerangError):
    """A guard holds changes until somebody has looked and released them."""

    exit_code: ClassVar[int] = 3


class Busy(BoomerangError):
    """Another process holds what this one needs; nothing was changed, try again."""

    exit_code: ClassVar[int] = 6


class PlatformError(BoomerangError):
    """An ad platform did not do what was asked.

    `code` and `subcode` are the platform's own numbers as text, `request_id` its trace id, when it gave them.
    """

    def __init__(
        self, message: str, *, code: str | None = None, subcode: str | None = None, request_id: str | None = None
    ) -> None:
        self.code, self.subcode, self.request_id = code, subcode, request_id
        super().__init__(message)


class AuthError(PlatformError):
    """The platform does not accept the credentials, or they lack a permission or accepted terms."""

    exit_code: ClassVar[int] = 4


class RejectedRequest(PlatformError):
    """The platform understood the request and refuses it; sending it again will not help."""


class RejectedRows(RejectedRequest):
    """The request was refused for what its rows hold, or for how many there are: in halves the good ones go through."""


class Gone(RejectedRequest):
    """The remote list is not there any more, or these credentials may not see it."""


class RateLimited(PlatformError):
    """The platform asks to wait. `wait` is in seconds; the message ends with it in minutes."""

    exit_code: ClassVar[int] = 6

    def __init__(
        self,
        message: str,
        *,
        wait: float,
        code: str | None = None,
        subcode: str | None = None,
        request_id: str | None = None,
    ) -> None:
        told = f"{message} (it asked to wait {minutes(wait)})"
        super().__init__(told, code=code, subcode=subcode, request_id=request_id)
        self.wait = wait


class Unavailable(PlatformError):
    """The platform, or the way to it, is down; the same request may go through later."""

    exit_code: ClassVar[int] = 6


GRAVEST_FIRST = (1, 4, 2, 5, 3, 6, 0)


def gravest(codes: list[int]) -> int:
    """The exit code that says most: 1 before 4, 2, 5, 3, 6; 0 when there is none."""
    return next((code for code in GRAVEST_FIRST if code in codes), 0)
