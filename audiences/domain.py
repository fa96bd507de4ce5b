"""The words of the domain as types: small frozen values, no input or output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

MemberKey = NewType("MemberKey", str)
"""Keyed hash of a customer_id; the only name that the ledger has for a customer."""

HashRow = NewType("HashRow", str)
"""One upload row of a member: normalised and hashed values in the order of the platform's fields, joined by commas,
a missing value as the empty string. Only SQL over `marts.dim_identifiers` makes one, so no raw value can be in it."""

ListId = NewType("ListId", str)
"""`<audience>@<platform>:<account>`, with `/<split>` behind it where an audience has several lists."""


@dataclass(frozen=True)
class ListKey:
    """One remote audience on one platform account, as we name it."""

    audience: str
    platform: str
    account: str
    split: str | None = None

    @property
    def platform_account(self) -> tuple[str, str]:
        """Where the list is."""
        return self.platform, self.account

    @property
    def list_id(self) -> ListId:
        """The key as one string."""
        return ListId(f"{self.audience}@{self.platform}:{self.account}" + (f"/{self.split}" if self.split else ""))
