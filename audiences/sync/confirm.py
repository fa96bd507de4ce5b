"""Asking the platforms what became of what they accepted, and raising the levels of truth by what they say.

Only a platform's own word raises a member to confirmed, and only it ends a removal; what failed is sent again by the next
sync. The ledger is not held while a platform is asked. Killed at any point, or done twice, nothing is lost and nothing is
counted twice: all that is learnt of one list is written in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import duckdb

from audiences.amounts import amount
from audiences.domain import ListId
from audiences.errors import ConfigError, RejectedRequest
from audiences.ledger import Ledger, open_ledger
from audiences.ledger.connection import now_utc
from audiences.ledger.folding import fold
from audiences.names import hint
from audiences.platforms.registry import kind_of
from audiences.settings import Settings
from audiences.sql import statements
from audiences.sync.asking import Answer, Question, ask
from audiences.sync.receipt import read_receipt, write_receipt
from audiences.sync.renames import names_by_former

ASK_FOR = timedelta(days=7)
"""So long after a request it is asked what became of it; an upload that is not processed by then never will be."""
PATIENCE = 30.0
"""Seconds to wait for another process to give the ledger back, once the platforms have answered."""
PHASES = {1: "remove", 2: "add"}
TROUBLE = RejectedRequest.exit_code


@dataclass(frozen=True)
class ListConfirmation:
    """What was learnt of one list. `processed`, `working`, `failed`, `unknown` count requests, the next three people.

    `early` requests were accepted too lately to be asked about: the platform tells of them from `ask_again_at` on.

    `state`: asked, gone, moved (another run replaced the list meanwhile), failed, or unset (its account is not in the
    settings). Sizes are bounds in people, as the platform tells them.
    """

    list: ListId
    audience: str
    platform: str
    state: str
    processed: int = 0
    working: int = 0
    early: int = 0
    ask_again_at: datetime | None = None
    failed: int = 0
    unknown: int = 0
    confirmed: int = 0
    removed: int = 0
    sent_again: int = 0
    size_lower: int | None = None
    size_upper: int | None = None
    match_rate: float | None = None
    is_usable: bool = False
    is_flagged: bool = False
    name_there: str | None = None
    is_renamed: bool = False
    message: str = ""
    exit_code: int = 0


def confirm_lists(
    settings: Settings, audiences: Sequence[str] = (), *, clock: Callable[[], datetime] = now_utc
) -> list[ListConfirmation]:
    """Ask the platforms about every list, or about those of the named audiences, and write down what they say.

    Args:
        settings: the shop.
        audiences: names of audiences that have lists; none means all.
        clock: naive UTC.

    Returns:
        One entry per list, by its name; a platform's trouble is in it and is not raised.

    Raises:
        ConfigError: no list belongs to a named audience.
        Busy: another process holds the ledger.
    """
    with open_ledger(settings) as ledger:
        with ledger.transaction():
            fold(ledger.connection)
        names = names_by_former(settings, ledger.connection)
        questions = _questions(ledger.connection, audiences, names, clock())
    set_up = [question for question in questions if is_set(settings, question.platform, question.account)]
    found = [_unset(question) for question in questions if question not in set_up]
    for answers in ask(settings, set_up):
        with open_ledger(settings, wait=PATIENCE) as ledger:
            found += [_learn(settings, ledger, answer, clock()) for answer in answers]
    return sorted((_named(one, names) for one in found), key=lambda one: one.list)


def is_set(settings: Settings, platform: str, account: str) -> bool:
    """Whether the settings have the account that a list belongs to."""
    return platform in settings.platforms and account in settings.platforms[platform].accounts


def _named(one: ListConfirmation, names: Mapping[str, str]) -> ListConfirmation:
    """With the name that its audience has in the definitions, as `status` shows it."""
    name = names.get(one.audience)
    return one if name is None else replace(one, list=ListId(name + one.list[len(one.audience) :]), audience=name)


def _questions(
    connection: duckdb.DuckDBPyConnection, audiences: Sequence[str], names: Mapping[str, str], now: datetime
) -> list[Question]:
    named = statements("confirm")
    lists = [Question(*row) for row in connection.execute(named["lists"]).fetchall()]
    name_of = {one.list_id: names.get(one.audience, one.audience) for one in lists}
    known = set(name_of.values())
    for name in audiences:
        if name not in known:
            raise ConfigError(f"no list at any platform belongs to {name}{hint(name, known)}")
    pending = connection.execute(named["pending"]).fetchall()
    return [_asked(one, pending, now) for one in lists if not audiences or name_of[one.list_id] in audiences]


def _asked(question: Question, pending: Iterable[tuple[str, str, int, datetime]], now: datetime) -> Question:
    """The question with the handles that the platform can tell of by now, and how many it cannot yet."""
    mine = [row for row in pending if row[0] == question.list_id]
    if not mine:
        return question
    kind = kind_of(question.platform)
    told = [(handle, closed_at) for _, handle, phase, closed_at in mine if PHASES[phase] in kind.confirms]
    due = dict.fromkeys(handle for handle, closed_at in told if closed_at <= now - kind.confirm_after)
    early = [closed_at for _, closed_at in told if closed_at > now - kind.confirm_after]
    until = max(early) + kind.confirm_after if early else None
    return replace(question, handles=tuple(due), early=len(early), early_until=until)


def _unset(question: Question) -> ListConfirmation:
    where = f"{question.platform}.{question.account}"
    message = (
        f"the account {where} is not in the settings, so nothing can be asked: put it back, or delete the list there"
    )
    return ListConfirmation(question.list_id, question.audience, question.platform, "unset", message=message)


def _learn(settings: Settings, ledger: Ledger, answer: Answer, now: datetime) -> ListConfirmation:
    """Write down what one answer tells, all of it or nothing."""
    question = answer.question
    result = ListConfirmation(
        question.list_id, question.audience, question.platform, "asked",
        early=question.early, ask_again_at=question.early_until,
    )  # fmt: skip
    if answer.error is not None:
        return replace(result, state="failed", message=str(answer.error), exit_code=answer.error.exit_code)
    with ledger.transaction() as connection:
        fold(connection)
        row = connection.execute(statements("confirm")["list"], {"list_id": question.list_id}).fetchone()
        if row != (question.generation, question.external_id):
            return replace(result, state="moved", message="another run replaced the list meanwhile: ask again")
        if answer.is_gone:
            return _gone(connection, question, result, now)
        result = _append_status(connection, answer, _settle(connection, answer, result, now), now)
        for (erasure_id,) in _do(connection, "confirm_erasures", list_id=question.list_id).fetchall():
            write_receipt(settings, read_receipt(connection, erasure_id))
        return result


def _settle(
    connection: duckdb.DuckDBPyConnection, answer: Answer, result: ListConfirmation, now: datetime
) -> ListConfirmation:
    """Write what became of the requests, and raise or lower the members' levels by it."""
    of_list = {"list_id": answer.question.list_id}
    give_up = {**of_list, "give_up": now - ASK_FOR}
    handles = list(answer.question.handles)
    states = [answer.told[one].state if one in answer.told else "working" for one in handles]
    _do(connection, "told", **give_up, handles=handles, states=states)
    processed, working, failed, unknown = _row(connection, "told_counts")
    _do(connection, "note_told", now=now)
    _do(connection, "confirm_requests")
    lowered = _lower(connection, of_list) if failed else 0
    confirmed = _count(connection, "confirm_additions", **of_list, now=now)
    _do(connection, "erased_now", **of_list)
    removed = _count(connection, "confirm_removals", **of_list)
    _do(connection, "end_removals", **give_up)
    return replace(
        result, processed=processed, working=working, failed=failed, unknown=unknown,
        confirmed=confirmed, removed=removed, sent_again=lowered,
    )  # fmt: skip


