"""One run in a process of its own, which kills itself by SIGKILL at its nth moment.

Moments are just before and just after every statement to the ledger and every request to a platform. The functions that
reach them are wrapped in this process only; nothing of the engine is replaced.
"""

from __future__ import annotations

import datetime as dt
import functools
import http.client
import os
import signal
from pathlib import Path

import duckdb
from histories_platform import install

from audiences.ledger import open_ledger  # noqa: F401 - imported before counting begins
from audiences.platforms import meta_wire  # noqa: F401 - the SDK too
from audiences.settings import load_settings
from audiences.sync.apply import apply_plan
from audiences.sync.confirm import confirm_lists
from audiences.sync.forget import forget
from audiences.sync.plan import make_plan

AN_HOUR = dt.timedelta(hours=1)
STATEMENTS = ("execute", "executemany", "begin", "commit")
REQUESTS = ("endheaders", "getresponse")


class Moments:
    """Counts moments by kind: statements while each task is done, and requests. The process ends at the nth of a kind."""

    def __init__(self, kind, number):
        self.counts: dict[str, int] = {}
        self.task, self._deadly = "", (kind, number)

    def pass_one(self, kind):
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if (kind, self.counts[kind]) == self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function, *, kind=""):
        """The function with a moment before it and one after it."""

        @functools.wraps(function)
        def counted(*arguments, **named):
            self.pass_one(kind or self.task)
            answer = function(*arguments, **named)
            self.pass_one(kind or self.task)
            return answer

        return counted

    def watch(self):
        for name in STATEMENTS:
            setattr(duckdb.DuckDBPyConnection, name, self.around(getattr(duckdb.DuckDBPyConnection, name)))
        for name in REQUESTS:
            counted = self.around(getattr(http.client.HTTPConnection, name), kind="request")
            setattr(http.client.HTTPConnection, name, counted)


def run_until(installed, file, now, forgotten, deadly, answers):
    """Plan, apply, confirm and forget; put the number of moments by kind into `answers` when the process was not killed.

    `forgotten` is the id of a customer who is erased at the end, or None; `deadly` a kind of moment (plan, apply, confirm,
    forget, request) and its number.
    """
    install(Path(installed))
    settings = load_settings(file)
    moments = Moments(*deadly)
    moments.watch()
    moments.task = "plan"
    made = make_plan(settings, now=now)
    moments.task = "apply"
    apply_plan(settings, made.plan_id, clock=lambda: now)
    moments.task = "confirm"
    confirm_lists(settings, clock=lambda: now + AN_HOUR)
    moments.task = "forget"
    if forgotten:
        forget(settings, forgotten, clock=lambda: now + AN_HOUR)
    answers.put(moments.counts)
