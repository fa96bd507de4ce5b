"""What an ad platform is to the engine: fields, limits, purposes and a handful of calls.

A platform receives hashes only. It imports no other platform, no warehouse and no ledger. It alone retries a request,
and only one that is safe to send twice. Every failure leaves as an error of `audiences.errors`, without any payload.
Calls of one opened account may come from several threads at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, Protocol, runtime_checkable

from audiences.domain import HashRow, ListId


@dataclass(frozen=True)
class Field:
    """One position of an upload row: the platform's name for it and the column of `dim_identifiers` it is read from.

    `identifies` is true where the value alone points to a person (e-mail, phone), false for what only narrows a match.
    """

    name: str
    column: str
    identifies: bool = False


@dataclass(frozen=True)
class Limits:
    """What one account of the platform takes, from `limits.yaml` (there with unit, source and date of each)."""

    rows_per_request: int
    bytes_per_request: int
    requests_per_hour: int
    requests_in_flight: int
    min_members: int
    max_lists: int
    max_keep_days: int | None


@dataclass(frozen=True)
class RemoteList:
    """What the platform is to know of a list: a neutral name and whose it is. Nothing else is ever sent."""

    list_id: ListId
    name: str
    ledger_id: str
    environment: str
    keep_days: int | None = None
    external_id: str | None = None  # as the ledger knows it; None before the first ensure
    options: Mapping[str, Any] = field(default_factory=dict)  # what the definition says for this platform alone
    not_these: frozenset[str] = frozenset()  # ids of the ledger's other lists: one of them may have had this one's name


@dataclass(frozen=True)
class Batch:
    """Rows of one request. `session` groups the requests that belong together where the platform wants that.

    The rows of a member stand together. `rows_per_member` says how many each has, in their order; empty means one each.
    """

    rows: Sequence[HashRow]
    session: int
    rows_per_member: Sequence[int] = ()


@dataclass(frozen=True)
class Outcome:
    """The platform's answer to one batch. `received` and `invalid` count rows; `invalid_rows` are positions in the batch.

    `handle` is what `confirm` asks for this request by later; None where the platform tells nothing more.
    """

    received: int
    invalid: int = 0
    invalid_rows: tuple[int, ...] = ()
    request_id: str | None = None
    handle: str | None = None


@dataclass(frozen=True)
class Processing:
    """What became of one accepted request. Counts are rows, None where the platform does not tell.

    `state` is `processed`, `working` (ask again later), `failed` (nothing of it took effect) or `unknown` (the platform
    does not know the request any more).
    """

    state: Literal["processed", "working", "failed", "unknown"]
    matched: int | None = None
    invalid: int | None = None
    note: str = ""


@dataclass(frozen=True)
class ListStatus:
    """What the platform says of a list: sizes are bounds in people, `usable` whether ads can be shown to it.

    `is_flagged` says that the platform holds the list to be against its rules; `match_rate` is a share, if it tells one.
    """

    external_id: str
    name: str
    size_lower: int | None
    size_upper: int | None
    usable: bool
    note: str
    is_flagged: bool = False
    match_rate: float | None = None


class Platform(Protocol):
    """One account of one ad platform, opened with its settings."""

    @property
    def name(self) -> str:
        """The platform's name, as its entry point has it."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The positions of an upload row."""

    @property
    def limits(self) -> Limits:
        """What this account takes."""

    @property
    def purposes(self) -> tuple[str, ...]:
        """The consents that sending somebody here needs."""

    def ensure(self, remote: RemoteList) -> str:
        """Find the list that this ledger owns, or create it; return its external id. Twice gives one list.

        Raises ConfigError when another ledger owns a list of that name.
        """

    def add(self, external_id: str, batch: Batch) -> Outcome:
        """Add the people behind the rows; adding twice equals adding once."""

    def remove(self, external_id: str, batch: Batch) -> Outcome:
        """Remove the people behind the rows; removing an absent one is no error."""

    def status(self, external_id: str) -> ListStatus:
        """Ask for the list as the platform sees it now. Raises Gone when it is not there any more."""

    def confirm(self, external_id: str, handles: Sequence[str]) -> Mapping[str, Processing]:
        """What became of the accepted requests with these handles; one that the platform does not tell of is missing."""

    def rename(self, external_id: str, name: str) -> None:
        """Give the list another name. Raises Gone when it is not there any more."""

    def delete(self, external_id: str) -> None:
        """Delete the list; one that is gone already is no error."""

    def check(self) -> list[str]:
        """Look, without writing, at token, permission and terms; one sentence per finding, none if all is well."""

    def bytes_for(self, rows: int) -> int:
        """How large the body of a request with so many full rows is at most, in bytes."""

    def close(self) -> None:
        """Give the connection back."""


@dataclass(frozen=True)
class AccountState:
    """How much of an account is used, and what time it is there; None where the platform does not tell.

    `lists` are all that count against `Limits.max_lists`, whoever made them; `budget_used` is the share of the budget of calls,
    0 to 1 or more; `clock_ahead` is how far the platform's clock is ahead of this machine's.
    """

    lists: int | None = None
    budget_used: float | None = None
    clock_ahead: timedelta | None = None


@runtime_checkable
class Telling(Protocol):
    """What a platform has beside the rest where it can tell how much of an account is used; for `boomerang doctor`."""

    def account_state(self) -> AccountState:
        """Look without writing. Raises as `check` does."""


@runtime_checkable
class Validating(Protocol):
    """What a platform has beside the rest where it can look at a list and its members without keeping anything."""

    def validate(self, remote: RemoteList, batch: Batch) -> Outcome:
        """Have the platform check them. Rows are checked only where the list is there already: `received` says how many.

        Raises as `ensure` and `add` do.
        """


class PlatformFactory(Protocol):
    """Opens an account from its settings."""

    def __call__(self, *, endpoint: str | None, account: Mapping[str, Any]) -> Platform:
        """Open without a request; `account` is the account's mapping from the settings, placeholders resolved."""


def no_options(options: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with options of a list at a platform that has none, by key."""
    return dict.fromkeys(options, "there is no such key here: only account")


@dataclass(frozen=True)
class PlatformKind:
    """What the entry point group `boomerang.platforms` names: a platform before any account is opened.

    A plan needs no more than this, and so no credentials. `limits_for` reads the account's mapping without its secrets.
    """

    name: str
    fields: tuple[Field, ...]
    purposes: tuple[str, ...]
    limits_for: Callable[[Mapping[str, Any]], Limits]
    bytes_for: Callable[[int], int]
    open: PlatformFactory
    confirms: frozenset[Literal["add", "remove"]] = frozenset()
    """For which requests the platform tells later whether they were processed."""
    confirm_after: timedelta = timedelta()
    """How long after a request asking for it is of use."""
    options_wrong: Callable[[Mapping[str, Any]], Mapping[str, str]] = no_options
    """What is wrong with what a definition says of lists at this platform beside the account: by key, a sentence."""
    of_account: Callable[[Mapping[str, Any]], PlatformKind] | None = None
    """Where the fields depend on the account: the kind as that account has it; the name stays, and it has none of its own."""
    bytes_of_account: Callable[[Mapping[str, Any]], Callable[[int], int]] | None = None
    """Where only the size of a body depends on the account: what takes the place of `bytes_for` there."""
