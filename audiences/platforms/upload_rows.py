"""Upload rows taken apart into cells, checked so that nothing but a hash can leave."""

from __future__ import annotations

from collections.abc import Sequence

from audiences.domain import HashRow
from audiences.errors import RejectedRows

HASH_LENGTH = 64
HEX = b"0123456789abcdef"
HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def columns_of(rows: Sequence[HashRow], width: int) -> list[list[str]]:
    """The cells column by column: `width` lists as long as the rows.

    Raises RejectedRows, without any content, when a row is not made of as many hashes or empty values.
    """
    joined = ",".join(rows)
    if {row.count(",") for row in rows} != {width - 1}:
        raise RejectedRows(f"a row does not have {width} values; nothing was sent")
    cells = joined.split(",")
    text = joined.encode("ascii", "replace")
    if not set(map(len, cells)) <= {0, HASH_LENGTH} or text.translate(None, HEX + b","):
        raise RejectedRows("a row holds something that is no SHA-256 in lower case; nothing was sent")
    if HASH_OF_NOTHING in joined:
        raise RejectedRows("a row holds the hash of an empty text; nothing was sent")
    return [cells[place::width] for place in range(width)]
