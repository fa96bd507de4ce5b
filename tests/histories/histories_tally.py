"""How much is drawn, and what came of it: printed at the end, and kept in a file by the soak."""

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
met: Counter[str] = Counter()
"""What the histories met, by name."""
results: dict[str, dict[str, object]] = {}


def note(name: str, **result: object) -> None:
    """Keep and print the result of one proof."""
    results[name] = result
    print(f"\n{name}: {json.dumps(result)}")


def keep(exit_status: int) -> None:
    """Write what a soak found; a run of fewer is not one."""
    if IS_SOAK and results:
        day = dt.datetime.now(dt.UTC).date().isoformat()
        found = {"date": day, "passed": exit_status == 0, **results}
        FILE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
