"""What the sandbox is told to do wrong: a list of faults, each for certain requests and a number of times."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from audiences.documents import line_of, read_document
from audiences.errors import ConfigError
from audiences.names import hint

Deed = Literal[
    "throttle",
    "server_error",
    "html",
    "expired_token",
    "no_permission",
    "terms",
    "flagged",
    "error",
    "cut_before",
    "cut_after",
    "slow",
    "invalid_rows",
    "processing_fails",
    "list_deleted",
    "list_renamed",
]
"""throttle: ask to wait `minutes` · server_error: HTTP 500 with the platform's transient code · html: a gateway's page with
`status` · expired_token, no_permission, terms, flagged: refuse with the platform's own code · error: refuse with `code`,
`subcode`, `status`, and `minutes` to wait if they are given · cut_before, cut_after: break the connection before or after the
request took effect · slow: answer after `seconds` · invalid_rows: take the request, and count the rows at the positions `rows`
as invalid · processing_fails: take the request, and let nothing of it take effect · list_deleted, list_renamed: before the
request is answered, somebody deletes its list or gives it the name `name`."""

Subject = Literal["account", "list", "rows"]
NEEDS: Mapping[str, tuple[Subject, ...]] = {
    "invalid_rows": ("rows",),
    "processing_fails": ("rows",),
    "list_deleted": ("list", "rows"),
    "list_renamed": ("list", "rows"),
}
"""The deeds that only some requests can suffer: those that are about a list, or bring rows to one."""


class Fault(BaseModel):
    """One thing to do wrong. It skips the first `after` requests that it is for, then strikes `times` of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    do: Deed
    platform: str = "meta"
    on: str = "any"
    """`any`, `read`, `write`, or one kind of request (add, remove, create, find, read_list, ...)."""
    after: int = Field(default=0, ge=0)
    times: int | Literal["always"] = 1
    containing: tuple[str, ...] = ()
    """Only requests with one of these texts in the body, for instance a hash."""
    minutes: int = Field(default=1, ge=0)
    seconds: float = Field(default=1.0, ge=0, le=600)
    rows: tuple[int, ...] = (0,)
    code: int = 1
    subcode: int | None = None
    status: int = 400
    message: str = ""
    name: str = Field(default="Renamed by hand", min_length=1)


class FaultScript:
    """The faults of a sandbox and how often each was met; safe to use from several threads."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self.set(faults)

    def set(self, faults: Sequence[Fault]) -> None:
        """Replace all faults; counting starts anew."""
        with self._lock:
            self._faults = [(fault, [0]) for fault in faults]

    def strike(self, platform: str, kind: str, *, writing: bool, body: bytes, about: Subject = "rows") -> Fault | None:
        """The first fault for this request, if any; counts the request against every fault that it fits.

        Args:
            platform: The platform that the request is for.
            kind: The kind of request, as faults name it.
            writing: Whether it is to change anything.
            body: The request's body.
            about: What it is about: rows for a list, a list, or neither.
        """
        struck = None
        names = {"any", "write" if writing else "read", kind}
        with self._lock:
            for fault, met in self._faults:
                if fault.platform != platform or fault.on not in names or about not in NEEDS.get(fault.do, (about,)):
                    continue
                if not _contains(body, fault.containing):
                    continue
                met[0] += 1
                turn = met[0] - fault.after
                if struck is None and turn > 0 and (fault.times == "always" or turn <= fault.times):
                    struck = fault
        return struck


def _contains(body: bytes, texts: Sequence[str]) -> bool:
    return not texts or any(text.encode() in body for text in texts)


def load_faults(file: Path) -> list[Fault]:
    """Read a faults file: YAML with a list under `faults`. Raises ConfigError that names the line."""
    if not file.is_file():
        raise ConfigError("there is no such faults file", file=file)
    document = read_document(file)
    content = document.root.plain()
    entries = content.get("faults") if isinstance(content, dict) else None
    if not isinstance(entries, tuple):
        raise ConfigError("a faults file has a list under the key faults", file=file, line=1)
    return [_fault(entry, file, line_of(document, ("faults", number))) for number, entry in enumerate(entries)]


def _fault(entry: object, file: Path, line: int | None) -> Fault:
    try:
        return Fault.model_validate(entry)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=True)[0]
        place = ".".join(str(part) for part in problem["loc"]) or "fault"
        advice = ""
        if problem["type"] == "extra_forbidden":
            advice = hint(place, Fault.model_fields)
        elif place == "do":
            advice = hint(str(problem["input"]), get_args(Deed))
        raise ConfigError(f"{place}: {problem['msg']}{advice}", file=file, line=line) from None
