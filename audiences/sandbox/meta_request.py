"""Reading a Graph API request: which kind it is, its parameters, its token, and the rows that it brings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from audiences.sandbox.meta_errors import Refusal, invalid
from audiences.sandbox.people import Identifiers

LABELS = {
    "APP_USERS", "AT_RISK", "CART_ABANDONERS", "DISENGAGED", "DISQUALIFIED_LEADS", "ENGAGED_USERS", "GENERAL_CUSTOMERS",
    "HIGH_VALUE_CUSTOMERS", "LOW_VALUE_CUSTOMERS", "OTHER_1", "OTHER_2", "OTHER_3", "QUALIFIED_LEADS", "RECENT_PURCHASERS",
    "TRIAL_USERS",
}  # fmt: skip
MAX_ROWS = 10_000
PERSON_KEYS = ("EMAIL", "PHONE")
HASHED_KEYS = (*PERSON_KEYS, "GEN", "DOBY", "DOBM", "DOBD", "LN", "FN", "FI", "CT", "ST", "ZIP", "COUNTRY")
PLAIN_KEYS = (
    *("EXTERN_ID", "MADID", "PAGEUID", "LOOKALIKE_VALUE"),
    *("DATA_PROCESSING_OPTIONS", "DATA_PROCESSING_OPTIONS_COUNTRY", "DATA_PROCESSING_OPTIONS_STATE"),
)
SINGLE_KEYS = {"EMAIL_SHA256": "EMAIL", "PHONE_SHA256": "PHONE"}
HASHED_OR_EMPTY = re.compile("(?:[0-9a-f]{64})?")
HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ACCOUNT = re.compile(r"act_\w+")
MAX_SAMPLES = 100
BULK_ESCAPES = ((b"%22%5D%2C%5B%22", b'"],["'), (b"%22%2C%22", b'","'), (b"+", b" "))
HEX = b"0123456789abcdef"

ACCOUNT_EDGES = {
    ("GET", "customaudiences"): "find",
    ("POST", "customaudiences"): "create",
    ("GET", "customaudiencestos"): "terms",
}
LIST_EDGES = {("POST", "users"): "add", ("DELETE", "users"): "remove", ("GET", "sessions"): "sessions"}
LIST_METHODS = {"GET": "read_list", "POST": "edit", "DELETE": "delete"}
WRITING = frozenset({"create", "add", "remove", "edit", "delete"})


def form_fields(text: bytes) -> dict[str, str]:
    """The fields of a form body or a query. Quick on megabytes that hold hashes and JSON punctuation only."""
    pairs = (pair.partition(b"=") for pair in text.split(b"&") if pair)
    return {_decoded(name): _decoded(value) for name, _, value in pairs}


def _decoded(text: bytes) -> str:
    for escape, characters in BULK_ESCAPES:
        text = text.replace(escape, characters)
    return unquote_to_bytes(text).decode(errors="replace")


def kind_of(method: str, path: Sequence[str]) -> str | None:
    """The kind of request that a method on a path (without the version) is; None for one that the sandbox lacks."""
    if path[:1] == ("me",):
        return "permissions" if (method, path) == ("GET", ("me", "permissions")) else None
    if len(path) == 1:
        is_account = ACCOUNT.fullmatch(path[0]) is not None
        return ("account" if method == "GET" else None) if is_account else LIST_METHODS.get(method)
    if len(path) == 2:
        edges = ACCOUNT_EDGES if ACCOUNT.fullmatch(path[0]) else LIST_EDGES
        return edges.get((method, path[1]))
    return None


@dataclass(frozen=True)
class Rows:
    """The rows of an upload: `valid` as (identifiers, text), and the positions and samples of those that are not."""

    schema: tuple[str, ...]
    shape: str
    valid: list[tuple[Identifiers, str]]
    invalid: tuple[int, ...]
    samples: dict[str, str]

    @property
    def received(self) -> int:
        """How many rows came."""
        return len(self.valid) + len(self.invalid)


def read_rows(params: Mapping[str, str], declared_invalid: Sequence[int] = ()) -> Rows:
    """The rows under `payload`. Raises Refusal when schema or shape is wrong, or there are too many.

    Args:
        params: The request's parameters.
        declared_invalid: Positions that count as invalid whatever they hold.
    """
    payload = json_object(params, "payload")
    schema, shape = _schema(payload.get("schema"))
    data = _data(payload.get("data"), len(schema), shape)
    bad = _invalid_positions(schema, data) | {position for position in declared_invalid if position < len(data)}
    places = [number for number, key in enumerate(schema) if key in PERSON_KEYS]
    valid = [
        (tuple(row[p] for p in places if row[p]), ",".join(map(str, row))) for n, row in enumerate(data) if n not in bad
    ]
    positions = tuple(sorted(bad))
    samples = {next((str(cell) for cell in data[n] if cell), ""): "invalid entry" for n in positions[:MAX_SAMPLES]}
    return Rows(schema, shape, valid, positions, samples)


def json_object(params: Mapping[str, str], name: str) -> dict[str, Any]:
    """A parameter that is to be a JSON object. Raises Refusal when it is none."""
    try:
        value = json.loads(params[name])
    except KeyError:
        raise invalid(f"The parameter {name} is required") from None
    except ValueError:
        raise invalid(f"Param {name} must be an object") from None
    if not isinstance(value, dict):
        raise invalid(f"Param {name} must be an object")
    return value


def _schema(schema: object) -> tuple[tuple[str, ...], str]:
    if isinstance(schema, str):
        schema, shape = [SINGLE_KEYS.get(schema, schema)], "HASHES_OR_USER_IDS"
    else:
        shape = "MULTI_HASHES"
    if not isinstance(schema, list) or not schema:
        raise invalid("Param payload must have a schema")
    unknown = [key for key in schema if key not in HASHED_KEYS and key not in PLAIN_KEYS]
    if unknown or len(set(schema)) < len(schema):
        raise invalid("Param payload has a schema key that is unknown or stands twice")
    return tuple(schema), shape


def _data(data: object, width: int, shape: str) -> list[list[Any]]:
    if not isinstance(data, list) or not data:
        raise invalid("Param payload must have data")
    if shape == "HASHES_OR_USER_IDS":
        data = [[cell] if isinstance(cell, str) else cell for cell in data]
    if len(data) > MAX_ROWS:
        raise invalid(f"Param payload has more than {MAX_ROWS} entries")
    if set(map(type, data)) != {list} or set(map(len, data)) != {width}:
        raise invalid("Param payload has data that does not match its schema")
    return data


def _invalid_positions(schema: Sequence[str], data: Sequence[Sequence[Any]]) -> set[int]:
    if not PLAIN_RULES.keys() & set(schema) and _are_hashes(data):
        return set()
    places = [number for number, key in enumerate(schema) if key in HASHED_KEYS]
    plain = [(number, PLAIN_RULES[key]) for number, key in enumerate(schema) if key in PLAIN_RULES]
    telling = [number for number, key in enumerate(schema) if key not in PLAIN_RULES]

    def is_valid(row: Sequence[Any]) -> bool:
        is_plain = all(rule(row[place]) for place, rule in plain)
        return is_plain and any(row[place] for place in telling) and all(_is_hash(row[place]) for place in places)

    return {number for number, row in enumerate(data) if not is_valid(row)}


def _are_hashes(data: Sequence[Sequence[Any]]) -> bool:
    """Whether every cell is a hash or empty and no row is empty: the common case, decided in few passes."""
    try:
        text = "".join(map("".join, data)).encode()
    except TypeError:
        return False
    lengths = {len(cell) for row in data for cell in row}
    return (
        lengths <= {0, 64}
        and not text.translate(None, HEX)
        and all(map(any, data))
        and HASH_OF_NOTHING.encode() not in text
    )


def _is_hash(cell: object) -> bool:
    return isinstance(cell, str) and HASHED_OR_EMPTY.fullmatch(cell) is not None and cell != HASH_OF_NOTHING


def _is_value(cell: Any) -> bool:
    """Whether it is what a person is worth: a number from 0, or nothing."""
    return cell == "" or (type(cell) in (int, float) and cell >= 0)


def _is_place(cell: Any) -> bool:
    """Whether it is Meta's number of a country or state; 0 leaves the place to Meta."""
    return cell == "" or (type(cell) is int and cell >= 0)


