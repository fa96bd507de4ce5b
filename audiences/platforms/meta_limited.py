"""Limited data use: for people of some states of the US Meta is told, row by row, to do less with what it is sent.

Only accounts whose settings name states send these columns, and only when people are added.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote_plus

from audiences.domain import HashRow
from audiences.platforms.meta_payload import BETWEEN_CELLS, FIELDS, EncodedPayload, bytes_for, check_rows

OPTIONS = ("DATA_PROCESSING_OPTIONS", "DATA_PROCESSING_OPTIONS_COUNTRY", "DATA_PROCESSING_OPTIONS_STATE")
NAMES = [field.name for field in FIELDS]
STATE, COUNTRY = NAMES.index("ST"), NAMES.index("COUNTRY")
US = 1
"""Meta's number of the country."""

_HEAD = quote_plus(json.dumps({"schema": [*NAMES, *OPTIONS]}, separators=(",", ":"))[:-1] + ',"data":[["').encode()
_BEFORE_OPTIONS = quote_plus('",').encode()
_BETWEEN_ROWS = quote_plus('],["').encode()
_TAIL = quote_plus("]]}").encode()


class Limited:
    """Whose data Meta is to use in a limited way: people of some states, found by the hashes in their rows.

    Who has such a state and no country counts as one of them; a region of that name in another country does not.

    Args:
        states: Meta's number of each state, by the state's two letters.
    """

    def __init__(self, states: Mapping[str, int]) -> None:
        self._options = {_hashed(state): _options(["LDU"], US, number) for state, number in states.items()}
        self._nothing = _options([], 0, 0)
        self._countries = ("", _hashed("us"))

    def payload_of(self, rows: Sequence[HashRow]) -> EncodedPayload:
        """The rows as `meta_payload.payload_of` makes them, each with its options behind. Raises RejectedRows."""
        check_rows(rows, "|".join(rows).encode("ascii", "replace"))
        encoded = (
            row.encode("ascii").replace(b",", BETWEEN_CELLS) + _BEFORE_OPTIONS + self._options_of(row) for row in rows
        )
        return EncodedPayload((_HEAD + _BETWEEN_ROWS.join(encoded) + _TAIL).decode("ascii"))

    def bytes_for(self, rows: int) -> int:
        """How large the body of a request with so many full rows is at most, in bytes."""
        longest = max(map(len, [self._nothing, *self._options.values()]))
        return bytes_for(rows) + len(_HEAD) + rows * (len(_BEFORE_OPTIONS) + longest)

    def _options_of(self, row: HashRow) -> bytes:
        cells = row.split(",")
        return self._options.get(cells[STATE], self._nothing) if cells[COUNTRY] in self._countries else self._nothing


def _options(options: Sequence[str], country: int, state: int) -> bytes:
    return quote_plus(f"{json.dumps(options)},{country},{state}").encode()


def _hashed(text: str) -> str:
    return hashlib.sha256(text.lower().encode()).hexdigest()
