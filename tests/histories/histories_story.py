"""Histories as data, drawn by hypothesis, and living through one: day by day, a look after every run, and a quiet end."""

from __future__ import annotations

import json

from histories_checks import Check
from histories_decisions import DECISIONS, LOOKS, fitting, looks_of
from histories_events import EVENTS, happen
from histories_platform import BOARD, META
from histories_shop import PROCESSING, HistoryShop
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
    "no arm": {"arms": {"arms": {"a": "30%", "b": "30%", "holdout": "20%"}, **PLAIN}},
    "days": {"days": {"max_days_in": 8, "rest_days": 5, **PLAIN}},
    "rest": {"resting": {"rest_days": 7, "holdout": "30%"}},
    "places": {"split": {"split_by": {"column": "category", "min_members": 3, "max_lists": 2}, **PLAIN}},
    "whole group": {
        "first": {
            "segment": "recent",
            "exclusive_group": "g",
            "priority": 1,
            "holdout": {"share": "40%", "scope": "group"},
        },
        "second": {"exclusive_group": "g", "priority": 2, "holdout": {"share": "40%", "scope": "group"}},
    },
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
    "row_turned_away",
    "quota",
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
ONLY_ON_BOARD = {"quota": "throttle", "row_turned_away": "row_refused"}
"""Faults that only the noticeboard has, and what Meta does instead."""

OFTEN = ["shares"] * 4 + ["leaves"] * 3 + ["merges"] * 2 + ["comes_apart", "denies", "changes_email", "changes_taste"]
OFTEN += ["borrower_leaves"] * 4 + ["borrower_denies", "borrower_changes_email", "borrower_gives_it_back"]
"""What meets the rules about identifiers that several people have happens more often."""
NIGHTS = [1] * 5 + [2, 4, 9, 15, 17, 25]
"""How many nights until the next build: with the longer ones the noticeboard is about to forget people, or did."""
event = st.tuples(st.sampled_from([*OFTEN, *sorted(EVENTS)]), st.integers(0, 15), st.integers(0, 15))
before = st.tuples(st.sampled_from([*OFTEN, *["shares"] * 9, *sorted(EVENTS)]), st.integers(0, 15), st.integers(0, 15))
fault = st.fixed_dictionaries(
    {
        "do": st.sampled_from(FAULTS),
        "on": st.sampled_from(["add", "add", "remove", "write"]),
        "after": st.sampled_from([0, 0, 0, 1, 2, 3]),
        "times": st.sampled_from([1, 2]),
    }
)


NOTHING_DONE = ("throttle", "server_error", "html", "cut_before", "expired_token", "quota")
cut_short = st.fixed_dictionaries(
    {
        "do": st.sampled_from(NOTHING_DONE),
        "on": st.just("add"),
        "after": st.sampled_from([0, 0, 0, 1]),
        "times": st.just(2),
    }
)
"""Removals went, and whoever shares an identifier was not put back any more."""
borrowers = st.sampled_from(["borrower_leaves", "borrower_denies", "borrower_changes_email", "borrower_gives_it_back"])
borrowing = st.lists(st.tuples(borrowers, st.integers(0, 15), st.integers(0, 15)), min_size=1, max_size=2)


def days_with(decisions):
    """Days on which one of these decisions may be taken; every third one has removals that others share in, and is cut short."""
    usual = {
        "nights": st.sampled_from(NIGHTS),
        "events": st.lists(event, min_size=1, max_size=7),
        "decision": st.none() | st.tuples(st.sampled_from(decisions), st.integers(0, 15)),
        "fault": st.none() | fault | fault,
        "confirm": st.booleans(),
        "forget": st.none() | st.none() | st.integers(0, 15),
        "rebuild": st.none() | st.none() | st.none() | st.tuples(st.integers(0, 15), st.none() | fault),
        "release": st.booleans(),
        "looks": st.none() | st.tuples(st.sampled_from(looks_of(decisions)), st.integers(0, 15)),
        "first": st.none() | st.none() | st.integers(0, 15),
    }
    short = {**usual, "events": borrowing, "fault": cut_short, "nights": st.just(1), "rebuild": st.none()}
    return st.fixed_dictionaries(usual) | st.fixed_dictionaries(usual) | st.fixed_dictionaries(short)


@st.composite
def histories(draw):
    """A shop, what it was like before, and one to three days of it."""
    setup = draw(st.sampled_from(sorted(SETUPS)))
    days = days_with(fitting(SETUPS[setup]))
    return {
        "setup": setup,
        "platform": draw(st.sampled_from([META, BOARD])),
        "slow": draw(st.booleans()),
        "people": draw(st.sampled_from([3, 5, 7, 9, 10, 12, 14])),
        "before": draw(st.lists(before, min_size=2, max_size=12)),
        "days": draw(st.lists(days, min_size=1, max_size=2) | st.lists(days, min_size=1, max_size=3)),
    }


history = histories()


def open_shop(folder, sandbox, story):
    world = World(json.dumps(story, sort_keys=True), story["people"])
    shop = HistoryShop(folder, world, sandbox, story["platform"])
    for name, keys in SETUPS[story["setup"]].items():
        shop.define(name, **keys)
    slowness = PROCESSING.total_seconds() - 60 if story["slow"] and story["platform"] == BOARD else 0
    sandbox.control(processing_seconds=slowness)
    return shop


def live(story, folder, sandbox):
    """Everything that is wrong after any of the runs of a story; the story's lists are gone from the sandbox after it."""
    shop = open_shop(folder, sandbox, story)
    try:
        with shop.looking():
            return days_of(shop, story)
    finally:
        clear(shop)


