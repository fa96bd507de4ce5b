"""The engine at a million members and more: who is in, plan, apply, with each step a process of its own.

Beside members: the same by hand in SQL. Beside the plan's comparison: a bare outer join of the same rows. Beside apply: the
SDK in a loop. All send to the sandbox's null sink, another process, so that the client's CPU is only ours. What was
planned and sent is counted, and a wrong count ends the bench.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from audiences.sandbox.server import Sandbox
from bench.engine_report import Report, Step, absolute, growth, ratio
from bench.figures import Line, Options, Usage, in_turns, say, used_by

MOST_OF_THE_LOOP = 1_000_000  # upload rows: CPU per row does not depend on how many there are
ONCE_FROM = 5_000_000  # members from which on a pair is measured once
MEMBERS, JOIN, LOOP, EXPONENT = 1.5, 2.0, 1.3, 1.1
QUIET_SECONDS = {10_000_000: 60.0}
QUIET_MB = {1_000_000: 1_000.0, 10_000_000: 4_000.0}

Said = dict[str, Any]


def bench(options: Options) -> Report:
    """Measure at each of `options.sizes`, one after the other; raises SystemExit when something was counted wrong."""
    report = Report()
    for members in options.sizes:
        folder = options.folder / f"engine-{members}"
        folder.mkdir()
        with Sandbox(null_sink=True) as sink:
            Size(folder, members, sink.endpoint("meta"), options.repeats, report).run()
        shutil.rmtree(folder)
    report.targets += growth(report.steps, EXPONENT)
    return report


class Size:
    """All steps at one size, in the order of a first day, a quiet day and a busy day."""

    def __init__(self, folder: Path, members: int, endpoint: str, repeats: int, report: Report) -> None:
        self._folder, self._members, self._endpoint = folder, members, endpoint
        self._repeats = repeats if members < ONCE_FROM else 1
        self._report = report

    def run(self) -> None:
        """Run everything."""
        self._tell("making two builds")
        self._do("prepare", self._members, self._endpoint)
        self._do("publish", "first")
        self._compare_members()
        self._first_day()
        self._do("publish", "quiet")
        self._compare_join("no change", 0)
        self._quiet_day()
        self._do("publish", "busy")
        changes = self._busy_day()
        self._tell(f"{changes:,} changes on the busy day")

    def _compare_members(self) -> None:
        self._tell("members, and the same by hand, in turns")
        pairs = in_turns(lambda: self._do("members"), lambda: self._do("bare_members"), self._repeats)
        for (_, ours), (_, theirs) in pairs:
            self._refuse("members", ours["digest"], theirs["digest"])
        self._expect("members", pairs[0][0][1]["digest"][0], self._members)
        self._note("members", *pairs[0][0])
        for unit, key, at_most in (("wall s", "wall", MEMBERS), ("CPU s", "cpu", None)):
            both = tuple((ours[key], theirs[key]) for (_, ours), (_, theirs) in pairs)
            self._report.targets.append(ratio(Line(self._named("members"), "bare SQL", unit, both), at_most))

    def _first_day(self) -> None:
        _, planned = self._step("first plan", "plan")
        self._expect("first plan: additions", planned["adds"], self._members)
        _, applied = self._step("first apply", "apply")
        self._expect_applied("first apply", applied, "applied")
        self._tell("the SDK in a loop")
        most = min(applied["received"], MOST_OF_THE_LOOP)
        _, loop = self._do("sdk_loop", self._endpoint, applied["external_id"], most)
        self._expect("the loop's rows", loop["received"], most)
        both = ((applied["cpu"] * 1e6 / applied["received"], loop["cpu"] * 1e6 / loop["received"]),)
        line = Line(self._named("first apply"), "SDK in a loop", "CPU s per 1 M rows", both)
        self._report.targets.append(ratio(line, LOOP))

    def _quiet_day(self) -> None:
        planning, planned = self._step("plan, no change", "plan")
        self._expect("changes of a quiet day", planned["adds"] + planned["updates"] + planned["removes"], 0)
        applying, applied = self._step("apply, no change", "apply")
        self._expect_applied("apply of a quiet day", applied, "unchanged")
        wall, peak = planning.wall + applying.wall, max(planning.peak_mb, applying.peak_mb)
        name = self._named("a day without change, plan and apply")
        self._report.targets.append(absolute(name, "wall s", wall, QUIET_SECONDS.get(self._members)))
        self._report.targets.append(absolute(name, "peak MB", peak, QUIET_MB.get(self._members)))

    def _busy_day(self) -> int:
        _, planned = self._step("plan, 1 % churn", "plan")
        self._expect("gone", planned["removes"], planned["adds"])
        changes = planned["adds"] + planned["updates"] + planned["removes"]
        self._compare_join("1 % churn", changes)
        _, applied = self._step("apply, 1 % churn", "apply")
        self._expect_applied("apply of a busy day", applied, "applied")
        return int(changes)

    def _compare_join(self, day: str, changes: int) -> None:
        self._tell(f"the plan's comparison and a bare outer join, {day}")
        _, said = self._do("diff", self._repeats)
        self._expect(f"changes by a bare join, {day}", said["counts"], [changes, changes])
        for unit, key, at_most in (("wall s", "wall", JOIN), ("CPU s", "cpu", None)):
            both = tuple(map(tuple, said["pairs"][key]))
            line = Line(self._named(f"comparison, {day}"), "bare outer join", unit, both)
            self._report.targets.append(ratio(line, at_most))

    def _step(self, name: str, step: str) -> tuple[Usage, Said]:
        self._tell(name)
        used, said = self._do(step)
        if said.get("is_held"):
            raise SystemExit(f"engine: a guard holds the {name}")
        self._note(name, used, said)
        return used, said

    def _do(self, step: str, *arguments: object) -> tuple[Usage, Said]:
        used = used_by("bench.engine_steps", step, self._folder, *arguments)
        return used, json.loads((self._folder / "said.json").read_text(encoding="utf-8"))

    def _note(self, name: str, used: Usage, said: Said) -> None:
        self._report.steps.append(Step(name, self._members, used, said["wall"], said["cpu"]))

    def _expect_applied(self, what: str, applied: Said, state: str) -> None:
        if (applied["state"], applied["received"]) != (state, applied["sent"]):
            message = f"{applied['state']}, {applied['received']:,} of {applied['sent']:,} rows: {applied['message']}"
            raise SystemExit(f"engine: {what}: {message}")

    def _expect(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            raise SystemExit(f"engine: {what}: {found}, not {expected}")

    def _refuse(self, what: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            raise SystemExit(f"engine: {what} of the engine and by hand are not the same")

    def _named(self, what: str) -> str:
        return f"{what}, {self._members:,} members"

    def _tell(self, what: str) -> None:
        say(f"engine, {self._members:,} members: {what}")
