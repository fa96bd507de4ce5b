"""What is sent to Snapchat of rows: one request takes one type of identifier, so a batch becomes one for each type."""

from __future__ import annotations

from collections.abc import Sequence

from audiences.domain import HashRow
from audiences.platforms.base import Field
from audiences.platforms.upload_rows import HASH_LENGTH, columns_of

FIELDS = (
    Field("EMAIL_SHA256", "email_plain", identifies=True),
    Field("PHONE_SHA256", "phone_digits", identifies=True),
)
_FRAME_BYTES = len('{"users":[{"schema":["EMAIL_SHA256"],"data":[]}]}')
_CELL_BYTES = HASH_LENGTH + len('[""],')


def bodies_of(rows: Sequence[HashRow]) -> tuple[list[tuple[int, bytes]], tuple[int, ...]]:
    """A body and the number of its identifiers for each type that the rows hold, and the places of rows without any.

    Raises RejectedRows, without any content, when a row holds anything but hashes.
    """
    columns = columns_of(rows, len(FIELDS))
    empty = tuple(place for place, cells in enumerate(zip(*columns, strict=True)) if not any(cells))
    bodies = []
    for field, column in zip(FIELDS, columns, strict=True):
        cells = list(dict.fromkeys(cell for cell in column if cell))
        if cells:
            data = '"],["'.join(cells)
            bodies.append(
                (len(cells), f'{{"users":[{{"schema":["{field.name}"],"data":[["{data}"]]}}]}}'.encode("ascii"))
            )
    return bodies, empty


def bytes_for(rows: int) -> int:
    """How large the bodies that so many full rows become are together at most, in bytes."""
    return len(FIELDS) * (_FRAME_BYTES + rows * _CELL_BYTES)