PLAIN_RULES: Mapping[str, Callable[[Any], bool]] = {
    "LOOKALIKE_VALUE": _is_value,
    "DATA_PROCESSING_OPTIONS": lambda cell: cell in ("", [], ["LDU"]),
    "DATA_PROCESSING_OPTIONS_COUNTRY": _is_place,
    "DATA_PROCESSING_OPTIONS_STATE": _is_place,
}
"""Which values a key takes that say something about a row, and not who it is."""


@dataclass(frozen=True)
class Upload:
    """The `session` parameter of an upload."""

    session: str
    batch: int
    is_last: bool


def read_session(params: Mapping[str, str]) -> Upload | None:
    """The upload session that the caller names, if it names one. Raises Refusal for a wrong one."""
    if "session" not in params:
        return None
    session = json_object(params, "session")
    number, batch, is_last = session.get("session_id"), session.get("batch_seq"), session.get("last_batch_flag", False)
    if type(number) is not int or not 0 < number < 2**63:
        raise invalid("Param session[session_id] must be a positive 64-bit integer")
    if type(batch) is not int or batch < 1:
        raise invalid("Param session[batch_seq] must be an integer from 1")
    if type(is_last) is not bool:
        raise invalid("Param session[last_batch_flag] must be a boolean")
    return Upload(str(number), batch, is_last)


def read_labels(params: Mapping[str, str]) -> list[str]:
    """The labels under `audience_labels`, none where there is no such parameter. Raises Refusal for an unknown one."""
    try:
        labels = json.loads(params.get("audience_labels", "[]"))
    except ValueError:
        labels = None
    if not isinstance(labels, list) or not set(map(str, labels)) <= LABELS:
        raise invalid("Param audience_labels must be an array of known labels")
    return [str(one) for one in labels]


def read_fields(params: Mapping[str, str], known: Container[str], always: tuple[str, ...] = ("id",)) -> list[str]:
    """The names under `fields`, those that are always given first. Raises Refusal for an unknown one."""
    asked = [name for name in params.get("fields", "").split(",") if name]
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise Refusal(100, "(#100) Tried accessing nonexisting field")
    return [*always, *(name for name in asked if name not in always)]
