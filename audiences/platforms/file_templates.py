"""The files that ad managers take for a customer list: their columns, and what may stand in them.

A row of an upload is a line of the file, so the fields of a template stand in the order of its columns. Nothing but hashes is
in them, and for Google the country and the postcode, which it wants as they are. Where each is from: `docs/platforms/file.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from audiences.domain import HashRow
from audiences.errors import ConfigError, RejectedRows
from audiences.names import hint
from audiences.platforms.base import Field
from audiences.platforms.upload_rows import HASH_LENGTH, HASH_OF_NOTHING

HASH = f"(?:[0-9a-f]{{{HASH_LENGTH}}})?"
PLAIN = {"google_region": "(?:[A-Z]{2})?", "google_postcode": "(?:[0-9A-Za-z][0-9A-Za-z -]{0,11})?"}
"""What is no hash, by the column of `dim_identifiers`, and what it looks like."""


@dataclass(frozen=True)
class Sheet:
    """One file of a list: what stands behind its name, its first line, and which cells of a row are in it.

    `cells` is None for all of them. `tail` are the empty columns behind them that the template has.
    """

    header: str
    suffix: str = ""
    cells: tuple[int, ...] | None = None
    tail: str = ""

    def lines(self, rows: Iterable[str]) -> Iterator[str]:
        """The lines of the file below the header; a row that has nothing for this file has none."""
        if self.cells is None:
            yield from (f"{row}{self.tail}\n" for row in rows)
            return
        for row in rows:
            cells = row.split(",")
            chosen = [cells[place] for place in self.cells]
            if any(chosen):
                yield f"{','.join(chosen)}{self.tail}\n"


@dataclass(frozen=True)
class Template:
    """What an ad manager takes: the fields of a row, and the files."""

    name: str
    label: str
    fields: tuple[Field, ...]
    sheets: tuple[Sheet, ...]

    @property
    def identifying(self) -> tuple[int, ...]:
        """Places, from 0, of the cells that point to a person by themselves."""
        return tuple(place for place, field in enumerate(self.fields) if field.identifies)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(",".join(PLAIN.get(field.column, HASH) for field in self.fields), re.ASCII)

    def require_hashes(self, rows: Sequence[HashRow]) -> None:
        """Raise RejectedRows, without any content, unless every row is made of what the template takes."""
        fits = self._pattern.fullmatch
        if not all(map(fits, rows)):
            raise RejectedRows(
                f"a row is not made of the {len(self.fields)} values of {self.name}; nothing was written"
            )
        if any(HASH_OF_NOTHING in row for row in rows):
            raise RejectedRows("a row holds the hash of an empty text; nothing was written")


def _of(*columns: tuple[str, str, bool]) -> tuple[Field, ...]:
    return tuple(Field(name, column, identifies) for name, column, identifies in columns)


META = Template(
    "meta",
    "Meta",
    _of(
        ("email", "email_plain", True),
        ("phone", "phone_digits", True),
        ("fn", "meta_first_name", False),
        ("ln", "meta_last_name", False),
        ("ct", "meta_city", False),
        ("st", "meta_state", False),
        ("zip", "meta_postcode", False),
        ("country", "meta_country", False),
    ),
    (Sheet("email,phone,fn,ln,ct,st,zip,country"),),
)
GOOGLE = Template(
    "google",
    "Google",
    _of(
        ("Email", "email_gmail", True),
        ("Phone", "phone_plus", True),
        ("First Name", "google_given_name", False),
        ("Last Name", "google_family_name", False),
        ("Country", "google_region", False),
        ("Zip", "google_postcode", False),
    ),
    (Sheet("Email,Phone,First Name,Last Name,Country,Zip"),),
)
TIKTOK = Template(
    "tiktok",
    "TikTok",
    _of(
        ("Email_SHA256", "email_plain", True),
        ("Email_SHA256 (2)", "email_stripped", True),
        ("Phone_SHA256", "phone_plus", True),
        ("Phone_SHA256 (2)", "phone_digits", True),
    ),
    (Sheet("Email_SHA256,Email_SHA256,Phone_SHA256,Phone_SHA256"),),
)
PINTEREST = Template("pinterest", "Pinterest", _of(("email", "email_plain", True)), (Sheet("email"),))
SNAPCHAT = Template(
    "snapchat",
    "Snapchat",
    _of(("email", "email_plain", True), ("phone", "phone_digits", True)),
    (Sheet("email", "-emails", (0,)), Sheet("phone", "-phones", (1,))),
)
LINKEDIN = Template(
    "linkedin",
    "LinkedIn",
    _of(("email", "email_plain", True)),
    (Sheet("email,firstname,lastname,jobtitle,employeecompany,country,googleaid", tail="," * 6),),
)
MICROSOFT = Template("microsoft", "Microsoft Advertising", _of(("Email", "email_plain", True)), (Sheet("Email"),))
TEMPLATES: Mapping[str, Template] = {
    one.name: one for one in (META, GOOGLE, TIKTOK, PINTEREST, SNAPCHAT, LINKEDIN, MICROSOFT)
}


def template_of(account: Mapping[str, Any]) -> Template:
    """The template that an account's mapping names. Raises ConfigError with the nearest right name."""
    name = account.get("template")
    if name is None:
        raise ConfigError(f"a file account needs the setting template{hint('', TEMPLATES)}; see docs/platforms/file.md")
    if name not in TEMPLATES:
        raise ConfigError(f"there is no template {name}{hint(str(name), TEMPLATES)}")
    return TEMPLATES[name]
