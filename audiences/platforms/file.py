"""Files to be uploaded by hand: each list is a folder with CSVs in an ad platform's own template, hashed.

For accounts without access to an interface, and for review. Requests change the rows in the folder, durably; the files are made
of them when the account is closed, or by the next run or `status` where the process died before.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from audiences.amounts import amount
from audiences.errors import AuthError, Busy, ConfigError, Gone, PlatformError, RejectedRequest, Unavailable
from audiences.log import get_logger
from audiences.platforms.base import (
    AccountState,
    Batch,
    Field,
    Limits,
    ListStatus,
    Outcome,
    Platform,
    PlatformKind,
    Processing,
    RemoteList,
)
from audiences.platforms.file_account import FileAccount, read_account, template_for
from audiences.platforms.file_export import drop_old_changes, export, is_exported
from audiences.platforms.file_lists import (
    LOCK,
    STATE,
    Record,
    count_lists,
    empty_folder,
    external_id_of,
    folder_name,
    is_whole,
    make_folder,
    new_record,
    place_of,
    read_record,
    remove_folder,
    write_record,
)
from audiences.platforms.file_lock import RunLock
from audiences.platforms.file_members import Members
from audiences.platforms.file_templates import Template, template_of
from audiences.platforms.limits import own_limits, read_limits, read_numbers
from audiences.platforms.list_marks import is_other_ledgers, require_adopted
from audiences.platforms.upload_rows import HASH_LENGTH

NAME = "file"
PURPOSES = ("ad_user_data", "ad_personalization")
GONE = "the folder of this list is not there any more"
LITTLE_BYTES = 1_000_000_000
"""With less room than this on the disk, `check` warns."""

logger = get_logger("platforms.file")


@dataclass
class OpenList:
    """A list's folder while the account is open. `is_ours` says that changes that are in no file yet are this account's."""

    folder: Path
    members: Members
    lock: RunLock
    is_ours: bool = False


class Files:
    """One folder of lists. Meets `audiences.platforms.base.Platform`."""

    name: str = NAME
    purposes: tuple[str, ...] = PURPOSES

    def __init__(self, account: FileAccount, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._account, self._clock = account, clock
        self._template = template_for(account)
        self._root = account.folder
        self._open: dict[str, OpenList] = {}
        self._one_at_a_time = threading.RLock()
        self.fields: tuple[Field, ...] = self._template.fields
        self.limits = limits_for(account.model_dump())

    def ensure(self, remote: RemoteList) -> str:
        """The id of the list's folder, made where there is none. Raises ConfigError for another ledger's."""
        folder = self._root / folder_name(remote.list_id)
        with self._one_at_a_time, _told():
            record = read_record(folder)
            if record is not None:
                record = self._owned(folder, record, remote)
            if record is not None and is_whole(folder):
                return external_id_of(folder, record)
            return self._made(folder, remote)

    def add(self, external_id: str, batch: Batch) -> Outcome:
        """Add rows; those that are there already change nothing."""
        return self._change(external_id, batch, Members.add)

    def remove(self, external_id: str, batch: Batch) -> Outcome:
        """Remove every row that shares an e-mail or phone with one of these."""
        return self._change(external_id, batch, Members.remove)

    def status(self, external_id: str) -> ListStatus:
        """The list as its folder shows it; makes files that are missing or old. Raises Gone."""
        with self._one_at_a_time, _told():
            record, one = self._opened(external_id)
            note = self._exported(one)
            count = one.members.count
        where = f"{self._root.name}/{one.folder.name}"
        words = [f"{amount(count, 'row')} in {where}", *too_many_or_few(count, self._template, self.limits), note]
        return ListStatus(
            external_id,
            record.name,
            None,
            count,
            usable=count >= self.limits.min_members,
            note="; ".join(filter(None, words)),
        )

    def confirm(self, external_id: str, handles: Sequence[str]) -> dict[str, Processing]:  # noqa: ARG002
        """Nothing: who uploads the files sees what becomes of them."""
        return {}

    def rename(self, external_id: str, name: str) -> None:
        """Give the list another name; its folder keeps its own. Raises Gone."""
        with self._one_at_a_time, _told():
            record, one = self._opened(external_id)
            with _holding(one):
                write_record(one.folder, replace(record, name=name))

    def delete(self, external_id: str) -> None:
        """Delete the list's folder; one that is gone already is no error."""
        with self._one_at_a_time, _told():
            try:
                _, one = self._opened(external_id)
            except Gone:
                logger.info("a list to be deleted was not there any more")
                return
            with _holding(one):
                one.members.close()
                remove_folder(one.folder)
            self._forget(external_id)

    def check(self) -> list[str]:
        """One sentence each when the folder cannot be written, or its disk is nearly full."""
        there = next(place for place in (self._root, *self._root.absolute().parents) if place.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            return [f"the folder {self._root} cannot be written: choose another, or ask for the right to write there"]
        free = shutil.disk_usage(there).free
        if free < LITTLE_BYTES:
            return [f"the disk of the folder {self._root} is nearly full: {free // 1_000_000:,} MB are left"]
        return []

    def account_state(self) -> AccountState:
        """How many folders of lists there are."""
        return AccountState(count_lists(self._root))

    def bytes_for(self, rows: int) -> int:
        """How much so many full rows are at most, in bytes."""
        return bytes_for(self._template, rows)

    def close(self) -> None:
        """Make the files of what was changed. What cannot be written now is made by the next run or `status`."""
        with self._one_at_a_time:
            for external_id in [name for name, one in self._open.items() if one.lock.is_held]:
                try:
                    with _told():
                        self._exported(self._opened(external_id)[1])
                except Gone:
                    logger.info("the folder of %s is not there any more", external_id)
                except PlatformError as error:
                    logger.warning("the files of %s are not made, the next run does it: %s", external_id, error)
            for external_id in list(self._open):
                self._forget(external_id)

    def _change(self, external_id: str, batch: Batch, change: Callable[[Members, Sequence[Any], str], None]) -> Outcome:
        if not batch.rows:
            return Outcome(received=0)
        self._template.require_hashes(batch.rows)
        with self._one_at_a_time, _told():
            one = self._writable(external_id)
            change(one.members, batch.rows, f"{self._clock():%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}")
            one.is_ours = True
            empty = tuple(place for place, row in enumerate(batch.rows) if not one.members.identifies(row))
            run = one.members.run
        return Outcome(len(batch.rows), len(empty), empty, request_id=run)

    def _opened(self, external_id: str) -> tuple[Record, OpenList]:
        """The list with that id. Raises Gone where its folder is not there, or is another list's by now."""
        place = place_of(self._root, external_id)
        record = read_record(place[0]) if place else None
        if place is None or record is None or record.sign != place[1] or not is_whole(place[0]):
            self._forget(external_id)
            raise Gone(GONE)
        if external_id not in self._open:
            members = Members(place[0] / STATE, self._template.identifying)
            self._open[external_id] = OpenList(place[0], members, RunLock(place[0] / LOCK))
        return record, self._open[external_id]

    def _writable(self, external_id: str) -> OpenList:
        """The list, locked, and without changes of a run that died before it made its files. Raises Gone and Busy."""
        one = self._opened(external_id)[1]
        if not one.lock.is_held:
            one.lock.hold()
            self._opened(external_id)  # it may have been deleted until then
        if not one.is_ours and one.members.run is not None:
            self._exported(one)
        return one

    def _forget(self, external_id: str) -> None:
        one = self._open.pop(external_id, None)
        if one is not None:
            one.members.close()
            one.lock.release()

    def _exported(self, one: OpenList) -> str:
        """Make the files where they are not as the list is; what is to be said when another run is at it."""
        drop_old_changes(one.folder, self._account.keep_changes_days, self._clock())
        if is_exported(one.folder, self._template, one.members):
            return ""
        try:
            with _holding(one):
                export(one.folder, self._template, one.members)
        except Busy:
            return "a run is changing it, and makes the files when it is done"
        one.is_ours = False
        return ""

    def _owned(self, folder: Path, record: Record, remote: RemoteList) -> Record:
        """What is known of a list that is ours or may become ours, brought up to what is wanted."""
        if record.template != self._template.name:
            raise ConfigError(
                f"the list {remote.list_id} was made for {record.template}, its account says {self._template.name}: "
                "name another account or folder for it, or delete the list's folder"
            )
        found, wanted = record.found(folder), record
        if is_other_ledgers(found, remote):
            require_adopted(found, remote, self._account.adopt, f"folder {self._root.name}")
            wanted = replace(wanted, ledger=remote.ledger_id, environment=remote.environment)
        wanted = replace(wanted, keep_days=remote.keep_days)
        if wanted != record and is_whole(folder):
            write_record(folder, wanted)
        return wanted

    def _made(self, folder: Path, remote: RemoteList) -> str:
        """A new list. Its record comes last: before it there is no list."""
        make_folder(folder)
        lock = RunLock(folder / LOCK)
        lock.hold()
        try:
            empty_folder(folder)
            Members(folder / STATE, self._template.identifying).close()
            record = new_record(remote, self._template.name)
            write_record(folder, record)
        finally:
            lock.release()
        return external_id_of(folder, record)


@contextmanager
def _holding(one: OpenList) -> Iterator[None]:
    """Hold a list's lock for the block, or go on holding it. Raises Busy."""
    was_held = one.lock.is_held
    one.lock.hold()
    try:
        yield
    finally:
        if not was_held:
            one.lock.release()


@contextmanager
def _told() -> Iterator[None]:
    """Errors of files as ours, without any content."""
    try:
        yield
        return
    except PermissionError:
        told: PlatformError = AuthError("the folder of the list may not be written: grant the right to write there")
    except OSError as error:
        told = Unavailable(f"the folder of the list cannot be written: {os.strerror(error.errno or 0)}")
    except sqlite3.OperationalError as error:
        told = Unavailable(f"the rows of the list cannot be written: {error}")
    except sqlite3.DatabaseError:
        told = RejectedRequest(f"{STATE} of the list is damaged: delete the list's folder, and it is made anew")
    raise told


def too_many_or_few(count: int, template: Template, limits: Limits) -> list[str]:
    """What is to be said where a list has more rows than its platform takes, or fewer than it wants; else nothing."""
    most = read_numbers(NAME).get(f"max_rows_{template.name}")
    if most is not None and most.value is not None and count > most.value:
        return [f"{template.label} takes {most.value:,} in one file"]
    if count < limits.min_members:
        return [f"{template.label} wants {limits.min_members:,} people whom it recognises"]
    return []


def bytes_for(template: Template, rows: int) -> int:
    """How much so many full rows of a template are at most, in bytes."""
    return rows * len(template.fields) * (HASH_LENGTH + 1)


def open_account(*, endpoint: str | None, account: Mapping[str, Any]) -> Platform:  # noqa: ARG001
    """Open a folder of lists, without a look at it. Raises ConfigError for wrong settings.

    Args:
        endpoint: Not used: the folder is the platform, in the sandbox, too.
        account: `template`, `folder` and what else `file_account.FileAccount` knows.
    """
    return Files(read_account(account))


def limits_for(account: Mapping[str, Any]) -> Limits:
    """The limits of an account: the least number of people is that of its template's platform.

    Without a template, those that hold for all accounts.
    """
    if "template" not in account:
        return read_limits(NAME, **own_limits(account))
    template = template_of(account)
    numbers = read_numbers(NAME)
    least = numbers.get(f"min_members_{template.name}") or read_numbers(template.name)["min_members"]
    return read_limits(NAME, **{"min_members": least.value or 0, **own_limits(account)})


def of_account(account: Mapping[str, Any]) -> PlatformKind:
    """The platform with the fields of an account's template. Raises ConfigError for an unknown template."""
    return _kind_with(template_of(account))


@cache
def _kind_with(template: Template) -> PlatformKind:
    """One kind for all accounts with a template, so that they can be told to be the same."""
    return replace(KIND, fields=template.fields, bytes_for=lambda rows: bytes_for(template, rows), of_account=None)


KIND = PlatformKind(
    name=NAME,
    fields=(),
    purposes=PURPOSES,
    limits_for=limits_for,
    bytes_for=lambda rows: rows * (HASH_LENGTH + 1),
    open=open_account,
    of_account=of_account,
)
"""Without an account it has no fields: which ones there are depends on the account's template."""
