"""A sync in a process of its own that kills itself: after so many calls of the engine's functions, by SIGKILL.

Calls are counted by the interpreter's profiling hook, so that nothing of the engine is replaced.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import audiences
from audiences.ledger import open_ledger  # noqa: F401 - imported before counting begins
from audiences.platforms import meta_wire  # noqa: F401 - the SDK too
from audiences.settings import load_settings
from audiences.sync.apply import apply_plan
from audiences.sync.plan import make_plan

PACKAGE = str(Path(audiences.__file__).parent)


class _Counter:
    """Counts calls into the package; kills the process at `deadly`, if it is not None."""

    def __init__(self, deadly):
        self.calls, self.deadly = 0, deadly

    def __call__(self, frame, event, _argument):
        if event not in ("call", "return") or not frame.f_code.co_filename.startswith(PACKAGE):
            return
        self.calls += 1
        if self.calls == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)


def sync_until(file, now, deadly, answers):
    """Plan and apply at the instant `now`; put the number of counted calls into `answers` when it was not killed."""
    settings = load_settings(file)
    counter = _Counter(deadly)
    sys.setprofile(counter)
    plan = make_plan(settings, now=now)
    planned = counter.calls
    apply_plan(settings, plan.plan_id, clock=lambda: now)
    sys.setprofile(None)
    answers.put((planned, counter.calls))
