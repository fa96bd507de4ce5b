"""Erasures in a process of their own: one that kills itself after so many calls of the engine, one that only holds the ledger."""

from __future__ import annotations

import sys

from engine_killed import _Counter

from audiences.ledger import open_ledger
from audiences.settings import load_settings
from audiences.sync.forget import forget


def forget_until(file, typed, now, deadly, answers):
    """Forget somebody at the instant `now`; put the number of counted calls into `answers` when it was not killed."""
    settings = load_settings(file)
    counter = _Counter(deadly)
    sys.setprofile(counter)
    forget(settings, typed, clock=lambda: now)
    sys.setprofile(None)
    answers.put(counter.calls)


def hold(file, is_held, may_go):
    """Hold the ledger until it may go."""
    with open_ledger(load_settings(file)):
        is_held.set()
        may_go.wait(60)
