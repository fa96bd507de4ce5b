"""`python -m bench [BENCH…]`: run all benches, or the named ones, and print one table."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import first_sync, meta_client, segments
from bench.figures import Line, Options, table

BENCHES: dict[str, Callable[[Options], list[Line]]] = {
    "segments": segments.bench,  # first: a process that has grown would hide how large the steps are
    "first_sync": first_sync.bench,
    "meta_client": meta_client.bench,
}


def main() -> None:
    """Read the options, run, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"one of {', '.join(BENCHES)} [default: all]")
    parser.add_argument("--customers", type=int, default=20_000, help="of the demo shop, 1,000 to 10,000,000")
    parser.add_argument("--rows", type=int, default=200_000, help="people of the first sync")
    parser.add_argument("--repeats", type=int, default=3, help="how often each pair is measured")
    parser.add_argument("--folder", type=Path, help="where to work, for example on another disk")
    chosen = parser.parse_args()
    unknown = set(chosen.benches) - set(BENCHES)
    if unknown:
        parser.error(f"there is no bench {sorted(unknown)[0]!r}: there is {', '.join(BENCHES)}")
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="boomerang-bench-") as folder:
        options = Options(Path(folder), chosen.customers, chosen.rows, chosen.repeats)
        lines = [
            line for name in BENCHES if not chosen.benches or name in chosen.benches for line in BENCHES[name](options)
        ]
    print(table(lines))


if __name__ == "__main__":
    main()
