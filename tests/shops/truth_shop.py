"""A shop that asks the platforms about its lists, and somebody tampers with them there."""

from __future__ import annotations

from engine_shop import LIST, ClockedShop

from audiences.domain import HashRow
from audiences.platforms.base import Batch
from audiences.platforms.registry import open_platform
from audiences.sync.rebuild import plan_rebuild, rebuild_lists
from audiences.sync.status import read_status

HOURS = 7


class TruthShop(ClockedShop):
    """The engine's shop, and the commands around the truth of its lists."""

    def filled(self, count=150, name="lapsed"):
        """Everybody of a new crowd is sent to a new list."""
        everybody = self.crowd(count)
        self.audience(name)
        self.publish(0)
        assert self.sync() == 0
        return everybody

    def confirm(self, *names):
        self.confirmed = super().confirm(*names)
        return {one.list: one for one in self.confirmed}

    def later(self, **delta):
        """The platform's time has passed, and it is asked."""
        self.passes(**delta or {"hours": HOURS})
        return self.confirm()[LIST]

    def state(self, list_id=LIST):
        """The list as `boomerang status` has it."""
        return {one.list: one for one in read_status(self.settings, now=self.tick()).lists}[list_id]

    def rebuild(self, audience="lapsed"):
        self.set_clock()
        self.prepared = plan_rebuild(self.settings, audience, clock=self.tick)
        return rebuild_lists(self.settings, self.prepared, clock=self.tick)

    def asked(self, *kinds):
        """How many requests of these kinds the stand-in got since `forget_requests`."""
        counts = self.inspection.requests()["counts"]
        return sum(one["count"] for one in counts if one["kind"] in kinds)

    def believe(self, **changes):
        """Somebody does something to the list at the platform."""
        self.sandbox.control(believe={"lists": {self.remote_id(): changes}})

    def tamper(self, names):
        """Somebody takes people off the list at the platform, and the platform says so at once."""
        keys = {name: key for key, name in self.name_of_key().items()}
        rows = self.rows("select member_key, unnest(identifiers) from sync.memberships where list_id = ?", LIST)
        wanted = {keys[name] for name in names}
        batch = Batch([HashRow(row) for key, row in rows if key in wanted], session=1)
        self.sandbox.control(processing_seconds=0)
        platform = open_platform("meta", endpoint=self.sandbox.endpoint("meta"), account=self.account)
        platform.remove(self.remote_id(), batch)
        platform.close()
