"""What is sent to Pinterest of a row: the hashed e-mail address, since a customer list takes one kind of records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from audiences.domain import HashRow
from audiences.platforms.base import Field
from audiences.platforms.upload_rows import HASH_LENGTH, columns_of

FIELDS = (Field("EMAIL", "email_plain", identifies=True),)
_OTHER_BYTES = 800  # the name of a list that is made with the rows, which may be written in escapes, and punctuation


def records_of(rows: Sequence[HashRow]) -> tuple[list[str], tuple[int, ...]]:
    """The addresses of the rows, and the places of rows without one.

    Raises RejectedRows, without any content, when a row holds anything but hashes.
    """
    (emails,) = columns_of(rows, len(FIELDS))
    return [email for email in emails if email], tuple(place for place, email in enumerate(emails) if not email)


def body_of(records: Sequence[str], values: Mapping[str, str]) -> bytes:
    """A request with records, quickly: what stands in the hashes needs no look at."""
    head = json.dumps(dict(values))[:-1]
    return (head + ', "records": "' + ",".join(records) + '"}').encode("ascii")


def bytes_for(rows: int) -> int:
    """How large the body of a request with so many full rows is at most, in bytes."""
    return _OTHER_BYTES + rows * (HASH_LENGTH + 1)
