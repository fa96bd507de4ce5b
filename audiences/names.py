"""The nearest right name for a wrong one, so that an error can say what was meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

ALIKE = 0.7
SHOWN = 12


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, upper and lower case aside; None when none is alike."""
    by_folded = {candidate.casefold(): candidate for candidate in sorted(known, reverse=True)}
    close = get_close_matches(name.casefold(), sorted(by_folded), n=1, cutoff=ALIKE)
    return by_folded[close[0]] if close else None


def hint(name: str, known: Iterable[str]) -> str:
    """What to put behind an error on `name`: the nearest known name, else a few of the known ones."""
    names = sorted(set(known))
    near = nearest(name, names)
    if near is not None:
        return f"; did you mean {near}?"
    if not names:
        return "; there are none"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"; there are {', '.join(names[:SHOWN])}{more}"
