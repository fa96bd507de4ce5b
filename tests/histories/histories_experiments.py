"""Experiments as the documentation has them: when one goes on, when it is closed, and who is drawn into which arm.

The draw is a keyed hash, written down a second time here, so that a share that was raised can be followed; who entered with
which arm is read from the ledger's log.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

TREATED, HELD_OUT = "treated", "holdout"
ROUNDING = 1e-9


@dataclass
class Generation:
    """One experiment of a scope."""

    number: int
    share: float
    arms: set[str]
    is_open: bool = True

    def goes_on(self, definition):
        """Raising the share and adding arms only adds people; anything else would bring some back."""
        is_narrower = share_of(definition) < self.share - ROUNDING or not self.arms <= set(shares_of(definition))
        return self.is_open and not is_narrower


class Experiments:
    """The experiments of a shop, by scope. They change when a run logs who enters, and not before."""

    def __init__(self, key):
        self._key = key
        self._newest: dict[str, Generation] = {}

    def id_of(self, name, definition):
        """Which experiment draws an audience's people, as it is defined now."""
        scope, newest = scope_of(name, definition), self._newest.get(scope_of(name, definition))
        number = 1 if newest is None else newest.number + (not newest.goes_on(definition))
        return scope if number == 1 else f"{scope}#{number}"

    def log(self, name, definitions):
        """A run logged who enters this audience: experiments that nobody asks for are over, its own is open."""
        definition = definitions[name]
        asked = {scope_of(other, one) for other, one in definitions.items() if has_experiment(one)}
        for scope in {f"audience:{name}", f"group:{definition.get('exclusive_group')}", "global"} - asked:
            if scope in self._newest:
                self._newest[scope].is_open = False
        if has_experiment(definition):
            scope, newest = scope_of(name, definition), self._newest.get(scope_of(name, definition))
            number = 1 if newest is None else newest.number + (not newest.goes_on(definition))
            self._newest[scope] = Generation(number, share_of(definition), set(shares_of(definition)))

    def draw(self, experiment, key, definition):
        """The arm of somebody who enters, by their member key; None for who is in no arm."""
        place = self._place(experiment, key)
        if place < share_of(definition):
            return HELD_OUT
        end = share_of(definition)
        for arm, share in shares_of(definition).items():
            end += share
            if place < end or end > 1 - ROUNDING or not definition.get("arms"):
                return arm
        return None

    def is_held_out(self, experiment, key, definition):
        """Whether somebody is held out by now who entered with another arm, because the share was raised."""
        return self._place(experiment, key) < share_of(definition)

    def _place(self, experiment, key):
        text = f"{self._key}{experiment}:{key}"
        return int(hashlib.sha256(text.encode()).hexdigest()[:13], 16) / 2**52


def has_experiment(definition):
    return bool(definition.get("holdout") or definition.get("arms"))


def scope_of(name, definition):
    holdout = definition.get("holdout")
    scope = holdout.get("scope", "audience") if isinstance(holdout, dict) else "audience"
    if scope == "group":
        return f"group:{definition['exclusive_group']}"
    return "global" if scope == "global" else f"audience:{name}"


def share_of(definition):
    """The share that is held out, from 0 to 1."""
    holdout = definition.get("holdout")
    if definition.get("arms"):
        return _part(definition["arms"].get(HELD_OUT, "0%"))
    return _part((holdout["share"] if isinstance(holdout, dict) else holdout) or "0%")


def shares_of(definition):
    """By arm beside the holdout, its share."""
    named = {arm: _part(share) for arm, share in (definition.get("arms") or {}).items() if arm != HELD_OUT}
    return named or {TREATED: 1.0}


def _part(text):
    return float(text.rstrip("%")) / 100
