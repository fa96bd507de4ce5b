"""The folders of lists: what they are called, whose they are, and what is in them.

    <folder>/<list>/list.json          whose list it is and what it is called; without it there is no list
    <folder>/<list>/members.csv        the whole list, in the template
    <folder>/<list>/changes/           what each run changed, in the template
    <folder>/<list>/state.sqlite       the rows, from which all files are made

The id of a list is its folder's name and a sign of its own, so that a list that was deleted and made again is another one.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from audiences.domain import ListId
from audiences.errors import RejectedRequest
from audiences.platforms.base import RemoteList
from audiences.platforms.file_writing import PART, write_lines
from audiences.platforms.list_marks import Found, found_by_words, words_of

RECORD, STATE, LOCK, CHANGES = "list.json", "state.sqlite", ".lock", "changes"
FOLDER_MODE = 0o700
NAME_LENGTH = 80
EXTERNAL_ID = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.-]*)\.([0-9a-f]{8})", re.ASCII)
NOT_SAFE = re.compile(r"[^A-Za-z0-9_-]+", re.ASCII)
MADE_HERE = ("members*.csv", f"*{PART}", f"{STATE}*", LOCK, f"{CHANGES}/*.csv", f"{CHANGES}/*{PART}")


@dataclass(frozen=True)
class Record:
    """What `list.json` says: no word of the people on the list."""

    sign: str
    name: str
    list: ListId
    ledger: str
    environment: str
    template: str
    keep_days: int | None = None

    def found(self, folder: Path) -> Found:
        """The list as other platforms show one, with its mark."""
        remote = RemoteList(self.list, self.name, self.ledger, self.environment)
        return found_by_words(external_id_of(folder, self), self.name, words_of(remote))


def folder_name(list_id: ListId) -> str:
    """A name for the list's folder that every file system takes, and that no other list has."""
    readable = NOT_SAFE.sub("-", list_id).strip("-")[:NAME_LENGTH] or "list"
    return f"{readable}-{hashlib.sha256(list_id.encode()).hexdigest()[:8]}"


def external_id_of(folder: Path, record: Record) -> str:
    """The list's id at this platform."""
    return f"{folder.name}.{record.sign}"


def place_of(root: Path, external_id: str) -> tuple[Path, str] | None:
    """The folder and the sign that an id means; None for what is no id of ours."""
    match = EXTERNAL_ID.fullmatch(external_id)
    return (root / match[1], match[2]) if match else None


def read_record(folder: Path) -> Record | None:
    """What is known of the list in a folder; None where there is none. Raises RejectedRequest for a broken record."""
    try:
        return Record(**json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError):
        pass
    raise RejectedRequest(f"{RECORD} in {folder.name} cannot be read: put it back, or delete the list's folder")


def count_lists(root: Path) -> int:
    """How many folders under the root are lists."""
    return sum(read_record(place) is not None for place in root.iterdir() if place.is_dir()) if root.is_dir() else 0


def is_whole(folder: Path) -> bool:
    """Whether the rows of the list are there, too."""
    return (folder / STATE).is_file()


def write_record(folder: Path, record: Record) -> None:
    """Say anew what the list is."""
    write_lines(folder / RECORD, [json.dumps(asdict(record), ensure_ascii=False, indent=2), "\n"])


def make_folder(folder: Path) -> None:
    """A folder for a list that only its owner may read."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    folder.mkdir(exist_ok=True, mode=FOLDER_MODE)
    (folder / CHANGES).mkdir(exist_ok=True, mode=FOLDER_MODE)


def new_record(remote: RemoteList, template: str) -> Record:
    """What is said of a list that is made now."""
    return Record(
        sign=secrets.token_hex(4),
        name=remote.name,
        list=remote.list_id,
        ledger=remote.ledger_id,
        environment=remote.environment,
        template=template,
        keep_days=remote.keep_days,
    )


def empty_folder(folder: Path) -> None:
    """Delete what was made here, the record first; files of others stay."""
    (folder / RECORD).unlink(missing_ok=True)
    for file in _made_in(folder):
        if file.name != LOCK:
            file.unlink(missing_ok=True)


def remove_folder(folder: Path) -> None:
    """Delete the list, and its folder unless somebody else has put something there."""
    empty_folder(folder)
    (folder / LOCK).unlink(missing_ok=True)
    for emptied in (folder / CHANGES, folder):
        if emptied.is_dir() and not any(emptied.iterdir()):
            emptied.rmdir()


def _made_in(folder: Path) -> Iterator[Path]:
    for pattern in MADE_HERE:
        yield from folder.glob(pattern)
