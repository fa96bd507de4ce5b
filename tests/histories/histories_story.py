"""Histories as data, drawn by hypothesis, and living through one: day by day, a look after every run, and a quiet end."""

from __future__ import annotations

import json
import uuid

from histories_checks import Check
from histories_decisions import DECISIONS
from histories_events import EVENTS, happen
from histories_shop import HistoryShop
from histories_tally import met
from histories_world import World
from hypothesis import strategies as st

MOST_ROUNDS = 8
SPLIT = {"column": "category", "min_members": 1}
PLAIN = {"exclude": ["segment:recent"]}
SETUPS = {
    "plain": {"plain": PLAIN},
    "split": {"split": {"split_by": SPLIT, **PLAIN}},
    "holdout": {"tested": {"holdout": "30%", **PLAIN}},
    "arms": {"arms": {"arms": {"a": "40%", "b": "40%", "holdout": "20%"}}},
    "group": {
        "first": {"segment": "recent", "exclusive_group": "g", "priority": 1},
        "second": {"exclusive_group": "g", "priority": 2},
    },
    "pushed": {"tested": {"holdout": "40%", "push_exclusion": True, **PLAIN}},
    "global": {
        "lapsed": {"holdout": {"share": "40%", "scope": "global"}},
        "buyers": {"segment": "recent", "holdout": {"share": "40%", "scope": "global"}},
    },
    "both": {"both": {"arms": {"a": "50%", "holdout": "50%"}, "split_by": SPLIT}},
    "exclusions": {"buyers": {"segment": "recent", "role": "exclude"}, "others": {"exclude": ["audience:buyers"]}},
}
FAULTS = (
    "processing_fails",
    "list_deleted",
    "row_refused",
    "throttle",
    "server_error",
    "html",
    "cut_before",
    "cut_after",
    "expired_token",
    "error",
)
UNSEEN = ("processing_fails", "list_deleted")
"""Faults of which a run cannot know: only asking the platform tells."""

OFTEN = ["shares"] * 4 + ["leaves"] * 3 + ["merges"] * 2 + ["comes_apart", "denies", "changes_email", "changes_taste"]
"""What meets the rules about identifiers that several people have happens more often."""
event = st.tuples(st.sampled_from([*OFTEN, *sorted(EVENTS)]), st.integers(0, 15), st.integers(0, 15))
fault = st.fixed_dictionaries(
    {
        "do": st.sampled_from(FAULTS),
        "on": st.sampled_from(["add", "remove", "write"]),
        "after": st.integers(0, 3),
        "times": st.sampled_from([1, 2]),
    }
)
day = st.fixed_dictionaries(
    {
        "events": st.lists(event, min_size=1, max_size=6),
        "fault": st.none() | fault,
        "release": st.booleans(),
        "confirm": st.booleans(),
        "forget": st.none() | st.none() | st.integers(0, 15),
        "decision": st.none() | st.tuples(st.sampled_from(sorted(DECISIONS)), st.integers(0, 15)),
    }
)
history = st.fixed_dictionaries(
    {
        "setup": st.sampled_from(sorted(SETUPS)),
        "people": st.integers(3, 14),
        "before": st.lists(event, max_size=12),
        "days": st.lists(day, min_size=1, max_size=3),
    }
)


def open_shop(folder, sandbox, setup, people, salt):
    shop = HistoryShop(folder, World(salt, people), sandbox, f"act_{uuid.uuid4().hex[:12]}")
    for name, keys in SETUPS[setup].items():
        shop.define(name, **keys)
    return shop


def live(story, folder, sandbox):
    """Everything that is wrong after any of the runs of a story; the story's lists are gone from the sandbox after it."""
    shop = open_shop(folder, sandbox, story["setup"], story["people"], json.dumps(story, sort_keys=True))
    try:
        with shop.looking():
            return days_of(shop, story)
    finally:
        clear(shop)


def days_of(shop, story):
    happen(shop.world, story["before"])
    findings = a_day(shop, None, "day 0")
    for number, today in enumerate(story["days"], start=1):
        happen(shop.world, today["events"])
        if today.get("decision"):
            name, which = today["decision"]
            DECISIONS[name](shop, which)
        findings = findings or a_day(shop, today["fault"], f"day {number}")
        if findings:
            return findings
        if today.get("confirm"):
            shop.confirm()
            findings = [f"day {number}, confirmed: {one}" for one in Check(shop).after_a_question()]
        if today.get("forget") is not None:
            findings += an_erasure(shop, today["forget"], f"day {number}, somebody forgotten")
        if findings:
            return findings
        if today["release"]:
            shop.release_all()
    return findings or quiet_end(shop)


def a_day(shop, fault, name):
    shop.publish()
    shop.sandbox.control(faults=[as_scripted(shop, fault)] if fault else [])
    shop.sync()
    shop.sandbox.control(faults=[])
    met["runs with a fault"] += bool(fault)
    if fault and fault["do"] in UNSEEN:
        shop.confirm()
        return [f"{name}: {one}" for one in Check(shop).after_a_question()]
    return [f"{name}: {one}" for one in Check(shop).after_a_run()]


def as_scripted(shop, fault):
    """The fault as the sandbox takes it; `row_refused` strikes every request that holds one of somebody's hashes."""
    if fault["do"] != "row_refused":
        return {"code": 100, **fault}
    customers = [one for one in shop.world.customers().values() if one.contacts]
    hashes = (
        [shop.world.hashed(one) for one in sorted(customers[fault["after"]].contacts)] if len(customers) > 3 else ["x"]
    )
    return {"do": "error", "code": 100, "on": fault["on"], "times": "always", "containing": hashes}


def an_erasure(shop, which, name):
    customers = sorted(shop.world.customers().items())
    if not customers:
        return []
    met["erasures"] += 1
    is_open = shop.forget(customers[which % len(customers)][1])
    findings = ["something is left open"] if is_open else []
    return [f"{name}: {one}" for one in findings + Check(shop).after_an_erasure()]


def quiet_end(shop):
    """No more faults and events, everything held is let go: in the end nothing is left over and nothing to be done."""
    happen(shop.world, [])
    for _ in range(MOST_ROUNDS):
        shop.publish()
        shop.confirm()
        code = shop.sync()
        findings = [f"at the end: {one}" for one in Check(shop).after_a_run()]
        if findings:
            return findings
        if code == 0 and not any(one.waiting.get("recipe") for one in shop.planned.lists):
            break
        shop.release_all()
    else:
        return [f"at the end: {code} again and again, {[one.message for one in shop.result.lists]}"]
    findings = [f"at the very end: {one}" for one in Check(shop).after_a_run(explained=False)]
    findings += [f"at the very end: {one.list}: {one.changes} changes" for one in shop.plan().lists if one.changes]
    return findings


def clear(shop):
    mine = [one["id"] for one in shop.sandbox.inspect("meta").lists() if one["account"] == shop.account]
    shop.sandbox.control(faults=[], believe={"lists": {one: {"deleted": True} for one in mine}})