def _lower(connection: duckdb.DuckDBPyConnection, of_list: dict[str, Any]) -> int:
    """Undo what the ledger believed of requests that failed; how many people the next sync sends again."""
    people = _count(connection, "failed_additions", **of_list)
    _do(connection, "failed_removals", **of_list)
    _do(connection, "failed_requests")
    people += sum(
        _count(connection, name, **of_list) for name in ("bring_back", "bring_back_beside", "bring_back_lost")
    )
    for step in ("open_again", "open_erasures_again"):
        connection.execute(statements("forget")[step])
    for step in ("look_after_again", "moved"):
        _do(connection, step, **of_list)
    return people


def _append_status(
    connection: duckdb.DuckDBPyConnection, answer: Answer, result: ListConfirmation, now: datetime
) -> ListConfirmation:
    status, question = answer.status, answer.question
    assert status is not None
    _do(
        connection, "append_status", list_id=question.list_id, now=now, name=status.name, size_lower=status.size_lower,
        size_upper=status.size_upper, is_usable=status.usable, note=status.note, is_flagged=status.is_flagged,
        is_gone=False, match_rate=status.match_rate, member_count=_row(connection, "size", list_id=question.list_id)[0],
    )  # fmt: skip
    is_renamed = status.name != question.name
    parts = [status.note] if status.note and (status.is_flagged or not status.usable) else []
    parts += [f"its name there is {status.name!r}, ours is {question.name!r}"] if is_renamed else []
    failed, unknown = amount(result.failed, "request"), amount(result.unknown, "request")
    parts += [f"{failed} failed there: {_again(question, result)}"] if result.failed else []
    parts += [f"what became of {unknown} will never be known"] if result.unknown else []
    return replace(
        result, size_lower=status.size_lower, size_upper=status.size_upper, match_rate=status.match_rate,
        is_usable=status.usable, is_flagged=status.is_flagged, name_there=status.name, is_renamed=is_renamed,
        message="; ".join(parts), exit_code=TROUBLE if status.is_flagged else 0,
    )  # fmt: skip


