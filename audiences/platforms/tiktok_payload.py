"""What is sent to TikTok of a row: two identifiers to a segment, all forms of them into a customer file.

A segment takes one value of a type, so the plain address and the phone with a plus. A file may have several columns of a type.
"""

from __future__ import annotations

from collections.abc import Sequence

from audiences.domain import HashRow
from audiences.platforms.base import Field
from audiences.platforms.upload_rows import HASH_LENGTH, columns_of

FIELDS = (
    Field("EMAIL_SHA256", "email_plain", identifies=True),
    Field("PHONE_SHA256", "phone_plus", identifies=True),
    Field("EMAIL_SHA256 (2)", "email_stripped", identifies=True),
    Field("PHONE_SHA256 (2)", "phone_digits", identifies=True),
)
SCHEMA = '"id_schema":["EMAIL_SHA256","PHONE_SHA256"]'
HEADER = "EMAIL_SHA256,EMAIL_SHA256,PHONE_SHA256,PHONE_SHA256"
ID_LENGTH = 24
"""The longest audience id that is reckoned with."""

_OTHER_BYTES = 500  # numbers and names around the rows; the other parts of a form with a file
_CELL_BYTES = len('{"id":"","audience_ids":[""]}') + HASH_LENGTH + ID_LENGTH
_ROW_BYTES = max(2 * _CELL_BYTES + len("[,],"), len(FIELDS) * (HASH_LENGTH + 1))


def mapping_of(rows: Sequence[HashRow], advertiser: str, audience: str, action: str) -> tuple[bytes, tuple[int, ...]]:
    """The body of a request that maps the people of the rows to an audience, and the places of rows with nothing to map.

    Raises RejectedRows, without any content, when a row holds anything but hashes.
    """
    emails, phones, *_ = columns_of(rows, len(FIELDS))
    left_out = tuple(place for place, pair in enumerate(zip(emails, phones, strict=True)) if pair == ("", ""))
    tail = f'","audience_ids":["{audience}"]}}'
    data = ",".join(
        f"[{_cell(email, tail)},{_cell(phone, tail)}]"
        for email, phone in zip(emails, phones, strict=True)
        if email or phone
    )
    body = f'{{"advertiser_ids":["{advertiser}"],"action":"{action}",{SCHEMA},"batch_data":[{data}]}}'
    return body.encode("ascii"), left_out


def _cell(found: str, tail: str) -> str:
    return f'{{"id":"{found}{tail}' if found else "{}"


def file_of(rows: Sequence[HashRow]) -> bytes:
    """A customer file with all forms of address and phone; the second form is left out where it is the first again.

    Raises RejectedRows, without any content, when a row holds anything but hashes.
    """
    columns = columns_of(rows, len(FIELDS))
    lines = [
        f"{email},{'' if other == email else other},{phone},{'' if digits == phone else digits}"
        for email, phone, other, digits in zip(*columns, strict=True)
    ]
    return ("\n".join([HEADER, *lines]) + "\n").encode("ascii")


def bytes_for(rows: int) -> int:
    """How large the body of a request with so many full rows is at most, in bytes, whichever way they are sent."""
    return _OTHER_BYTES + rows * _ROW_BYTES
