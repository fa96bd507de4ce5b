"""What becomes of member requests in the sandbox: at once or later, and what Google tells of it afterwards."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from audiences.sandbox.faults import Fault
from audiences.sandbox.google_errors import ADVERTISER_TERMS, FLAGGED, PERMISSION, Refusal, invalid
from audiences.sandbox.google_members import People, Target, read_people, read_targets, unknown_list
from audiences.sandbox.google_request import Asked, as_json, message_of, sdk
from audiences.sandbox.stand_in import Context
from audiences.sandbox.store import Session, StoredList

if TYPE_CHECKING:
    from audiences.sandbox.google import GoogleControl

DAY = 86_400
STATUS_DAYS = 50
REQUESTS = "google"
"""Requests are kept as upload sessions of this account: their ids are unique over all accounts."""
RANGES = ((20, 2), (31, 3), (41, 4), (51, 5), (61, 6), (71, 7), (81, 8), (91, 9), (101, 10))
SUCCESS, PROCESSING, FAILED, PARTIAL = 1, 2, 3, 4


class GoogleUploads:
    """Uploads and their status. Runs inside a store's transaction."""

    def __init__(self, context: Context, control: Callable[[], GoogleControl]) -> None:
        self._context, self._store, self._control = context, context.store, control
        self._reasons: dict[str, Counter[str]] = {}
        self._added: dict[int, dict[int, float]] = {}  # by list and Python's hash of the row: when it was last added

    def upload(self, asked: Asked, fault: Fault | None = None) -> str:
        """Add or remove members, as far as the fault lets them."""
        message = message_of(asked)
        lists = [(target, self._list(target)) for target in read_targets(message)]
        people = read_people(asked.kind, message, self._control().missing_consent)
        if asked.kind == "add" and not self._control().terms_accepted:
            raise ADVERTISER_TERMS
        if any(kept.options.get("sensitive") for _, kept in lists):
            raise FLAGGED
        if message.validate_only:
            return "{}"
        if fault is not None and fault.do == "invalid_rows":
            people = _without(people, fault.rows)
        request_id = secrets.token_urlsafe(16)
        fails = fault is not None and fault.do == "processing_fails"
        for number, (_, kept) in enumerate(lists):
            self._take(kept, people, _key(request_id, number), adding=asked.kind == "add", fails=fails)
        self._reasons[request_id] = people.dropped
        return f'{{"requestId": "{request_id}"}}'

    def remove_all(self, asked: Asked) -> str:
        """Take everybody off who was last added before the given time; it is done at once, whatever the delay."""
        message = message_of(asked)
        now = self._context.clock.now()
        is_timed = message.HasField("remove_as_of_time")
        before = message.remove_as_of_time.seconds + message.remove_as_of_time.nanos / 1e9 if is_timed else now
        if before > now:
            raise invalid("removeAsOfTime", "INVALID_REMOVE_AS_OF_TIME")
        lists = [self._list(target) for target in read_targets(message)]
        if message.validate_only:
            return "{}"
        request_id = secrets.token_urlsafe(16)
        for number, kept in enumerate(lists):
            self._clear(kept, before, unknown=0.0)
            session = Session(_key(request_id, number), kept.id, now, True, 0, 0, adding=False, due_at=now)
            self._store.keep_session(REQUESTS, session)
        return f'{{"requestId": "{request_id}"}}'

    def status(self, asked: Asked) -> str:
        """What became of a request, for each of its destinations."""
        request_id = asked.query.get("requestId", "")
        if not request_id:
            raise invalid("requestId", "REQUIRED_FIELD_MISSING")
        sessions: list[Session] = []
        while (session := self._store.session(REQUESTS, _key(request_id, len(sessions)))) is not None:
            sessions.append(session)
        if not sessions:
            raise invalid("requestId", "INVALID_REQUEST_ID")
        if self._context.clock.now() - sessions[0].opened_at > STATUS_DAYS * DAY:
            raise Refusal(400, "REQUEST_TOO_OLD", "The request is too old")
        answer = sdk().RetrieveRequestStatusResponse.pb(sdk().RetrieveRequestStatusResponse())
        for session in sessions:
            self._tell(answer.request_status_per_destination.add(), session, request_id)
        return as_json(answer)

    def expire(self) -> None:
        """Take off whose membership is over, counted from when they were last added."""
        now = self._context.clock.now()
        for number, added in self._added.items():
            kept = self._store.find_list("google", number)
            if kept is None:
                continue
            before = now - float(json.loads(kept.options["list"])["membershipDuration"].removesuffix("s"))
            old = [row for row, at in added.items() if at < before]
            if old:
                self._clear(kept, before, unknown=now)
            for row in old:
                del added[row]

    def _list(self, target: Target) -> StoredList:
        accounts, managers = self._control().accounts, self._control().managers
        if accounts is not None and target.account not in accounts:
            raise PERMISSION
        if managers is not None and target.login not in ("", target.account, *managers):
            raise invalid(f"{target.path}.loginAccount", "OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH")
        kept = self._store.find_list("google", int(target.list)) if target.list.isdecimal() else None
        if kept is None or kept.account != target.account:
            raise unknown_list(target)
        return kept

    def _take(self, kept: StoredList, people: People, key: str, *, adding: bool, fails: bool) -> None:
        now = self._context.clock.now()
        due = max(now + self._context.processing_seconds, self._store.last_due(kept.id))
        failed = fails or not people.kept
        session = Session(key, kept.id, now, True, people.received, people.dropped.total(), adding, due, failed)
        self._store.keep_session(REQUESTS, session)
        if fails or due > now:
            self._store.wait(kept.id, people.kept, adding=adding, due_at=due, session=key, fails=fails)
        elif adding:
            self._store.people.add(kept.id, people.kept)
        else:
            self._store.people.remove(kept.id, people.kept)
        if adding:
            self._added.setdefault(kept.id, {}).update(dict.fromkeys((hash(text) for _, text in people.kept), now))
        self._store.change(replace(kept, changed_at=now))

    def _clear(self, kept: StoredList, before: float, *, unknown: float) -> None:
        """Take off who was last added before that time; `unknown` is when those were who came before a restart."""
        added = self._added.get(kept.id, {})
        rows = [(_identifiers(text), text) for text in self._store.people.rows_on(kept.id)]
        self._store.people.remove(kept.id, [row for row in rows if added.get(hash(row[1]), unknown) < before])
        self._store.people.add(kept.id, [row for row in rows if added.get(hash(row[1]), unknown) >= before])

    def _tell(self, told: Any, session: Session, request_id: str) -> None:
        kept = self._store.find_list("google", session.list_id)
        told.destination.product_destination_id = str(session.list_id)
        told.destination.operating_account.account_id = kept.account if kept is not None else ""
        status = "audience_members_ingestion_status" if session.adding else "audience_members_removal_status"
        counts = getattr(told, status)
        counts = counts.user_data_ingestion_status if session.adding else counts.user_data_removal_status
        counts.record_count = counts.user_identifier_count = session.received
        if self._context.clock.now() < session.due_at:
            told.request_status = PROCESSING
            return
        told.request_status = FAILED if session.fails else PARTIAL if session.invalid else SUCCESS
        self._count_errors(told, session, request_id)
        if session.adding and not session.fails:
            rate = self._control().match_rate_percent
            counts.upload_match_rate_range = next(number for below, number in RANGES if rate < below)

    def _count_errors(self, told: Any, session: Session, request_id: str) -> None:
        """What was lost by restarting the sandbox is told as a wrong format."""
        reasons = self._reasons.get(request_id) or Counter({"INVALID_FORMAT": session.invalid})
        if session.fails and not session.invalid:
            reasons = Counter({"INTERNAL_ERROR": session.received})
        for reason, count in reasons.items():
            if count:
                number = getattr(sdk().ProcessingErrorReason, f"PROCESSING_ERROR_REASON_{reason}")
                told.error_info.error_counts.add(record_count=count, reason=int(number))


def _key(request_id: str, number: int) -> str:
    """What a request is kept under for each of its destinations."""
    return f"{request_id}#{number}" if number else request_id


def _identifiers(text: str) -> tuple[str, ...]:
    pairs = (part.partition(":") for part in text.split(" "))
    return tuple(value for kind, _, value in pairs if kind in ("email", "phone"))


def _without(people: People, positions: tuple[int, ...]) -> People:
    kept = [row for number, row in enumerate(people.kept) if number not in positions]
    return People(kept, people.dropped + Counter({"INVALID_FORMAT": len(people.kept) - len(kept)}))
