"""How much is drawn, and what came of it: printed at the end, and kept in a file by the soak.

Several workers take parts of the histories; what each of them met is added up by the process that started them.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections import Counter
from pathlib import Path

IS_SOAK = bool(os.environ.get("BOOMERANG_SOAK"))
FILE = Path(__file__).with_name("soak.json")
HISTORIES = int(os.environ.get("BOOMERANG_HISTORIES", "2000" if IS_SOAK else "200"))
KILLS = int(os.environ.get("BOOMERANG_KILLS", "200" if IS_SOAK else "50"))
PARTS = min(8, HISTORIES)
"""Each with a seed of its own, so that workers may share the histories."""
met: Counter[str] = Counter()
"""What the histories met, by name."""
results: dict[str, dict[str, object]] = {}


def of_part(part):
    """How many histories a part has."""
    return HISTORIES // PARTS + (part < HISTORIES % PARTS)


def note(name, **result):
    """Keep the result of one proof."""
    results[name] = added(results.get(name, {}), result)


def merge(others):
    """Add what another worker noted."""
    for name, result in others.items():
        note(name, **result)


def added(one, other):
    """Both together: numbers are added, whatever they count."""
    found = dict(one)
    for name, value in other.items():
        if name not in found:
            found[name] = value
        elif isinstance(value, dict):
            found[name] = added(found[name], value)
        else:
            found[name] += value
    return dict(sorted(found.items()))


def lines():
    """The results, one line each."""
    return [f"{name}: {json.dumps(result)}" for name, result in sorted(results.items())]


def keep(exit_status):
    """Write what a soak found; a run of fewer is not one."""
    if IS_SOAK and results:
        day = dt.datetime.now(dt.UTC).date().isoformat()
        found = {"date": day, "passed": exit_status == 0, **results}
        FILE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
