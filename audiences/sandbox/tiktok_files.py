"""Reading a customer file as it is uploaded to TikTok: a form with the file, and in the file one row a person."""

from __future__ import annotations

import csv
import io
import re

from audiences.sandbox.http_stand_in import Asked, Row, is_hash

TYPES = ("EMAIL_SHA256", "PHONE_SHA256")
MOST_OF_A_TYPE = 3


def form_of(asked: Asked) -> tuple[dict[str, str], bytes]:
    """The fields of a multipart form, and the content of the file in it."""
    boundary = re.search('boundary="?([^";]+)', asked.content_type)
    fields: dict[str, str] = {}
    content = b""
    for part in asked.body.split(b"--" + boundary[1].encode()) if boundary else []:
        head, _, value = part.partition(b"\r\n\r\n")
        name = re.search(rb'[; ]name="([^"]*)"', head)
        if name is None:
            continue
        value = value.removesuffix(b"\r\n")
        if b"filename=" in head:
            content = value
        else:
            fields[name[1].decode(errors="replace")] = value.decode(errors="replace")
    return fields, content


def rows_in(content: bytes) -> list[Row] | None:
    """The rows of a file: identifiers and text, without malformed ones, as TikTok does; None when it is no such file."""
    lines = list(csv.reader(io.StringIO(content.decode("utf-8", "replace"))))
    header = lines[0] if lines else []
    if not header or any(name not in TYPES or header.count(name) > MOST_OF_A_TYPE for name in header):
        return None
    rows = [row for row in lines[1:] if len(row) == len(header) and all(not cell or is_hash(cell) for cell in row)]
    return [(tuple(dict.fromkeys(filter(None, row))), ",".join(row)) for row in rows if any(row)]
