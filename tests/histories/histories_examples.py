"""Stories that are always lived through: each meets on purpose what chance meets seldom. By name, what it is about."""

from __future__ import annotations

from histories_platform import BOARD, META


def _day(*events, fault=None, **others):
    usual = {"nights": 1, "decision": None, "confirm": False, "forget": None, "rebuild": None, "release": False}
    usual |= {"looks": None, "first": None}
    return {**usual, "events": list(events), "fault": fault, **others}


def _story(setup, platform, *days, people=10, before=(), slow=False):
    common = {"setup": setup, "platform": platform, "slow": slow, "people": people}
    return {**common, "before": list(before), "days": list(days)}


def _fault(do, on, after=0, times=2):
    return {"do": do, "on": on, "after": after, "times": times}


SHARED = (("shares", 0, 1), ("shares", 2, 3), ("shares", 3, 4))
"""1 has a phone that is 0's, 3 one that is 2's, 4 too."""
EXAMPLES = {
    "who is removed takes others along, and the run is cut short before they are put back": _story(
        "plain", META, _day(("leaves", 1, 0), ("leaves", 3, 0), fault=_fault("throttle", "add")), before=SHARED
    ),
    "the same by the quota of the day": _story(
        "plain",
        BOARD,
        _day(("changes_email", 1, 0), ("leaves", 3, 0), fault=_fault("quota", "add", 1)),
        before=SHARED,
        slow=True,
    ),
    "a removal without an answer, and they come back": _story(
        "plain",
        META,
        _day(("leaves", 5, 0), ("leaves", 1, 0), fault=_fault("cut_after", "remove")),
        _day(("comes_back", 5, 0), ("comes_back", 1, 0), fault=_fault("cut_before", "remove")),
        before=SHARED,
    ),
    "a new address without an answer, and they leave": _story(
        "plain",
        META,
        _day(("adds_email", 5, 0), ("adds_phone", 6, 0), fault=_fault("cut_after", "add")),
        _day(("changes_email", 5, 0), ("changes_email", 6, 0), fault=_fault("cut_after", "add")),
        _day(("leaves", 5, 0), ("leaves", 6, 0)),
    ),
    "one is taken along by one who was taken along, and neither is put back": _story(
        "plain",
        META,
        _day(("leaves", 0, 0), fault=_fault("throttle", "add")),
        before=(("adds_phone", 1, 0), ("shares", 1, 2), ("adds_phone", 1, 0), ("shares_the_other_phone", 1, 0)),
    ),
    "memberships end, paused meanwhile": _story(
        "plain",
        BOARD,
        _day(("leaves", 5, 0), nights=17),
        _day(("arrives", 0, 0), nights=2),
        _day(nights=25, rebuild=(0, None)),
    ),
    "a rebuild that breaks off": _story(
        "split", META, _day(("denies", 1, 0), rebuild=(0, _fault("cut_before", "add", 0))), before=SHARED
    ),
    "uploads and removals that are lost later": _story(
        "plain",
        BOARD,
        _day(("leaves", 5, 0), fault=_fault("processing_fails", "remove")),
        _day(("arrives", 0, 0), fault=_fault("processing_fails", "add")),
        slow=True,
    ),
    "a row that is called invalid, and then another address": _story(
        "plain",
        BOARD,
        _day(("changes_email", 2, 0), ("adds_phone", 3, 0), fault=_fault("row_turned_away", "add", 2)),
        _day(("changes_email", 2, 0)),
    ),
    "more are held out, then fewer": _story(
        "holdout",
        META,
        _day(("merges", 1, 2), ("arrives", 0, 0), decision=("hold_out_more", 0)),
        _day(("arrives", 0, 0), decision=("hold_out_fewer", 0)),
        people=14,
        before=SHARED,
    ),
    "nobody is held out any more, then some again": _story(
        "pushed",
        META,
        _day(("arrives", 0, 0), decision=("hold_out_nobody", 0)),
        _day(("arrives", 0, 0), decision=("hold_out_nobody", 0)),
        people=12,
    ),
    "other arms": _story(
        "arms",
        META,
        _day(("arrives", 0, 0), decision=("other_arms", 1)),
        _day(("arrives", 0, 0), decision=("other_arms", 3)),
        _day(("merges", 1, 2), decision=("other_arms", 5)),
        people=14,
    ),
    "in for too long, then rested": _story(
        "days", META, _day(("leaves", 5, 0), nights=3), _day(("comes_back", 5, 0), nights=6), _day(nights=5), people=10
    ),
    "split otherwise, then not at all": _story(
        "places",
        META,
        _day(("changes_taste", 1, 1), decision=("other_split", 0)),
        _day(decision=("no_split", 0)),
        people=14,
    ),
    "a list is held, and its people wait for the other one": _story(
        "split", META, _day(("changes_taste", 4, 1)), people=8
    ),
    "paused, and one who says no shares a phone": _story(
        "plain", META, _day(decision=("pause", 0)), _day(("denies", 0, 0), ("denies", 3, 0)), before=SHARED
    ),
    "two turn out to be one, and the platform refuses the new address": _story(
        "plain",
        META,
        _day(("merges", 0, 7), fault={"do": "row_refused", "on": "add", "after": 0, "times": 2}),
        _day(("changes_email", 7, 0)),
    ),
}
FOUND_BY_CHANCE = {
    "the quota ends between the removals of two who share a phone": {
        "setup": "rest",
        "platform": "board",
        "slow": False,
        "people": 14,
        "before": [
            ("is_not_asked", 12, 10),
            ("shares", 14, 12),
            ("borrower_leaves", 3, 3),
            ("denies", 3, 4),
            ("arrives", 14, 13),
            ("shares", 2, 3),
            ("changes_taste", 12, 7),
            ("leaves", 11, 7),
            ("comes_apart", 13, 14),
            ("adds_phone", 13, 5),
            ("borrower_leaves", 10, 5),
            ("borrower_changes_email", 14, 10),
        ],
        "days": [
            {
                "events": [
                    ("shares", 0, 4),
                    ("borrower_denies", 12, 3),
                    ("table_is_empty", 1, 11),
                    ("table_is_empty", 7, 0),
                    ("shares", 7, 5),
                    ("comes_apart", 6, 13),
                    ("borrower_denies", 5, 3),
                ],
                "forget": None,
                "rebuild": (8, {"after": 0, "do": "server_error", "times": 2, "on": "write"}),
                "first": None,
                "decision": ("hold_out_nobody", 3),
                "confirm": True,
                "fault": {"on": "write", "do": "quota", "after": 0, "times": 2},
                "nights": 15,
                "looks": ("hold_out_nobody", 3),
                "release": False,
            }
        ],
    },
    "two who entered on one day, with different arms, turn out to be one": {
        "setup": "arms",
        "platform": "board",
        "slow": True,
        "people": 9,
        "before": [
            ("borrower_leaves", 6, 12),
            ("shares", 7, 2),
            ("shares", 2, 0),
            ("leaves", 4, 4),
            ("merges", 6, 11),
            ("borrower_changes_email", 0, 11),
            ("shares", 2, 13),
            ("buys", 10, 5),
            ("shares", 9, 1),
            ("bought_long_ago", 2, 11),
            ("merges", 6, 7),
            ("changes_taste", 0, 1),
        ],
        "days": [
            {
                "release": True,
                "looks": ("resume", 8),
                "events": [
                    ("merges", 10, 2),
                    ("merges", 13, 5),
                    ("leaves", 5, 14),
                    ("denies", 12, 0),
                    ("shares", 4, 10),
                    ("loses_everything", 12, 12),
                    ("borrower_leaves", 15, 15),
                ],
                "rebuild": None,
                "nights": 9,
                "forget": None,
                "fault": None,
                "decision": None,
                "confirm": True,
                "first": None,
            }
        ],
    },
    "somebody erased has a new phone, and shares it": {
        "setup": "rest",
        "platform": "board",
        "slow": False,
        "people": 12,
        "before": [
            ("adds_phone", 0, 7),
            ("comes_apart", 10, 14),
            ("leaves", 2, 3),
            ("borrower_denies", 3, 1),
            ("comes_apart", 5, 13),
            ("borrower_leaves", 0, 13),
            ("shares", 3, 1),
            ("grants", 4, 4),
            ("borrower_leaves", 3, 10),
            ("merges", 8, 10),
            ("denies", 7, 8),
            ("changes_email", 6, 13),
        ],
        "days": [
            {
                "fault": {"after": 0, "times": 1, "do": "list_deleted", "on": "add"},
                "confirm": False,
                "events": [
                    ("changes_email", 8, 7),
                    ("adds_email", 0, 15),
                    ("changes_email", 10, 15),
                    ("leaves", 7, 13),
                    ("grants", 3, 10),
                ],
                "first": 8,
                "rebuild": None,
                "looks": None,
                "release": False,
                "forget": None,
                "nights": 4,
                "decision": None,
            },
            {
                "confirm": False,
                "rebuild": None,
                "release": False,
                "nights": 4,
                "events": [("loses_phone", 12, 12), ("loses_everything", 14, 1), ("adds_email", 10, 15)],
                "fault": {"after": 1, "do": "cut_before", "on": "write", "times": 2},
                "looks": None,
                "forget": 13,
                "first": None,
                "decision": None,
            },
            {
                "looks": None,
                "fault": None,
                "release": False,
                "rebuild": None,
                "events": [
                    ("borrower_changes_email", 8, 2),
                    ("borrower_changes_email", 10, 0),
                    ("shares", 0, 14),
                    ("table_is_empty", 12, 2),
                ],
                "forget": None,
                "decision": None,
                "first": None,
                "nights": 1,
                "confirm": True,
            },
        ],
    },
    "somebody is left with an identifier that is another's by now": {
        "setup": "no arm",
        "platform": "small",
        "slow": False,
        "people": 12,
        "before": [
            ("loses_everything", 5, 12),
            ("shares", 4, 1),
            ("adds_phone", 3, 11),
            ("borrower_leaves", 10, 2),
            ("shares", 4, 1),
            ("shares_the_other_phone", 15, 1),
            ("shares", 2, 5),
            ("shares", 4, 1),
            ("buys", 12, 3),
            ("denies", 3, 12),
            ("shares", 9, 8),
            ("denies", 3, 12),
        ],
        "days": [
            {
                "events": [("borrower_gives_it_back", 4, 3)],
                "rebuild": None,
                "forget": None,
                "fault": {"times": 2, "after": 0, "on": "add", "do": "server_error"},
                "first": None,
                "nights": 1,
                "decision": ("other_arms", 7),
                "release": True,
                "confirm": False,
                "looks": ("another_name", 15),
            }
        ],
    },
    "whoever takes over from somebody who merged is in quarantine": {
        "setup": "arms",
        "platform": "board",
        "slow": True,
        "people": 9,
        "before": [
            ("shares", 1, 14),
            ("borrower_gives_it_back", 11, 3),
            ("shares", 1, 14),
            ("shares", 10, 12),
            ("shares", 10, 3),
            ("shares", 10, 10),
        ],
        "days": [
            {
                "nights": 1,
                "events": [("merges", 10, 0), ("merges", 12, 6), ("merges", 12, 6)],
                "decision": None,
                "fault": {"do": "row_refused", "on": "add", "after": 0, "times": 1},
                "confirm": False,
                "forget": None,
                "rebuild": None,
                "release": False,
                "looks": None,
                "first": None,
            }
        ],
    },
    "somebody held out says no and is not taken off": {
        "setup": "pushed",
        "platform": "small",
        "slow": False,
        "people": 7,
        "before": [
            ("leaves", 12, 2),
            ("borrower_leaves", 14, 3),
            ("shares", 14, 12),
            ("borrower_gives_it_back", 14, 12),
            ("shares", 6, 7),
            ("leaves", 10, 10),
            ("adds_email", 0, 6),
            ("borrower_leaves", 1, 9),
            ("borrower_leaves", 14, 2),
            ("leaves", 1, 14),
            ("adds_phone", 11, 9),
        ],
        "days": [
            {
                "release": True,
                "nights": 1,
                "decision": None,
                "events": [
                    ("borrower_leaves", 14, 12),
                    ("leaves", 0, 14),
                    ("changes_email", 11, 13),
                    ("merges", 3, 10),
                    ("borrower_leaves", 14, 6),
                    ("changes_email", 15, 5),
                ],
                "first": 9,
                "fault": {"do": "row_turned_away", "times": 1, "after": 0, "on": "add"},
                "forget": None,
                "confirm": True,
                "rebuild": None,
                "looks": None,
            },
            {
                "confirm": False,
                "nights": 1,
                "release": True,
                "rebuild": (0, None),
                "first": None,
                "looks": None,
                "events": [
                    ("becomes_unknown", 9, 6),
                    ("leaves", 11, 11),
                    ("returns", 5, 6),
                    ("leaves", 11, 1),
                    ("shares", 0, 1),
                    ("denies", 14, 14),
                    ("borrower_leaves", 4, 13),
                ],
                "forget": None,
                "decision": ("exclude_others", 2),
                "fault": {"times": 1, "after": 1, "on": "write", "do": "error"},
            },
        ],
    },
}
"""Stories to the letter: keys, and with them the order of requests and the arms, follow from the text of a story."""
EXAMPLES |= FOUND_BY_CHANCE
