"""The body of an upload, made of whole rows by string operations; a row is checked, never taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote_plus

from audiences.domain import HashRow
from audiences.errors import RejectedRows
from audiences.platforms.base import Field

FIELDS = (
    Field("EMAIL", "email_plain", identifies=True),
    Field("PHONE", "phone_digits", identifies=True),
    Field("FN", "meta_first_name"),
    Field("LN", "meta_last_name"),
    Field("CT", "meta_city"),
    Field("ST", "meta_state"),
    Field("ZIP", "meta_postcode"),
    Field("COUNTRY", "meta_country"),
)
HASH_LENGTH = 64
HEX = b"0123456789abcdef"
HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

_HEAD = quote_plus('{"schema":["' + '","'.join(field.name for field in FIELDS) + '"],"data":[["').encode()
_TAIL = quote_plus('"]]}').encode()
BETWEEN_CELLS = quote_plus('","').encode()
_BETWEEN_ROWS = quote_plus('"],["').encode()
_ROW_BYTES = len(FIELDS) * HASH_LENGTH + (len(FIELDS) - 1) * len(BETWEEN_CELLS) + len(_BETWEEN_ROWS)
_OTHER_BYTES = 600  # the other fields of the form: session, method, numbers


class EncodedPayload(str):
    """The `payload` field of a form, percent-encoded already. It shows nothing of what it holds."""

    __slots__ = ()

    def __repr__(self) -> str:
        """A word instead of the content."""
        return "<payload>"


def payload_of(rows: Sequence[HashRow]) -> EncodedPayload:
    """The rows as Meta's `payload`: {"schema": [...], "data": [[...], ...]}, percent-encoded.

    Raises RejectedRows, without any content, when a row is not made of as many hashes or empty values as there are
    fields: a raw value can then not leave.
    """
    text = "|".join(rows).encode("ascii", "replace")
    check_rows(rows, text)
    encoded = text.replace(b",", BETWEEN_CELLS).replace(b"|", _BETWEEN_ROWS)
    return EncodedPayload((_HEAD + encoded + _TAIL).decode("ascii"))


def check_rows(rows: Sequence[HashRow], text: bytes) -> None:
    """Raise RejectedRows unless every row is as it must be; `text` is the rows joined by bars."""
    commas = len(FIELDS) - 1
    if {row.count(",") for row in rows} != {commas} or text.count(b"|") != len(rows) - 1:
        raise RejectedRows(f"a row does not have {len(FIELDS)} values; nothing was sent")
    lengths = set(map(len, ",".join(rows).split(",")))
    if not lengths <= {0, HASH_LENGTH} or text.translate(None, HEX + b",|"):
        raise RejectedRows("a row holds something that is no SHA-256 in lower case; nothing was sent")
    if HASH_OF_NOTHING.encode() in text:
        raise RejectedRows("a row holds the hash of an empty text; nothing was sent")


def bytes_for(rows: int) -> int:
    """How large the body of a request with so many full rows is at most, in bytes."""
    return len(_HEAD) + len(_TAIL) + rows * _ROW_BYTES + _OTHER_BYTES
