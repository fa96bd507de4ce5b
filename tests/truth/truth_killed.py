"""Asking the platforms in a process of its own that kills itself after so many calls of the engine's functions."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import audiences
from audiences.ledger import open_ledger  # noqa: F401 - imported before counting begins
from audiences.platforms import meta_wire  # noqa: F401 - the SDK too
from audiences.settings import load_settings
from audiences.sync.confirm import confirm_lists

PACKAGE = str(Path(audiences.__file__).parent)


class _Counter:
    """Counts calls into the package, of all threads; kills the process at `deadly`, if it is not None."""

    def __init__(self, deadly):
        self.calls, self.deadly = 0, deadly

    def __call__(self, frame, event, _argument):
        if event not in ("call", "return") or not frame.f_code.co_filename.startswith(PACKAGE):
            return
        self.calls += 1
        if self.calls == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)


def confirm_until(file, now, deadly, answers):
    """Ask at the instant `now`; put the number of counted calls into `answers` when it was not killed."""
    settings = load_settings(file)
    counter = _Counter(deadly)
    threading.setprofile(counter)
    sys.setprofile(counter)
    confirm_lists(settings, clock=lambda: now)
    sys.setprofile(None)
    threading.setprofile(None)
    answers.put(counter.calls)
