"""A plan larger than one row group of DuckDB, 122,880 rows, is counted whole."""

from __future__ import annotations

from audiences.sync.plan import make_plan
from bench import engine_shop

MEMBERS = 200_000


def test_a_first_plan_of_two_hundred_thousand_members_adds_them_all(tmp_path):
    engine_shop.set_up(tmp_path, "http://127.0.0.1:9/meta")
    engine_shop.make_build(tmp_path / "before.duckdb", MEMBERS, 0)
    engine_shop.publish(tmp_path, "first")

    (one,) = make_plan(engine_shop.settings_of(tmp_path), now=engine_shop.now(tmp_path)).lists

    assert (one.members, one.adds, one.updates, one.removes) == (MEMBERS, MEMBERS, 0, 0)
    assert one.requests >= MEMBERS // 10_000
