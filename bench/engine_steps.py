"""The steps of the engine's bench, each a process of its own: `python -m bench.engine_steps STEP FOLDER …`.

What a step has to say, its own seconds among it, it leaves in `said.json` in the folder.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from audiences.sql import NAME
from audiences.warehouse.duckdb import connect
from bench import engine_core, engine_shop
from bench.sdk_loop import ROWS_PER_REQUEST, Rows, send_all

SAID = "said.json"
COLUMNS = (
    "email_plain, phone_digits, meta_first_name, meta_last_name, meta_city, meta_state, meta_postcode, meta_country"
)


def prepare(folder: Path, members: str, endpoint: str) -> None:
    """Make the shop."""
    engine_shop.prepare(folder, int(members), endpoint)


def publish(folder: Path, day: str) -> None:
    """Let a day begin."""
    engine_shop.publish(folder, day)


def members(folder: Path) -> dict[str, Any]:
    """Who is in the audience, by the engine."""
    settings = engine_shop.settings_of(folder)
    stages = engine_core.members(settings, engine_shop.newest_build(folder), engine_shop.as_of(folder))
    next(stages)
    used = timed(lambda: next(stages))
    connection = used.pop("result")
    return {**used, "digest": engine_core.digest_of(connection, "placed")}


def bare_members(folder: Path) -> dict[str, Any]:
    """The same by hand."""
    settings = engine_shop.settings_of(folder)
    with engine_core.beside(settings, engine_shop.newest_build(folder)) as connection:
        sql = Path(__file__).with_name("engine_members.sql").read_text(encoding="utf-8")
        used = timed(lambda: connection.execute(sql))
        del used["result"]
        return {**used, "digest": engine_core.digest_of(connection, "wanted")}


def diff(folder: Path, repeats: str) -> dict[str, Any]:
    """The plan's comparison, and a bare outer join of the same rows, in turns: seconds of each pair."""
    settings = engine_shop.settings_of(folder)
    stages = engine_core.members(settings, engine_shop.newest_build(folder), engine_shop.as_of(folder))
    next(stages)
    connection = next(stages)
    named = _named(Path(__file__).with_name("engine_diff.sql"))
    connection.execute(named["wanted"])
    connection.execute(named["sent"])
    ours = engine_core.differ(connection, engine_shop.now(folder))
    ours()  # both sides are warm from here on
    turns = [(timed(ours), timed(lambda: connection.execute(named["join"]))) for _ in range(int(repeats))]
    pairs = {key: [(one[key], other[key]) for one, other in turns] for key in ("wall", "cpu")}
    counts = [
        connection.execute(f"select count(*) from {name}").fetchall()[0][0] for name in ("changes", "bare_changes")
    ]
    return {"pairs": pairs, "counts": counts}


def plan(folder: Path) -> dict[str, Any]:
    """`boomerang plan`."""
    settings = engine_shop.settings_of(folder)
    used = timed(lambda: engine_core.plan(settings, engine_shop.now(folder)))
    planned = used.pop("result")
    (folder / "plan_id").write_text(planned.plan_id, encoding="utf-8")
    return {**used, **asdict(planned)}


def apply(folder: Path) -> dict[str, Any]:
    """`boomerang apply` of the newest plan."""
    settings, plan_id = engine_shop.settings_of(folder), (folder / "plan_id").read_text(encoding="utf-8")
    used = timed(lambda: engine_core.apply(settings, plan_id, engine_shop.now(folder)))
    return {**asdict(used.pop("result")), **used}


def sdk_loop(folder: Path, endpoint: str, external_id: str, most: str) -> dict[str, Any]:
    """The SDK in a loop over at most so many upload rows of the build, in batches that are ready."""
    with connect(folder / "before.duckdb", read_only=True) as connection:
        rows = connection.execute(f"select {COLUMNS} from marts.dim_identifiers limit {int(most)}")
        batches: Iterator[Rows] = iter(lambda: _batch(rows.fetchmany(ROWS_PER_REQUEST)), [])
        cpu, received = send_all(endpoint, engine_shop.TOKEN, external_id, batches)
    return {"cpu": cpu, "received": received}


def timed(run: Callable[[], Any]) -> dict[str, Any]:
    """What it gives, and its seconds: on the wall, and of CPU over all threads of this process."""
    wall, cpu = time.monotonic(), time.process_time()
    result = run()
    return {"result": result, "wall": time.monotonic() - wall, "cpu": time.process_time() - cpu}


def _batch(rows: list[tuple[str, ...]]) -> Rows:
    return [["" if cell is None else cell for cell in row] for row in rows]


def _named(file: Path) -> dict[str, str]:
    parts = NAME.split(file.read_text(encoding="utf-8"))[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


STEPS: dict[str, Callable[..., dict[str, Any] | None]] = {
    step.__name__: step for step in (prepare, publish, members, bare_members, diff, plan, apply, sdk_loop)
}

if __name__ == "__main__":
    where = Path(sys.argv[2])
    said = STEPS[sys.argv[1]](where, *sys.argv[3:])
    (where / SAID).write_text(json.dumps(said), encoding="utf-8")