def days_of(shop, story):
    happen(shop.world, story["before"])
    findings = a_day(shop, None, "day 0")
    for number, today in enumerate(story["days"], start=1):
        findings = findings or steps_of(shop, today, f"day {number}")
        if findings:
            return findings
    return quiet_end(shop)


def steps_of(shop, today, name):
    """One day: what happens, a build, a run, and what else is done afterwards; it ends with the first step that goes wrong."""
    happen(shop.world, today["events"])
    if today["looks"]:
        look_ahead(shop, *today["looks"])
    if today["decision"]:
        decided, which = today["decision"]
        DECISIONS[decided](shop, which)
    findings = a_day(shop, today["fault"], name, today["nights"], first=today["first"])
    if not findings and today["confirm"]:
        shop.confirm()
        findings = [f"{name}, confirmed: {one}" for one in Check(shop).after_a_question()]
    if not findings and today["forget"] is not None:
        findings = an_erasure(shop, today["forget"], f"{name}, somebody forgotten")
    if not findings and today["rebuild"]:
        findings = a_repair(shop, *today["rebuild"], f"{name}, rebuilt")
    if not findings and today["release"]:
        shop.release_all()
    return findings


def a_day(shop, fault, name, nights=1, *, first=None):
    """A build and a run; perhaps one of the audiences alone ahead of the whole."""
    shop.publish(nights)
    met["nights"] += nights
    going = shop.going()
    if first is not None and going:
        met["one audience first"] += 1
        alone = going[first % len(going)]
        findings = run_with(shop, None, f"{name}, {alone} alone", lambda: shop.sync(alone))
        if findings:
            return findings
    return run_with(shop, fault, name, shop.sync)


def look_ahead(shop, decided, which):
    """Somebody plans what they think of, on a copy of the definitions, and leaves it at that."""
    met["plans that were only looked at"] += 1
    before = dict(shop.definitions)
    LOOKS[decided](shop, which)
    shop.plan()
    for name in list(shop.definitions):
        shop.undefine(name)
    for name, definition in before.items():
        shop.define(name, **definition)


def run_with(shop, fault, name, run):
    """A run during which something goes wrong at the platform, and a look at what became of it."""
    beliefs = during(shop, fault)
    run()
    set_straight(shop, beliefs)
    met["runs with a fault"] += bool(fault)
    met[f"fault {fault['do']}" if fault else "runs without a fault"] += 1
    if fault and fault["do"] in UNSEEN:
        shop.confirm()
        return [f"{name}: {one}" for one in Check(shop).after_a_question()]
    return [f"{name}: {one}" for one in Check(shop).after_a_run()]


def during(shop, fault):
    """Tell the sandbox what to do wrong. Gives what the noticeboard believes meanwhile."""
    if fault is None:
        return {}
    do = fault["do"] if shop.platform == BOARD else ONLY_ON_BOARD.get(fault["do"], fault["do"])
    if do == "quota":
        return believe(shop, rows_per_day=1 + 2 * fault["after"])
    if do == "row_turned_away":
        shop.turned_away |= set(somebodys_hashes(shop, fault["after"])[:1])
        return believe(shop, turned_away=sorted(shop.turned_away))
    scripted = as_scripted(shop, {**fault, "do": do})
    shop.sandbox.control(faults=[{"platform": shop.stand_in, **scripted}])
    return {}


def believe(shop, **beliefs):
    shop.sandbox.control(platform=shop.stand_in, believe=beliefs)
    return beliefs


def set_straight(shop, beliefs):
    shop.sandbox.control(faults=[])
    if beliefs:
        believe(shop, **{name: [] if name == "turned_away" else None for name in beliefs})


def as_scripted(shop, fault):
    """The fault as the sandbox takes it; `row_refused` strikes every request that holds one of somebody's hashes."""
    bad_rows = {"code": 100} if shop.platform == META else {"status": 422, "message": "rows"}
    if fault["do"] != "row_refused":
        return {**bad_rows, **fault}
    return {
        "do": "error",
        **bad_rows,
        "on": fault["on"],
        "times": "always",
        "containing": somebodys_hashes(shop, fault["after"]),
    }


def somebodys_hashes(shop, which):
    """The hashes of one of the first customers; nobody's where there are few."""
    customers = [one for one in shop.world.customers().values() if one.contacts]
    return [shop.world.hashed(one) for one in sorted(customers[which].contacts)] if len(customers) > 3 else ["x"]


def a_repair(shop, which, fault, name):
    """The lists of an audience are rebuilt, perhaps with something going wrong in the middle."""
    names = shop.going()
    if not names:
        return []
    met["rebuilds"] += 1
    return run_with(shop, fault, name, lambda: shop.rebuild(names[which % len(names)]))


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
    shop.release_all()
    for turn in range(MOST_ROUNDS):
        shop.publish()
        if turn == 0:
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
    if any(one.changes for one in shop.planned.lists):
        plans = shop.plan().lists
        findings += [f"at the very end: {one.list}: {one.changes} changes" for one in plans if one.changes > one.renews]
    return findings


def clear(shop):
    mine = [one["id"] for one in shop.sandbox.inspect(shop.stand_in).lists() if one["account"] == shop.account]
    gone = {"lists": {one: {"deleted": True} for one in mine}}
    shop.sandbox.control(platform=shop.stand_in, faults=[], processing_seconds=0, clock_offset_seconds=0, believe=gone)
