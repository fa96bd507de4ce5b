"""The engine's test shop on a noticeboard instead of Meta: the shop's clock is the platform's clock too.

The sandbox's clock is set when a step begins, not at each tick of the shop's, so a step may take some minutes more here than there.
"""

from __future__ import annotations

import datetime as dt
import time

import pyarrow as pa
from engine_shop import STRANGER, TODAY, TOKEN, Shop

LIST = "lapsed@noticeboard:main"


class NoticeboardShop(Shop):
    """A shop whose audiences go to one board; keyword arguments are settings of its account."""

    def __init__(self, folder, sandbox, **account):
        super().__init__(folder, "", sandbox)
        self.board = {"token": TOKEN, "tries": 1, **account}
        self.configure(
            platforms={"noticeboard": {"endpoint": sandbox.endpoint("noticeboard"), "accounts": {"main": self.board}}},
            guards={"max_build_age": "off"},
        )

    def audience(self, name="lapsed", **keys):
        super().audience(name, **{"platforms": {"noticeboard": {"account": "main"}}, **keys})

    def _tables(self):
        """As the engine's shop makes them, with the columns that the noticeboard's rows are read from."""
        tables = super()._tables()
        identifiers = tables["marts.dim_identifiers"]
        owners = [self.persons[name] for name in identifiers["customer_id"].to_pylist()]
        countries = pa.array([self.hashed(one.traits.get("country")) for one in owners], pa.string())
        for name, values in (("phone_plus", identifiers["phone_digits"]), ("meta_country", countries)):
            if name in identifiers.column_names:
                identifiers = identifiers.drop_columns(name)
            identifiers = identifiers.append_column(name, values)
        tables["marts.dim_identifiers"] = identifiers
        return tables

    # time ---------------------------------------------------------------------------------------------------------------

    def publish(self, day=TODAY, **how):
        """A build of that day; a number counts days from the first."""
        if isinstance(day, int):
            day = TODAY + dt.timedelta(days=day)
        build_id = super().publish(day, **how)
        self.set_clock()
        return build_id

    def passes(self, **delta):
        """So much time, for the shop and for the platform."""
        self.tick(**delta)
        self.set_clock()

    def set_clock(self):
        offset = self.now.replace(tzinfo=dt.UTC).timestamp() - time.time()
        self.sandbox.control(clock_offset_seconds=offset)

    # the engine ---------------------------------------------------------------------------------------------------------

    def sync(self, *names):
        self.set_clock()
        return super().sync(*names)

    def confirm(self):
        """Ask the platform what became of the requests, as `boomerang confirm` does."""
        from audiences.sync.confirm import confirm_lists

        self.set_clock()
        return confirm_lists(self.settings, clock=self.tick)

    # what became of it --------------------------------------------------------------------------------------------------

    def remote_id(self, list_id=LIST):
        return super().remote_id(list_id)

    def on_ledger(self, list_id=LIST):
        """The names of the members that the ledger believes to be on a list; who is leaving is not."""
        names = self.name_of_key()
        sql = "select member_key from sync.memberships where list_id = ? and leaving_at is null"
        return {names.get(key, STRANGER) for (key,) in self.rows(sql, list_id)}

    def leaving(self, list_id=LIST):
        """The names of those whose removal was accepted and is not confirmed yet."""
        names = self.name_of_key()
        sql = "select member_key from sync.memberships where list_id = ? and leaving_at is not null"
        return {names.get(key, STRANGER) for (key,) in self.rows(sql, list_id)}

    def levels(self):
        """How many members are at each level of truth; who is leaving is at none."""
        return dict(self.rows("select level, count(*) from sync.memberships where leaving_at is null group by level"))

    def quarantined(self):
        names = self.name_of_key()
        return {names.get(key, STRANGER) for (key,) in self.rows("select member_key from sync.quarantine")}

    def people_on(self, list_id=LIST):
        """The names of the persons whom the board holds with every contact, and STRANGER for any other hash."""
        held = self.sandbox.inspect("noticeboard").list(self.remote_id(list_id))["people"]
        return self.named({one for person in held for one in person})

    def requests(self, *kinds):
        """The newest requests of these kinds that the board got since `forget_requests`, in order."""
        newest = self.sandbox.inspect("noticeboard").requests()["newest"]
        return [seen for seen in newest if seen["kind"] in kinds]

    def writes(self, *kinds):
        return len(self.requests(*(kinds or ("create", "edit", "delete", "add", "remove"))))