def _again(question: Question, result: ListConfirmation) -> str:
    if question.is_retired and result.sent_again:
        return "people are on it again, and leave once it is released again"
    return "the next sync sends these people again"


def _gone(
    connection: duckdb.DuckDBPyConnection, question: Question, result: ListConfirmation, now: datetime
) -> ListConfirmation:
    """Nobody is on a list that is not there: the next sync makes another and fills it. A retired one is only marked."""
    of_list = {"list_id": question.list_id}
    applying = statements("apply")
    _do(connection, "gone_requests", **of_list, now=now)
    _do(connection, "gone_erasures", **of_list)
    connection.execute(applying["forget_members"], of_list)
    connection.execute(applying["leave_generation"], of_list)
    if question.is_retired:
        message = "it was deleted there, and nobody asks for it any more"
        _do(connection, "gone_for_good", **of_list)
    else:
        message = "somebody deleted it there: the next `boomerang sync` makes it anew and fills it"
        connection.execute(applying["new_generation"], {**of_list, "external_id": None})
    _do(
        connection, "append_status", **of_list, now=now, name=question.name, size_lower=None, size_upper=None,
        is_usable=False, note=message, is_flagged=False, is_gone=True, match_rate=None, member_count=0,
    )  # fmt: skip
    return replace(result, state="gone", message=message, exit_code=0 if question.is_retired else TROUBLE)


def _do(connection: duckdb.DuckDBPyConnection, statement: str, /, **parameters: Any) -> duckdb.DuckDBPyConnection:
    """One named statement of `queries/confirm.sql`."""
    return connection.execute(statements("confirm")[statement], parameters or None)


def _row(connection: duckdb.DuckDBPyConnection, statement: str, /, **parameters: Any) -> tuple[Any, ...]:
    row = _do(connection, statement, **parameters).fetchone()
    assert row is not None
    return row


def _count(connection: duckdb.DuckDBPyConnection, statement: str, /, **parameters: Any) -> int:
    """How many rows a statement changed."""
    return int(_row(connection, statement, **parameters)[0])
