"""What a run came to, list by list, over all its rounds of planning and sending. Values in, values out; no Prefect here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from audiences.amounts import amount
from audiences.errors import (
    AuthError,
    BoomerangError,
    ConfigError,
    DataError,
    GuardTripped,
    PlatformError,
    Unavailable,
    gravest,
)
from audiences.sync.apply import ListResult

ERRORS: tuple[type[BoomerangError], ...] = (PlatformError, AuthError, ConfigError, DataError, GuardTripped, Unavailable)
LATER = Unavailable.exit_code


def merge(earlier: Sequence[ListResult], later: Iterable[ListResult]) -> list[ListResult]:
    """Both rounds as one: counts add up, the later state is the state; what went earlier and is now equal was applied."""
    merged = {item.list: item for item in earlier}
    for item in later:
        before = merged.get(item.list)
        merged[item.list] = item if before is None else _added(before, item)
    return [merged[name] for name in sorted(merged)]


def _added(before: ListResult, after: ListResult) -> ListResult:
    return replace(
        after,
        state="applied" if after.state == "unchanged" and before.requests else after.state,
        external_id=after.external_id or before.external_id,
        sent=before.sent + after.sent,
        received=before.received + after.received,
        invalid=before.invalid + after.invalid,
        requests=before.requests + after.requests,
    )


def pass_by_themselves(results: Iterable[ListResult]) -> list[ListResult]:
    """The lists whose trouble waiting may end: the platform was down, or asked to stay away for a while."""
    return [item for item in results if item.exit_code == LATER]


class Told(Protocol):
    """What a run says of one list, whatever it did with it."""

    @property
    def list(self) -> str:
        """Which list."""

    @property
    def state(self) -> str:
        """What became of it, in a word."""

    @property
    def message(self) -> str:
        """Why, in a sentence."""

    @property
    def exit_code(self) -> int:
        """What the command line would end with."""


def error_of(results: Sequence[Told]) -> BoomerangError | None:
    """The gravest trouble as an error that names every list that has one; None when all lists are as wanted."""
    troubled = [item for item in results if item.exit_code]
    code = gravest([item.exit_code for item in troubled])
    kind = next((error for error in ERRORS if error.exit_code == code), PlatformError)
    if not troubled:
        return None
    lines = [f"  {item.list} {item.state}: {item.message}" for item in troubled]
    fine = len(results) - len(troubled)
    are = "is" if fine == 1 else "are"
    return kind("\n".join([f"{fine} of {amount(len(results), 'list')} {are} as wanted; look at these:", *lines]))
