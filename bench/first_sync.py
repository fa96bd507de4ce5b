"""The first sync of an audience: plan and apply with ledger and all, beside the SDK in a loop over the same rows.

Both send to the sandbox's null sink, a process of its own that counts rows and forgets them. What is measured is the CPU
of this process: of ours from the published build to the last answer, of the loop the SDK's calls alone.
"""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from audiences.ledger import open_ledger
from audiences.sandbox.server import Sandbox
from audiences.settings import Settings, load_settings
from audiences.sync.apply import apply_plan
from audiences.sync.plan import make_plan
from audiences.warehouse.duckdb import connect
from bench.figures import Line, Options, cpu_seconds, in_turns, say
from bench.sdk_loop import ROWS_PER_REQUEST, Rows, send_all

ROOT = Path(__file__).parents[1]
AS_OF = datetime(2026, 11, 24, 4, 59, 59, 999999)
NOW = AS_OF + timedelta(hours=4)
BUILD_ID = "20261124-090000-0000"
TOKEN = "sandbox-token"
AUDIENCE = """
label: Lapsed buyers
owner: growth@example.com
segment: lapsed_buyers
platforms: {meta: {account: main}}
"""


class FirstSync:
    """One published build, synced again and again into a ledger and an ad account that are new each time."""

    def __init__(self, folder: Path, endpoint: str, members: int) -> None:
        self._folder, self._endpoint, self._members = folder, endpoint, members
        self._count = 0
        self._build = folder / "build.duckdb"
        (folder / "definitions").mkdir(parents=True)
        (folder / "definitions" / "lapsed_buyers.yaml").write_text(AUDIENCE, encoding="utf-8")
        with connect(self._build) as connection:
            connection.execute(f"set variable members = {members}")
            script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
            connection.execute(script.replace("$members", "getvariable('members')"))
        self.external_id = ""

    def ours(self) -> tuple[float, float]:
        """CPU seconds of the plan and of apply; all rows must have been counted."""
        settings = self._shop()
        planning = cpu_seconds(lambda: self._planned(settings))
        applying = cpu_seconds(lambda: self._applied(settings))
        shutil.rmtree(settings.home)
        return planning, applying

    def theirs(self) -> float:
        """CPU seconds of the SDK's calls."""
        used, received = send_all(self._endpoint, TOKEN, self.external_id, self._batches())
        if received != self._members:
            raise SystemExit(f"first sync: the loop sent {self._members} rows, {received} were counted")
        return used

    def _planned(self, settings: Settings) -> None:
        self._plan_id = make_plan(settings, now=NOW).plan_id

    def _applied(self, settings: Settings) -> None:
        (done,) = apply_plan(settings, self._plan_id, clock=lambda: NOW).lists
        if (done.state, done.received, done.invalid) != ("applied", self._members, 0):
            raise SystemExit(
                f"first sync: {done.state}, {done.received} of {self._members} rows counted: {done.message}"
            )
        self.external_id = str(done.external_id)

    def _shop(self) -> Settings:
        self._count += 1
        home = self._folder / f"home-{self._count}"
        (home / "published").mkdir(parents=True)
        (home / "published" / f"{BUILD_ID}.duckdb").hardlink_to(self._build)
        file = self._folder / "boomerang.yaml"
        file.write_text(_settings(self._endpoint, home, ROOT / "dbt", f"act_{self._count}"), encoding="utf-8")
        settings = load_settings(file)
        with open_ledger(settings) as ledger:
            ledger.connection.execute(
                "insert into sync.builds (build_id, as_of, started_at, finished_at, state, node_count, failed_nodes) "
                "values ($1, $2, $2, $2, 'finished', 1, [])",
                [BUILD_ID, AS_OF],
            )
        return settings

    def _batches(self) -> Iterator[Rows]:
        with connect(self._build, read_only=True) as connection:
            rows = connection.execute(
                "select email_plain, phone_digits, meta_first_name, meta_last_name, meta_city, meta_state, meta_postcode, "
                "meta_country from marts.dim_identifiers"
            )
            while batch := rows.fetchmany(ROWS_PER_REQUEST):
                yield [list(row) for row in batch]


def bench(options: Options) -> list[Line]:
    """CPU seconds per million rows of plan and apply together, and of apply alone."""
    say(f"first sync: making a build of {options.rows:,} people")
    with Sandbox(null_sink=True) as sink:
        shop = FirstSync(options.folder / "first_sync", sink.endpoint("meta"), options.rows)
        say("first sync: plan and apply, and the SDK's loop, in turns")
        pairs = in_turns(shop.ours, shop.theirs, options.repeats)
    scale = 1e6 / options.rows
    together = tuple(((plan + apply) * scale, loop * scale) for (plan, apply), loop in pairs)
    applying = tuple((apply * scale, loop * scale) for (_, apply), loop in pairs)
    name, loop, unit = f"first sync of {options.rows:,} people", "SDK in a loop", "CPU s per 1 M rows"
    return [Line(f"{name}, plan and apply", loop, unit, together), Line(f"{name}, apply", loop, unit, applying)]


def _settings(endpoint: str, home: Path, dbt_project: Path, account: str) -> str:
    return textwrap.dedent(f"""
        shop: {{name: Bench, timezone: America/New_York}}
        home: {home}
        environment: bench
        definitions: definitions
        dbt_project: {dbt_project}
        platforms: {{meta: {{endpoint: {endpoint}, accounts: {{main: {{id: {account}, access_token: {TOKEN}}}}}}}}}
    """)
