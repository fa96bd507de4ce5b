"""`python -m bench [BENCH…]`: run all benches, or the named ones, and print their tables, or `--json`."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import engine, first_sync, meta_client, segments
from bench.engine_report import Report
from bench.figures import Line, Options, table

BENCHES: dict[str, Callable[[Options], list[Line] | Report]] = {
    "segments": segments.bench,  # first: a process that has grown would hide how large the steps are
    "engine": engine.bench,
    "first_sync": first_sync.bench,
    "meta_client": meta_client.bench,
}


def main() -> None:
    """Read the options, run, print."""
    chosen = _options()
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="boomerang-bench-") as folder:
        sizes = {"rows": chosen.rows[0], "sizes": tuple(chosen.rows)} if chosen.rows else {}
        options = Options(Path(folder), chosen.customers, repeats=chosen.repeats, **sizes)
        found = {name: BENCHES[name](options) for name in BENCHES if not chosen.benches or name in chosen.benches}
    print(json.dumps(as_json(found), indent=2) if chosen.json else as_text(found))


def as_text(found: dict[str, list[Line] | Report]) -> str:
    """One table for all that is measured in pairs, and the tables of a report."""
    lines = [line for one in found.values() if not isinstance(one, Report) for line in one]
    reports = [one.table() for one in found.values() if isinstance(one, Report)]
    return "\n\n".join([*([table(lines)] if lines else []), *reports])


def as_json(found: dict[str, list[Line] | Report]) -> dict[str, Any]:
    """The same as plain values, by bench."""
    return {
        name: one.as_json() if isinstance(one, Report) else [line.as_json() for line in one]
        for name, one in found.items()
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"one of {', '.join(BENCHES)} [default: all]")
    parser.add_argument("--customers", type=int, default=20_000, help="of the demo shop, 1,000 to 10,000,000")
    parser.add_argument(
        "--rows", type=int, action="append",
        help="members, for the engine as often as wanted [default: 1000000 and 10000000]; people of the first sync "
        "[default: 200000]",
    )  # fmt: skip
    parser.add_argument("--repeats", type=int, default=3, help="how often each pair is measured")
    parser.add_argument("--folder", type=Path, help="where to work, for example on another disk")
    parser.add_argument("--json", action="store_true", help="print plain values in place of tables")
    chosen = parser.parse_args()
    unknown = set(chosen.benches) - set(BENCHES)
    if unknown:
        parser.error(f"there is no bench {sorted(unknown)[0]!r}: there is {', '.join(BENCHES)}")
    return chosen


if __name__ == "__main__":
    main()
