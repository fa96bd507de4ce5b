"""The main job: what the platform holds is what the audiences say, the next run sends nothing, the next day the difference.

The expected members are computed here in pandas and plain Python from the published tables, by the steps of docs/sync.md;
what the platform holds is asked of the sandbox, never of the ledger.
"""

from __future__ import annotations

import hashlib
import uuid

import pandas as pd
import pytest

LABELS = {
    "lapsed_buyers": "Lapsed buyers, six months",
    "complementary_prospects": "Goes with what they own",
    "wishlisters": "Saved for later",
    "recent_buyers": "Bought in the last two weeks",
}
LADDER = ["wishlisters", "complementary_prospects", "lapsed_buyers"]
HOLDOUT = 0.1


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def is_held_out(customer_id: str, audience: str, key: str) -> bool:
    member_key = uuid.UUID(sha256(key + sha256(key + customer_id))[:32])
    bucket = int(sha256(f"{key}audience:{audience}:{member_key}")[:13], 16) / 2**52
    return bucket < HOLDOUT


def expected_members(shop, day: int) -> dict[str, set[str]]:
    """Customers who are to be on each list at the first (0) or second (1) build."""
    key = (shop.home / "ledger.key").read_text().strip()
    with shop.published(day) as build:
        table = {name: build.table(name).df() for name in (
            "segments.seg_lapsed_buyers", "segments.seg_complementary_prospects", "segments.seg_wishlisters",
            "segments.seg_recent_buyers", "marts.dim_addressable", "marts.dim_identifiers",
        )}  # fmt: skip
    gate = table["marts.dim_addressable"].set_index(["customer_id", "purpose"])["is_addressable"].unstack()
    allowed = set(gate.index[gate["ad_user_data"] & gate["ad_personalization"]])
    reachable = allowed & set(table["marts.dim_identifiers"]["customer_id"])
    wishes = table["segments.seg_wishlisters"]
    recent = set(table["segments.seg_recent_buyers"]["customer_id"])
    pool = {
        "wishlisters": set(wishes[wishes["in_stock"]]["customer_id"]),
        "complementary_prospects": set(table["segments.seg_complementary_prospects"]["customer_id"]),
        "lapsed_buyers": set(table["segments.seg_lapsed_buyers"]["customer_id"]) - recent,
    }
    members, claimed = {"recent_buyers": recent & reachable}, set()
    for name in LADDER:
        mine = pool[name] - claimed
        claimed |= pool[name]
        members[name] = {customer for customer in mine & reachable if not is_held_out(customer, name, key)}
    return members


def hashes_of(shop, day: int) -> dict[str, frozenset[str]]:
    """Each customer's e-mail and phone hashes as Meta wants them, from dim_identifiers."""
    with shop.published(day) as build:
        frame = build.table("marts.dim_identifiers").df()[["customer_id", "email_plain", "phone_digits"]]
    long = frame.melt("customer_id").dropna()
    return {customer: frozenset(values) for customer, values in long.groupby("customer_id")["value"]}


def assert_lists_hold(shop, day: int) -> None:
    people, hashes = shop.people(), hashes_of(shop, day)
    for name, members in expected_members(shop, day).items():
        there = people[LABELS[name]]
        assert len(members) > 50, f"{name}: the shop is too small to show anything"
        assert len(there) == len(members), name
        same = set(there) == {hashes[customer] for customer in members}
        assert same, f"{name}: the sandbox holds other people, or other hashes, than the audience has"


def test_the_sandbox_holds_exactly_the_members_with_their_hashes(shop):
    assert shop.run("sync", "--as-of", shop.first_day).code == 0

    assert_lists_hold(shop, 0)


def test_a_second_sync_plans_nothing_and_writes_nothing(shop):
    shop.run("sync", "--as-of", shop.first_day)
    writes = shop.writes()

    again = shop.run("sync", "--as-of", shop.first_day)
    plan = shop.run("plan", "--as-of", shop.first_day, "--json").json

    assert again.code == 0
    assert writes > 0
    assert shop.writes() == writes
    assert {(item["adds"], item["updates"], item["removes"]) for item in plan["lists"]} == {(0, 0, 0)}


def test_the_next_day_the_changes_are_exactly_the_difference_of_the_members(shop):
    shop.run("sync", "--as-of", shop.first_day)
    before, after = expected_members(shop, 0), expected_members(shop, 1)

    plan = shop.run("plan", "--as-of", shop.second_day, "--json").json
    done = shop.run("sync", "--as-of", shop.second_day)

    planned = {item["audience"]: (item["adds"], item["removes"]) for item in plan["lists"]}
    assert planned == {name: (len(after[name] - before[name]), len(before[name] - after[name])) for name in after}
    assert sum(sum(counts) for counts in planned.values()) > 0, "nothing changed: the test shows nothing"
    assert done.code == 0, done.err
    assert_lists_hold(shop, 1)


def test_both_arms_are_logged_once_at_first_entry(shop):
    import duckdb

    shop.run("sync", "--as-of", shop.first_day)
    shop.run("sync", "--as-of", shop.first_day)

    with duckdb.connect(str(shop.home / "ledger.duckdb"), read_only=True) as ledger:
        entries = ledger.table("sync.experiment_entries").df()
    assert not entries.duplicated(["experiment", "member_key"]).any()
    shares = entries.groupby("audience")["arm"].apply(lambda arms: (arms == "holdout").mean())
    assert set(shares.index) == set(LADDER)
    assert shares.between(0.02, 0.25).all()
    for name, members in expected_members(shop, 0).items():
        if name in LADDER:
            treated = entries[(entries["audience"] == name) & (entries["arm"] == "treated")]
            assert len(treated) == len(members)


def test_what_falls_out_adds_up_to_the_segment(shop):
    plan = shop.run("plan", "--as-of", shop.first_day, "--json").json
    with shop.published(0) as build:
        sizes = {
            name: build.execute(f"select count(distinct customer_id) from segments.seg_{name}").fetchone()[0]
            for name in LABELS
        }

    found = {item["audience"]: item["members"] + sum(item["dropped"].values()) for item in plan["lists"]}

    assert found == sizes


@pytest.mark.parametrize("table", ["marts.dim_customers", "segments.seg_lapsed_buyers"])
def test_published_tables_are_read_as_pandas_frames(shop, table, monkeypatch):
    import audiences

    monkeypatch.setenv("META_ACCESS_TOKEN", "x")
    monkeypatch.setenv("SANDBOX", "http://127.0.0.1:1")
    from audiences.settings import load_settings

    frame = audiences.read(table, load_settings(shop.settings))

    assert isinstance(frame, pd.DataFrame)
    assert frame["customer_id"].dtype == pd.ArrowDtype(__import__("pyarrow").string())
    assert len(frame) > 0
