"""What a platform tells the conformance suite of itself: one file `registered_<name>.py` each, with a REGISTRATION."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from audiences.errors import PlatformError

TOKEN = "sandbox-token"


@dataclass(frozen=True)
class Registration:
    """How a platform is opened on the sandbox, and which of its answers are which of our errors.

    `faults` are (what the sandbox is told, the error that comes). `bad_row` is a fault that makes the platform refuse every
    request with a certain row in it; the row is added by the suite. `unsent` are fields that this way of sending leaves out.
    """

    name: str
    platform: str
    account: Callable[[str], dict[str, Any]]
    faults: tuple[tuple[Mapping[str, Any], type[PlatformError]], ...]
    bad_row: Mapping[str, Any]
    beliefs: Mapping[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = (TOKEN,)
    unsent: tuple[str, ...] = ()
    plain: Mapping[str, str] = field(default_factory=dict)
    """Fields that are no hashes, each with a value for the tests."""
    keep_days: int | None = None
    shows_who_is_who: bool = True
    """Whether a request shows which identifiers are one person's; else the sandbox is told."""
    can_delete: bool = True
    """Whether a list can be deleted through the platform's interface."""
    wait_minutes: float = 1
    """How long a throttle of one minute asks to stay away, in minutes, as the client says it."""
    keeps_away: bool = True
    """Whether its client remembers a wait from one call to the next."""
    bodies_per_batch: int = 1
    is_a_folder: bool = False
    """Whether the platform is a folder of files: it has no stand-in, and no test of requests is meant for it."""
    account_of: Callable[[dict[str, Any]], str] = lambda account: str(account["id"])
    """The account's name in the sandbox."""
