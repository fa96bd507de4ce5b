"""The engine's test shop on a noticeboard instead of Meta."""

from __future__ import annotations

from engine_shop import STRANGER, ClockedShop

LIST = "lapsed@noticeboard:main"


class NoticeboardShop(ClockedShop):
    """A shop whose audiences go to one board; keyword arguments are settings of its account."""

    platform, account_kind, token_name, main_list = "noticeboard", "board", "token", LIST

    def identifiers(self, name):
        """With the columns that the noticeboard's rows are read from."""
        country = self.hashed(self.persons[name].traits.get("country"))
        for row in super().identifiers(name):
            yield {**row, "phone_plus": row["phone_digits"], "meta_country": country}

    def quarantined(self):
        names = self.name_of_key()
        return {names.get(key, STRANGER) for (key,) in self.rows("select member_key from sync.quarantine")}

    def requests(self, *kinds):
        """The newest requests of these kinds that the board got since `forget_requests`, in order."""
        newest = self.inspection.requests()["newest"]
        return [seen for seen in newest if seen["kind"] in kinds]
