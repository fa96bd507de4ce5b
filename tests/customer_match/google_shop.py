"""The engine's test shop on a Google Ads account instead of Meta."""

from __future__ import annotations

import random

from engine_shop import ClockedShop

INSTALLED = "[boomerang.platforms]\ngoogle = audiences.platforms.google:KIND\n"
METADATA = "Metadata-Version: 2.1\nName: google-for-tests\nVersion: 1.0\n"


class GoogleShop(ClockedShop):
    """A shop whose audiences go to one Google Ads account; keyword arguments are settings of the account."""

    platform, account_kind, token_name, main_list = "google", "google", "access_token", "lapsed@google:main"

    def __init__(self, *arguments, **account):
        number = f"{random.randrange(10**9, 10**10)}"
        super().__init__(*arguments, **{"id": number, "terms_accepted": True, "min_members": 0, **account})

    def identifiers(self, name):
        """With the columns that Google's rows are read from."""
        person = self.persons[name]
        home = {"google_given_name": self.hashed(person.first_name), "google_family_name": self.hashed("lee")}
        place = {"google_region": "US", "google_postcode": "02139"}
        for row in super().identifiers(name):
            yield {**row, **home, **place, "email_gmail": row["email_plain"], "phone_plus": row["phone_digits"]}

    def requests(self, *kinds):
        """The newest requests of these kinds since `forget_requests`, in order."""
        return [seen for seen in self.inspection.requests()["newest"] if seen["kind"] in kinds]
