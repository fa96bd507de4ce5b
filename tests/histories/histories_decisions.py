"""What people decide between two runs: about definitions, recipes and requests to be forgotten."""

from __future__ import annotations

DECISIONS = {}


def decision(function):
    DECISIONS[function.__name__] = function
    return function


def _chosen(shop, which):
    names = sorted(shop.definitions)
    return names[which % len(names)] if names else None


@decision
def new_recipe(shop, which):
    shop.world.change_recipe()


@decision
def pause(shop, which):
    name = _chosen(shop, which)
    if name:
        shop.define(name, **{**shop.definitions[name], "paused": True})


@decision
def resume(shop, which):
    name = _chosen(shop, which)
    if name:
        shop.define(name, **{**shop.definitions[name], "paused": None})


@decision
def rename(shop, which):
    name = _chosen(shop, which)
    if name:
        shop.define(name, **{**shop.definitions[name], "label": f"Another label of {name}"})


@decision
def delete(shop, which):
    """Unless another audience leans on it, or it is the last."""
    name = _chosen(shop, which)
    leaned_on = {text for one in shop.definitions.values() for text in one.get("exclude", ())}
    if name and f"audience:{name}" not in leaned_on and len(shop.definitions) > 1:
        shop.undefine(name)
