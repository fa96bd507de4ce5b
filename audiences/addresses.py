"""An e-mail or a phone as somebody types it, as the hashes by which a published build and the ledger know it.

The Python side of the recipes in `dbt/macros/recipes`: a test compares the two, value by value. Hashes leave this module,
the text never does: not in a result, not in an exception, not in a representation.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, NewType

import phonenumbers
from phonenumbers import CountryCodeSource, PhoneMetadata, PhoneNumber, PhoneNumberFormat

Hash = NewType("Hash", str)
"""SHA-256 of a normalised value, 64 lower-case hex digits."""

Kind = Literal["email", "phone"]
CANONICAL: dict[Kind, str] = {"email": "email_canonical", "phone": "phone_plus"}

_MEANS_NOTHING = re.compile(
    r"(?i)-+|#?n/a|n\.a\.|none|null|nil|nan|undefined|unknown|not provided|[0-9a-f]{64}", re.ASCII
)
_AROUND = re.compile(r"""^.*<([^<>]*)>.*$|^(?:mailto:|["'])+|["'.,;:>]+$""")
_WORD = r"""[^@<>()\[\],;:"\\"""
_ADDRESS = re.compile(rf"{_WORD}]+@(?:{_WORD}.]+[.])+{_WORD}.]+")
_FOREIGN_DIGITS = str.maketrans("＋０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "+012345678901234567890123456789")
_SCIENTIFIC = re.compile(r"([+]?[0-9])[.]([0-9]{8,})[eE][+]?([0-9]{1,2})")
_ENDING = re.compile(r"^([+]?[0-9]+)[.]0*$|[ ,;/.]*(?:ext|extension|x|#|int)[.:= ]*[0-9]{1,7}\s*$", re.IGNORECASE)
_MOST_DIGITS = 38  # of a whole number, as in the warehouse
_COUNTRIES = {"UK": "GB", "EL": "GR"}


@dataclass(frozen=True)
class Contact:
    """What an e-mail or a phone hashes to. `hashes` maps a column of `marts.dim_identifiers` to its value there."""

    kind: Kind
    hashes: dict[str, Hash] = field(repr=False)

    @property
    def canonical_column(self) -> str:
        """The column that has one value per mailbox or number, whatever a platform's recipe is."""
        return CANONICAL[self.kind]

    @property
    def canonical(self) -> Hash:
        """The hash of the canonical e-mail, or of the phone with plus and calling code."""
        return self.hashes[self.canonical_column]


def read_contact(text: str, *countries: str | None) -> Contact | None:
    """What somebody typed as an e-mail or a phone; None when it is neither.

    Args:
        text: as typed.
        countries: where a phone without plus may have been dialled, the likeliest first (ISO 3166 alpha-2): the
            customer's country, then the shop's. The macro `phone_e164` tries them in the same way.
    """
    email = canonical_email(text)
    if email is not None:
        return Contact("email", _email_hashes(email))
    phone = None if "@" in text else canonical_phone(text, *countries)
    return None if phone is None else Contact("phone", _phone_hashes(phone))


def hashes_of(text: str, *countries: str | None) -> dict[str, Hash]:
    """The hashes of `read_contact`, by column of `marts.dim_identifiers`; empty when it is no contact."""
    contact = read_contact(text, *countries)
    return {} if contact is None else contact.hashes


# E-mail ---------------------------------------------------------------------------------------------------------------


def canonical_email(text: str) -> str | None:
    """The address in one spelling (NFC, lower case, no blanks), as `normalise_email` has it; None for what is none.

    Dots and plus part of a gmail address are still there: a recipe drops them, as `hashes_of` does.
    """
    spaceless = "".join(sign for sign in _lower(_clean(text)) if not _is_blank(sign))
    bare = _AROUND.sub(lambda match: match[1] or "", spaceless)
    return bare if _ADDRESS.fullmatch(bare) else None


def _email_hashes(email: str) -> dict[str, Hash]:
    name, _, domain = email.partition("@")
    name = re.sub(r"[+].*$|[.]", "", name)
    stripped = f"{name}@{domain}" if name else None
    gmail = stripped if domain in ("gmail.com", "googlemail.com") else email
    canonical = re.sub(r"@googlemail[.]com$", "@gmail.com", gmail or email)
    return _hashed(email_plain=email, email_gmail=gmail, email_stripped=stripped, email_canonical=canonical)


def _clean(text: str) -> str:
    visible = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    start, end = 0, len(visible)
    while start < end and _is_blank(visible[start]):
        start += 1
    while end > start and _is_blank(visible[end - 1]):
        end -= 1
    composed = unicodedata.normalize("NFC", visible[start:end])
    return "" if _MEANS_NOTHING.fullmatch(composed) else composed


def _is_blank(sign: str) -> bool:
    category = unicodedata.category(sign)
    return category == "Cc" or category.startswith("Z")


def _lower(text: str) -> str:
    """Letter by letter, as a warehouse does it: Python would end a Greek word with another sigma."""
    return "".join(sign.lower() for sign in text.replace("İ", "i"))


# Phone ----------------------------------------------------------------------------------------------------------------


def canonical_phone(text: str, *countries: str | None) -> str | None:
    """The number as plus, calling code and national number, as `phone_e164` has it; None for what is none."""
    dialled = _dialled(text)
    if "+" in dialled[1:]:
        return None
    homes = [home for country in countries if (home := _country(country)) is not None]
    for number in _readings(dialled, homes):
        if number is not None and _has_shape(number):
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return None


def _phone_hashes(phone: str) -> dict[str, Hash]:
    return _hashed(phone_digits=phone.removeprefix("+"), phone_plus=phone)


def _dialled(text: str) -> str:
    """Digits, with a plus before them where the number is an international one."""
    spelled = text.translate(_FOREIGN_DIGITS)
    scientific = _SCIENTIFIC.fullmatch(spelled)
    if scientific:
        whole, fraction, exponent = scientific[1], scientific[2], int(scientific[3])
        exact = len(fraction) <= exponent < _MOST_DIGITS
        spelled = whole.lstrip("+") + fraction.ljust(exponent, "0") if exact else ""
    whole_number = _ENDING.sub(lambda match: match[1] or "", spelled)
    return re.sub(r"^[+]+0", "0", re.sub(r"[^0-9+]+", "", whole_number))


def _country(text: str | None) -> str | None:
    code = (text or "").strip().upper()
    code = _COUNTRIES.get(code, code)
    return code if len(code) == 2 else None


def _readings(dialled: str, homes: list[str]) -> Iterator[PhoneNumber | None]:
    """What a number may be meant as, the likeliest first; docs/identifiers.md says the order."""
    if dialled.startswith("+"):
        yield _parsed(dialled, None)
        return
    if homes:
        abroad = _parsed(dialled, homes[0])
        if abroad is not None and abroad.country_code_source == CountryCodeSource.FROM_NUMBER_WITH_IDD:
            yield abroad
    if dialled.startswith("00"):
        yield _parsed("+" + dialled[2:], None)
    for home in homes:
        facts = PhoneMetadata.metadata_for_region(home)
        if facts is None:
            continue
        has_code = dialled.startswith(str(facts.country_code))
        if has_code and len(dialled) > _longest_mobile(facts):
            yield _parsed("+" + dialled, None)
        yield _parsed(dialled, home)
        if has_code:
            yield _parsed("+" + dialled, None)


def _longest_mobile(facts: PhoneMetadata) -> int:
    return max(facts.mobile.possible_length) if facts.mobile else 0


def _parsed(dialled: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(dialled, region, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return None


def _has_shape(number: PhoneNumber) -> bool:
    national = phonenumbers.national_significant_number(number)
    return any(re.fullmatch(pattern, national) for pattern in _shapes(number.country_code or 0))


@cache
def _shapes(calling_code: int) -> tuple[str, ...]:
    """Patterns of the national numbers behind a calling code, over all its regions."""
    found = []
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(calling_code, ()):
        of_no_region = PhoneMetadata.metadata_for_nongeo_region(calling_code) if region == "001" else None
        facts = of_no_region or PhoneMetadata.metadata_for_region(region)
        if facts is not None and facts.general_desc and facts.general_desc.national_number_pattern:
            found.append(facts.general_desc.national_number_pattern)
    return tuple(found)


def _hashed(**texts: str | None) -> dict[str, Hash]:
    return {name: Hash(hashlib.sha256(text.encode()).hexdigest()) for name, text in texts.items() if text}
