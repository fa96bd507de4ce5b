"""Requests about members in the sandbox: read and checked. The first thing wrong refuses the whole request."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from audiences.sandbox.google_errors import TERMS, Refusal, invalid
from audiences.sandbox.google_request import UPLOADS
from audiences.sandbox.people import Identifiers

MAX_MEMBERS, MAX_IDENTIFIERS, MAX_DESTINATIONS = 10_000, 10, 10
GOOGLE_ADS, ACCEPTED, HEX, BASE64, GRANTED, DENIED = 1, 1, 1, 2, 1, 2
HASH = re.compile("[0-9a-f]{64}")
HEX_DIGITS = re.compile("[0-9a-fA-F]*")
BASE64_HASH = re.compile("[A-Za-z0-9+/]{43}=")
HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
REGION, POSTCODE, NUMBER = re.compile("[A-Z]{2}"), re.compile("[0-9A-Za-z][0-9A-Za-z -]{0,19}"), re.compile(r"\d+")


@dataclass(frozen=True)
class Target:
    """One destination: an account's list, and the name that members may call it by."""

    account: str
    login: str
    list: str
    path: str
    reference: str


@dataclass(frozen=True)
class People:
    """Members of a request as (identifiers, text), and how many are dropped afterwards, by reason and position."""

    kept: list[tuple[Identifiers, str]]
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def received(self) -> int:
        """How many came."""
        return len(self.kept) + self.dropped.total()


def read_targets(message: Any) -> list[Target]:
    """The destinations. Raises Refusal."""
    if not message.destinations:
        raise invalid("destinations", "REQUIRED_FIELD_MISSING")
    if len(message.destinations) > MAX_DESTINATIONS:
        raise invalid("destinations", "TOO_MANY_DESTINATIONS")
    targets = [_target(one, f"destinations[{number}]") for number, one in enumerate(message.destinations)]
    references = [target.reference for target in targets if target.reference]
    if len(set(references)) < len(references):
        raise invalid("destinations", "DUPLICATE_DESTINATION_REFERENCE")
    return targets


def _target(destination: Any, path: str) -> Target:
    account, login = destination.operating_account, destination.login_account
    if not account.account_id:
        raise invalid(f"{path}.operatingAccount.accountId", "REQUIRED_FIELD_MISSING")
    if account.account_type != GOOGLE_ADS or not NUMBER.fullmatch(account.account_id):
        raise invalid(f"{path}.operatingAccount", "INVALID_DESTINATION")
    if not destination.product_destination_id:
        raise invalid(f"{path}.productDestinationId", "REQUIRED_FIELD_MISSING")
    number = destination.product_destination_id
    return Target(account.account_id, login.account_id, number, path, destination.reference)


def read_people(kind: str, message: Any, missing_consent: str) -> People:
    """The members. Raises Refusal for the first that is wrong; who lacks a consent is dropped afterwards.

    Args:
        kind: `add` or `remove`.
        message: The request.
        missing_consent: `drop` or `refuse`: what becomes of a member without a consent.
    """
    assert kind in UPLOADS
    members = message.audience_members
    if not members:
        raise invalid("audienceMembers", "REQUIRED_FIELD_MISSING")
    if len(members) > MAX_MEMBERS:
        raise invalid("audienceMembers", "TOO_MANY_AUDIENCE_MEMBERS")
    if kind == "add" and message.terms_of_service.customer_match_terms_of_service_status != ACCEPTED:
        raise TERMS
    if len({member.WhichOneof("data") for member in members}) > 1:
        raise invalid("audienceMembers", "MULTIPLE_DATA_TYPES_NOT_ALLOWED")
    if message.encoding not in (HEX, BASE64):
        raise invalid("encoding", "REQUIRED_FIELD_MISSING")
    references = {one.reference for one in message.destinations if one.reference}
    people = People([])
    for number, member in enumerate(members):
        path = f"audienceMembers[{number}]"
        row = _row(member, path, message.encoding)
        if not set(member.destination_references) <= references:
            raise invalid(f"{path}.destinationReferences", "INVALID_DESTINATION")
        reason = _lacking(member, message) if kind == "add" else None
        if reason is None:
            people.kept.append(row)
        elif missing_consent == "refuse":
            raise invalid(f"{path}.consent", "REQUIRED_FIELD_MISSING")
        else:
            people.dropped[reason] += 1
    return people


