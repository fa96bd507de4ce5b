"""A plugin of the whole test run: brings together what the workers' histories and kills found, prints and keeps it."""

from __future__ import annotations

import pytest
from histories_tally import keep, lines, merge, results

RESULTS = "histories"


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """A worker is done."""
    merge(getattr(node, "workeroutput", {}).get(RESULTS, {}))


def pytest_sessionfinish(session, exitstatus):
    """A worker hands its results over; the process that started them keeps those of all."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[RESULTS] = results
    else:
        keep(exitstatus)


def pytest_terminal_summary(terminalreporter):
    """Counts and results, whatever else is printed."""
    for line in lines():
        terminalreporter.write_line(line)
