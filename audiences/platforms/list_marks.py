"""Whose a remote list is, written where the platform leaves room: in a description, or else behind the name.

By its mark a list is found again when the local state is lost, and another ledger's list is refused. Behind a name there is
little room, so the mark is made of short hashes there.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from audiences.errors import ConfigError
from audiences.log import get_logger
from audiences.platforms.base import RemoteList

WORDS = re.compile(r"boomerang:([^:\s]+):([^:\s]+):(.+)", re.DOTALL)
ENDING = re.compile(r"\s*\[bm-([a-z2-7]{3})-([a-z2-7]{6})-([a-z2-7]{8})\]\s*$")
ENVIRONMENT, LEDGER, LISTED = 3, 6, 8
CUT = "…"

logger = get_logger("platforms")


@dataclass(frozen=True)
class Mark:
    """Whose a list is and which one, in short hashes, so that marks from either place can be compared."""

    environment: str
    ledger: str
    listed: str

    @property
    def ending(self) -> str:
        """What stands behind a name."""
        return f"[bm-{self.environment}-{self.ledger}-{self.listed}]"

    def is_of_same_owner(self, other: Mark) -> bool:
        """Whether both are of one ledger and environment."""
        return (self.environment, self.ledger) == (other.environment, other.ledger)


@dataclass(frozen=True)
class Found:
    """A remote list as its platform shows it; `mark` is None where nobody marked it, `owner` is for messages."""

    external_id: str
    name: str
    mark: Mark | None
    owner: str = ""


def mark_of(remote: RemoteList) -> Mark:
    """The mark of a list that this ledger wants."""
    return Mark(
        _short(remote.environment, ENVIRONMENT), _short(remote.ledger_id, LEDGER), _short(remote.list_id, LISTED)
    )


def words_of(remote: RemoteList) -> str:
    """What stands in a description: whose the list is, and which one."""
    return f"boomerang:{remote.environment}:{remote.ledger_id}:{remote.list_id}"


def found_by_words(external_id: str, name: str, description: str | None) -> Found:
    """A list whose mark is in its description."""
    match = WORDS.search(description or "")
    if match is None:
        return Found(external_id, name, None)
    environment, ledger_id, list_id = match.groups()
    mark = Mark(_short(environment, ENVIRONMENT), _short(ledger_id, LEDGER), _short(list_id, LISTED))
    return Found(external_id, name, mark, f"ledger {ledger_id} (environment {environment})")


def found_by_name(external_id: str, name: str) -> Found:
    """A list whose mark is behind its name."""
    match = ENDING.search(name)
    if match is None:
        return Found(external_id, name, None)
    mark = Mark(*match.groups())
    return Found(external_id, name, mark, f"ledger {mark.ledger} (environment {mark.environment})")


def marked_name(label: str, mark: Mark, most: int) -> str:
    """The label with the mark behind it, of `most` characters at most: the label is cut, the mark never."""
    room = most - len(mark.ending) - 1
    label = ENDING.sub("", label).strip()
    return f"{label if len(label) <= room else label[: room - 1].rstrip() + CUT} {mark.ending}"


def label_in(name: str) -> str:
    """The name without the mark."""
    return ENDING.sub("", name)


def is_other_ledgers(found: Found, remote: RemoteList) -> bool:
    """Whether the list is marked as another ledger's, or as one of another environment."""
    return found.mark is not None and not found.mark.is_of_same_owner(mark_of(remote))


def is_ledger_in(mark: Mark, ledgers: Sequence[str]) -> bool:
    """Whether a mark is of one of the ledgers, named by their ids or their marks."""
    return mark.ledger in ledgers or mark.ledger in {_short(one, LEDGER) for one in ledgers}


def mark_in(external_id: str) -> Mark | None:
    """The mark that an external id is, for a list that a platform makes only with its first rows."""
    match = ENDING.fullmatch(external_id)
    return Mark(*match.groups()) if match else None


def require_adopted(found: Found, remote: RemoteList, adopt: Sequence[str], account: str) -> None:
    """Raise ConfigError for another ledger's list, unless the account's settings say to adopt it."""
    assert found.mark is not None
    if is_ledger_in(found.mark, adopt):
        logger.warning("took over the list %s from %s", remote.list_id, found.owner)
        return
    ledger = found.owner.split()[1]
    mine = mark_of(remote)
    raise ConfigError(
        f"the list {remote.list_id} in {account} belongs to {found.owner}, this is ledger {remote.ledger_id} or "
        f"{mine.ledger} (environment {remote.environment} or {mine.environment}): use another account, or, if that "
        f"ledger is given up, adopt its lists with adopt: [{ledger}] in the account's settings"
    )


class Directory:
    """The marked lists of an account, read once and remembered while it is open; safe to use from several threads."""

    def __init__(self, read: Callable[[], Iterable[Found]]) -> None:
        self._read = read
        self._lock = threading.RLock()
        self._known: dict[str, list[Found]] | None = None

    def count(self) -> int:
        """How many lists the account has now, marked or not."""
        return sum(1 for _ in self._read())

    def candidates(self, remote: RemoteList) -> list[Found]:
        """The lists marked as the wanted one: this ledger's before another's, the oldest (shortest, lowest id) first."""
        mine = mark_of(remote)
        found = self.marked(mine.listed)
        ours = [one for one in found if one.mark is not None and one.mark.is_of_same_owner(mine)]
        if len(ours) > 1:
            logger.warning("there are %d lists for %s; the oldest is used", len(ours), remote.list_id)
        return sorted(ours, key=_age) + sorted((one for one in found if one not in ours), key=_age)

    def marked(self, listed: str) -> list[Found]:
        """The lists whose mark names that list, whoever owns them."""
        with self._lock:
            if self._known is None:
                self._known = {}
                for found in self._read():
                    if found.mark is not None:
                        self._known.setdefault(found.mark.listed, []).append(found)
            return list(self._known.get(listed, []))

    def add(self, found: Found) -> None:
        """Remember a list that was made just now."""
        with self._lock:
            if self._known is not None and found.mark is not None:
                self._known.setdefault(found.mark.listed, []).append(found)

    def forget(self) -> None:
        """Read anew when asked next."""
        with self._lock:
            self._known = None


def _age(found: Found) -> tuple[int, str]:
    return len(found.external_id), found.external_id


def _short(text: str, length: int) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:length]
