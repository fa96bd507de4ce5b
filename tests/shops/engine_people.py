"""A platform for tests, in memory: it keeps upload rows, and takes rows that share an identifier for one person.

Removing any identifier of a person removes the person. Registered by an entry point of its own, as any platform would be.
"""

from __future__ import annotations

from audiences.errors import RejectedRequest, Unavailable
from audiences.platforms.base import Field, Limits, Outcome, PlatformKind

FIELDS = (Field("EMAIL", "email_plain", True), Field("PHONE", "phone_digits", True), Field("FN", "meta_first_name"))
ENTRY_POINTS = "[boomerang.platforms]\npeople = engine_people:KIND\n"
METADATA = "Metadata-Version: 2.1\nName: engine-people\nVersion: 1.0\n"


class Shelf:
    """What one account holds: rows by list. One request, by its number, is refused; of one the answer is lost."""

    def __init__(self):
        self.lists, self.before_request = {}, lambda: None
        self.misbehave()

    def misbehave(self, *, refused=None, lost=None):
        self.requests, self.refused, self.lost = 0, refused, lost

    def people(self, external_id):
        """The values of each person on a list, as connected rows."""
        found = []
        for row in self.lists[external_id]:
            values = identifying(row)
            connected = [one for one in found if one & values]
            found = [one for one in found if not one & values] + [set().union(values, *connected)]
        return found


SHELVES: dict[str, Shelf] = {}


def identifying(row):
    return {f"{position}:{value}" for position, value in enumerate(row.split(",")[:2]) if value}


class People:
    """One account; meets `audiences.platforms.base.Platform`."""

    name, fields, purposes = "people", FIELDS, ("ad_user_data",)

    def __init__(self, account):
        self.shelf, self.limits = SHELVES[account["id"]], limits_for(account)

    def ensure(self, remote):
        self.shelf.lists.setdefault(remote.list_id, set())
        return remote.list_id

    def add(self, external_id, batch):
        return self._done(batch, lambda: self.shelf.lists[external_id].update(batch.rows))

    def remove(self, external_id, batch):
        return self._done(batch, lambda: self._remove(external_id, batch))

    def _remove(self, external_id, batch):
        values = set().union(*map(identifying, batch.rows))
        gone = set().union(*(one for one in self.shelf.people(external_id) if one & values))
        self.shelf.lists[external_id] -= {row for row in self.shelf.lists[external_id] if identifying(row) & gone}

    def _done(self, batch, deed):
        assert len(batch.rows) <= self.limits.rows_per_request
        self.shelf.before_request()
        self.shelf.requests += 1
        if self.shelf.requests == self.shelf.refused:
            raise RejectedRequest("the platform does not want this")
        deed()
        if self.shelf.requests == self.shelf.lost:
            raise Unavailable("the answer got lost")
        return Outcome(len(batch.rows))

    def close(self):
        pass


def limits_for(account):
    rows = account.get("rows_per_request", 100)
    return Limits(rows, 1_000_000, 1_000_000, requests_in_flight=1, min_members=0, max_lists=100, max_keep_days=None)


KIND = PlatformKind(
    name="people",
    fields=FIELDS,
    purposes=People.purposes,
    limits_for=limits_for,
    bytes_for=lambda rows: rows * 200,
    open=lambda *, endpoint, account: People(account),
)