def _lacking(member: Any, message: Any) -> str | None:
    """Why consent is not enough for this member; the member's own goes before the request's."""
    consent = member.consent if member.HasField("consent") else message.consent
    given = (consent.ad_user_data, consent.ad_personalization)
    if given == (GRANTED, GRANTED):
        return None
    return "DENIED_CONSENT" if DENIED in given else "NO_CONSENT"


def _row(member: Any, path: str, encoding: int) -> tuple[Identifiers, str]:
    if member.WhichOneof("data") is None:
        raise invalid(path, "REQUIRED_FIELD_MISSING")
    if member.WhichOneof("data") != "user_data":
        raise invalid(path, "INVALID_USER_LIST_TYPE")
    identifiers, place = member.user_data.user_identifiers, f"{path}.userData.userIdentifiers"
    if not identifiers:
        raise invalid(place, "NO_IDENTIFIERS_PROVIDED")
    if len(identifiers) > MAX_IDENTIFIERS:
        raise invalid(place, "TOO_MANY_USER_IDENTIFIERS")
    texts = [_identifier(one, f"{place}[{number}]", encoding) for number, one in enumerate(identifiers)]
    people = [text.partition(":")[2] for text in texts if not text.startswith("address:")]
    return tuple(people), " ".join(texts)


def _identifier(one: Any, path: str, encoding: int) -> str:
    """One identifier as `kind:value`. Raises Refusal."""
    kind = one.WhichOneof("identifier")
    if kind is None:
        raise invalid(path, "REQUIRED_FIELD_MISSING")
    if kind == "address":
        return "address:" + "|".join(_address(one.address, f"{path}.address", encoding))
    value = getattr(one, kind)
    _require_hash(value, f"{path}.{'emailAddress' if kind == 'email_address' else 'phoneNumber'}", encoding)
    return f"{'email' if kind == 'email_address' else 'phone'}:{value}"


def _address(address: Any, path: str, encoding: int) -> Sequence[str]:
    values = {
        "givenName": address.given_name,
        "familyName": address.family_name,
        "regionCode": address.region_code,
        "postalCode": address.postal_code,
    }
    for name, value in values.items():
        if not value:
            raise invalid(f"{path}.{name}", "REQUIRED_FIELD_MISSING")
    for name in ("givenName", "familyName"):
        _require_hash(values[name], f"{path}.{name}", encoding)
    if not REGION.fullmatch(address.region_code):
        raise invalid(f"{path}.regionCode", "INVALID_REGION_CODE")
    if not POSTCODE.fullmatch(address.postal_code):
        raise invalid(f"{path}.postalCode", "INVALID_POSTAL_CODE")
    return tuple(values.values())


def _require_hash(value: str, path: str, encoding: int) -> None:
    if HASH.fullmatch(value) if encoding == HEX else BASE64_HASH.fullmatch(value):
        if value == HASH_OF_NOTHING:
            raise invalid(path, "INVALID_FORMAT")
        return
    if encoding == BASE64:
        raise invalid(path, "INVALID_BASE64_ENCODING")
    raise invalid(path, "INVALID_FORMAT" if HEX_DIGITS.fullmatch(value) else "INVALID_HEX_ENCODING")


def unknown_list(target: Target) -> Refusal:
    """No such list in the account."""
    return invalid(f"{target.path}.productDestinationId", "INVALID_USER_LIST_ID")
