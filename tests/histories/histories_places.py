"""Which values of a split have a list of their own: from `min_members` on, until they are below half of it for seven builds."""

from __future__ import annotations

BUILDS = 7
MANY = 20


class Places:
    """By audience, the values that had a list in the newest plan, and for how many builds they have been small."""

    def __init__(self):
        self._known: dict[str, dict[str, int]] = {}
        self._judged: dict[str, object] = {}

    def kept(self, name, split, sizes, build):
        """The values with a list of their own, from how many members each value has; a build counts once."""
        known = self._known.get(name, {}) if self._judged.get(name, (None,))[0] == split["column"] else {}
        counts_again = self._judged.get(name) != (split["column"], build)
        small = {
            value: 0 if sizes.get(value, 0) * 2 >= split["min_members"] else known.get(value, 0) + counts_again
            for value in known.keys() | sizes.keys()
        }
        fit = [
            value
            for value in small
            if (small[value] < BUILDS if value in known else sizes.get(value, 0) >= split["min_members"])
        ]
        fit.sort(key=lambda value: (value not in known, -sizes.get(value, 0), value))
        self._known[name] = {value: small[value] for value in fit[: split.get("max_lists", MANY)]}
        self._judged[name] = (split["column"], build)
        return set(self._known[name])
