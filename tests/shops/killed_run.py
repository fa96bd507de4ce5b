"""A task in a process of its own that kills itself: after so many calls of the engine's functions, by SIGKILL.

Calls are counted by the interpreter's profiling hook, in all threads, so that nothing of the engine is replaced.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
import threading
from pathlib import Path

import audiences
from audiences.ledger import open_ledger
from audiences.platforms import meta_wire  # noqa: F401 - imported before counting begins
from audiences.settings import load_settings
from audiences.sync.apply import apply_plan
from audiences.sync.confirm import confirm_lists
from audiences.sync.forget import forget
from audiences.sync.plan import make_plan

PACKAGE = str(Path(audiences.__file__).parent)


def processes():
    """Processes are forked from one that has imported the engine and nothing else, so that each starts at once."""
    context = multiprocessing.get_context("forkserver")
    engine = [
        "audiences.sync.apply",
        "audiences.sync.confirm",
        "audiences.sync.forget",
        "audiences.platforms.meta_wire",
    ]
    context.set_forkserver_preload(engine)  # this module could not be found there
    return context


class Counter:
    """Counts calls into the package and returns from them; kills the process at `deadly`, if it is not None."""

    def __init__(self, deadly):
        self.calls, self._deadly, self._numbers = 0, deadly, itertools.count(1)

    def __call__(self, frame, event, _argument):
        if event not in ("call", "return") or not frame.f_code.co_filename.startswith(PACKAGE):
            return
        self.calls = next(self._numbers)
        if self.calls == self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)


# Tasks: each gives the number of calls counted at the end of each of its parts ------------------------------------------


def sync(settings, now, counter):
    plan = make_plan(settings, now=now)
    planned = counter.calls
    apply_plan(settings, plan.plan_id, clock=lambda: now)
    return planned, counter.calls


def confirm(settings, now, counter):
    confirm_lists(settings, clock=lambda: now)
    return counter.calls


def forget_one(settings, now, counter, typed):
    forget(settings, typed, clock=lambda: now)
    return counter.calls


def _do(task, file, now, deadly, answers, arguments):
    settings = load_settings(file)
    counter = Counter(deadly)
    threading.setprofile(counter)
    sys.setprofile(counter)
    counted = task(settings, now, counter, *arguments)
    sys.setprofile(None)
    threading.setprofile(None)
    answers.put(counted)


def start(task, shop, *arguments, deadly=None):
    """Start a task in a process of its own: the process, and where its answer comes (to be kept until it ends)."""
    answers = processes().SimpleQueue()
    file = shop.folder / "boomerang.yaml"
    process = processes().Process(target=_do, args=(task, file, shop.tick(), deadly, answers, arguments))
    process.start()
    return process, answers


def run(task, shop, *arguments, deadly=None):
    """A task in another process: what it counted, or None when it was killed."""
    process, answers = start(task, shop, *arguments, deadly=deadly)
    process.join()
    assert process.exitcode == (0 if deadly is None else -signal.SIGKILL)
    return answers.get() if deadly is None else None


def hold(file, is_held, may_go):
    """Hold the ledger until it may go."""
    with open_ledger(load_settings(file)):
        is_held.set()
        may_go.wait(60)
