"""What people decide between two runs: about definitions, recipes and requests to be forgotten.

Each decision takes the shop and a number that chooses the audience; it does nothing where no audience fits.
"""

from __future__ import annotations

from histories_experiments import HELD_OUT, has_experiment, scope_of, share_of

DECISIONS = {}
NEEDS = {}
"""By decision, the key of a definition without which it is not to the point."""
A_STEP = 20


def decision(*needs):
    def keep(function):
        DECISIONS[function.__name__] = function
        NEEDS[function.__name__] = needs
        return function

    return keep


def fitting(definitions):
    """The decisions that are to the point for one of these definitions."""
    keys = {key for one in definitions.values() for key, value in one.items() if value is not None}
    return sorted(name for name in DECISIONS if not NEEDS[name] or keys & {*NEEDS[name]})


def _chosen(shop, which, *needs):
    names = [
        name for name in sorted(shop.definitions) if not needs or any(shop.definitions[name].get(n) for n in needs)
    ]
    return names[which % len(names)] if names else None


def _change(shop, name, **keys):
    if name:
        shop.define(name, **{**shop.definitions[name], **keys})


@decision()
def new_recipe(shop, which):
    shop.world.change_recipe()


@decision()
def pause(shop, which):
    _change(shop, _chosen(shop, which), paused=True)


@decision()
def resume(shop, which):
    _change(shop, _chosen(shop, which), paused=None)


@decision()
def rename(shop, which):
    name = _chosen(shop, which)
    _change(shop, name, label=f"Another label of {name}")


@decision()
def delete(shop, which):
    """Unless another audience leans on it, or it is the last."""
    name = _chosen(shop, which)
    leaned_on = {text for one in shop.definitions.values() for text in one.get("exclude", ())}
    if name and f"audience:{name}" not in leaned_on and len(shop.definitions) > 1:
        shop.undefine(name)


@decision()
def exclude_others(shop, which):
    """From now on those who bought are excluded, or are not any more."""
    name = _chosen(shop, which)
    if name and shop.definitions[name]["segment"] == "lapsed":
        _change(shop, name, exclude=None if shop.definitions[name].get("exclude") else ["segment:recent"])


# experiments: audiences that share one must say the same -----------------------------------------------------------


def _hold_out(shop, name, percent):
    """Another share for the audience and for all others of its experiment; None for no holdout at all."""
    scope = scope_of(name, shop.definitions[name])
    of_it = [
        other
        for other, one in shop.definitions.items()
        if other == name or (has_experiment(one) and scope_of(other, one) == scope)
    ]
    for other in of_it:
        holdout = shop.definitions[other].get("holdout")
        if percent is None:
            share = None
        elif isinstance(holdout, dict):
            share = {**holdout, "share": f"{percent}%"}
        else:
            share = f"{percent}%"
        _change(
            shop, other, holdout=share, push_exclusion=shop.definitions[other].get("push_exclusion") if share else None
        )


def _tested(shop, which):
    return _chosen(shop, which, "holdout")


@decision("holdout")
def hold_out_more(shop, which):
    name = _tested(shop, which)
    if name:
        _hold_out(shop, name, min(round(100 * share_of(shop.definitions[name])) + A_STEP, 80))


@decision("holdout")
def hold_out_fewer(shop, which):
    name = _tested(shop, which)
    if name:
        _hold_out(shop, name, max(round(100 * share_of(shop.definitions[name])) - A_STEP, 10))


@decision("holdout")
def hold_out_nobody(shop, which):
    """Or somebody again, where nobody is."""
    name = _tested(shop, which)
    if name:
        _hold_out(shop, name, None)
    elif not any(one.get("arms") for one in shop.definitions.values()):
        _hold_out(shop, _chosen(shop, which), 2 * A_STEP)


@decision("holdout")
def push_those_held_out(shop, which):
    """Onto a list of their own, or not any more."""
    name = _tested(shop, which)
    if name:
        _change(shop, name, push_exclusion=None if shop.definitions[name].get("push_exclusion") else True)


ARMS = (
    {"a": "40%", "b": "40%", HELD_OUT: "20%"},
    {"a": "20%", "b": "40%", HELD_OUT: "40%"},
    {"a": "60%", "b": "20%", HELD_OUT: "20%"},
    {"a": "40%", HELD_OUT: "20%"},
    {"a": "30%", "b": "30%", "c": "20%", HELD_OUT: "20%"},
    {"b": "50%", "c": "50%"},
)


@decision("arms")
def other_arms(shop, which):
    """More of them, fewer, or others' shares."""
    _change(shop, _chosen(shop, which, "arms"), arms=ARMS[which % len(ARMS)])


# splits and days ---------------------------------------------------------------------------------------------------

SPLITS = (
    {"column": "town", "min_members": 1},
    {"column": "category", "min_members": 3},
    {"column": "category", "min_members": 2, "max_lists": 1},
    {"column": "town", "min_members": 3, "max_lists": 2, "rest": None},
    {"column": "category", "min_members": 1, "rest": "all_else"},
)


@decision("split_by")
def other_split(shop, which):
    _change(shop, _chosen(shop, which, "split_by"), split_by=SPLITS[which % len(SPLITS)])


@decision("split_by")
def no_split(shop, which):
    _change(shop, _chosen(shop, which, "split_by"), split_by=None)


@decision("max_days_in", "rest_days")
def other_days(shop, which):
    days = (
        {"max_days_in": 3, "rest_days": 2},
        {"max_days_in": None, "rest_days": 9},
        {"max_days_in": 15, "rest_days": None},
    )
    _change(shop, _chosen(shop, which, "max_days_in", "rest_days"), **days[which % len(days)])


# what is only looked at ----------------------------------------------------------------------------------------------


def another_name(shop, which):
    """An audience goes on under another name, with its lists, as long as nobody else names it."""
    name = _chosen(shop, which)
    leaned_on = {text for one in shop.definitions.values() for text in one.get("exclude", ())}
    if name and f"audience:{name}" not in leaned_on:
        shop.define(f"{name}_anew", **shop.definitions[name], renamed_from=[name])
        shop.undefine(name)


LOOKS = {"another_name": another_name, **{name: one for name, one in DECISIONS.items() if name != "new_recipe"}}
"""What can be planned and left at that; a recipe is of the build."""


def looks_of(decisions):
    """Of the decisions that are to the point, those that can only be looked at."""
    return sorted({"another_name", *decisions} & LOOKS.keys())
