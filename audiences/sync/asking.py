"""Asking the platforms about lists, without the ledger: accounts side by side, the lists of one in turn.

Whatever goes wrong is in the answer; one account's trouble never stops another's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

from audiences.domain import ListId
from audiences.errors import AuthError, BoomerangError, Gone, RateLimited, RejectedRequest, Unavailable
from audiences.platforms.base import ListStatus, Platform, Processing, RemoteList
from audiences.platforms.registry import open_platform
from audiences.settings import Settings

STILL_THERE = (
    "the platform said that the list is not there, and it is: run `boomerang sync` again, and look at what "
    "the token may see if it stays so"
)


@dataclass(frozen=True)
class Question:
    """One list to be asked about, and the handles of the requests of which it is to tell.

    `early` accepted requests are too young to be asked about before `early_until` (naive UTC).
    """

    list_id: ListId
    audience: str
    platform: str
    account: str
    external_id: str
    generation: int
    name: str
    is_retired: bool = False
    handles: tuple[str, ...] = ()
    early: int = 0
    early_until: datetime | None = None


@dataclass(frozen=True)
class Answer:
    """What the platform says of a list. `status` is None where the list is gone, or where `error` says why."""

    question: Question
    status: ListStatus | None = None
    told: Mapping[str, Processing] = field(default_factory=dict)
    error: BoomerangError | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the list is not there any more."""
        return self.status is None and self.error is None


def ask(settings: Settings, questions: Sequence[Question]) -> Iterator[list[Answer]]:
    """The answers of one account after another, as they are complete; nothing is raised for a platform."""
    accounts: dict[tuple[str, str], list[Question]] = {}
    for question in questions:
        accounts.setdefault((question.platform, question.account), []).append(question)
    if not accounts:
        return
    with ThreadPoolExecutor(max_workers=len(accounts)) as pool:
        asked = [pool.submit(_ask_account, settings, account, of_it) for account, of_it in accounts.items()]
        for future in as_completed(asked):
            yield future.result()


def _ask_account(settings: Settings, account: tuple[str, str], questions: Sequence[Question]) -> list[Answer]:
    try:
        endpoint, options = settings.account(*account)
        platform = open_platform(account[0], endpoint=endpoint, account=options)
    except BoomerangError as error:
        return [Answer(question, error=error) for question in questions]
    answers: list[Answer] = []
    stopped: BoomerangError | None = None
    with closing(platform):
        for question in questions:
            answers.append(Answer(question, error=stopped) if stopped else _ask_list(platform, question))
            trouble = answers[-1].error
            stopped = trouble if isinstance(trouble, AuthError | RateLimited | Unavailable) else None
    return answers


def _ask_list(platform: Platform, question: Question) -> Answer:
    try:
        status = platform.status(question.external_id)
        told = platform.confirm(question.external_id, question.handles) if question.handles else {}
    except Gone:
        return _gone(platform, question)
    except BoomerangError as error:
        return Answer(question, error=error)
    return Answer(question, status, told)


def _gone(platform: Platform, question: Question) -> Answer:
    """A list that is not to be seen is gone only where these credentials may see the account's lists."""
    return Answer(question, error=_trouble(platform))


def require_gone(platform: Platform, external_id: str) -> None:
    """Raise what is the matter where a list only seems to be gone: nothing that is known of it is to be forgotten then."""
    trouble = _trouble(platform)
    if trouble is not None:
        raise trouble
    if _is_there(platform, external_id):
        raise RejectedRequest(STILL_THERE)


def renewed(platform: Platform, remote: RemoteList) -> str:
    """The id of the list that takes the place of one that is gone. Raises RejectedRequest where the old one is found again.

    Where a platform makes lists only with their first rows the id stays the same, and the list is still not there.
    """
    assert remote.external_id is not None
    require_gone(platform, remote.external_id)
    external_id = platform.ensure(remote)
    if external_id == remote.external_id and _is_there(platform, external_id):
        raise RejectedRequest(STILL_THERE)
    return external_id


def _is_there(platform: Platform, external_id: str) -> bool:
    try:
        platform.status(external_id)
    except Gone:
        return False
    return True


def _trouble(platform: Platform) -> BoomerangError | None:
    try:
        findings = platform.check()
    except BoomerangError as error:
        return error
    return AuthError(" ".join(findings)) if findings else None
