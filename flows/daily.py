"""The flow `daily`: what is open of erasures, then extract, build, plan, apply, report.

It says what runs when; what is done lives in `audiences`.
No flow takes a customer's identifier as a parameter: Prefect stores parameters.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from prefect import flow, get_run_logger

from audiences.errors import Busy
from audiences.sync.apply import ListResult
from flows.building import build_models
from flows.forget import drain, open_error
from flows.outcome import error_of, merge, pass_by_themselves
from flows.privacy import clean_errors
from flows.steps import check, load_sources, plan_lists, report, send, settings_of

PLATFORM_WAITS = (60.0, 300.0, 900.0, 1800.0)  # seconds before each further round of planning and sending


@flow(name="daily")
def daily(config: str | None = None, audiences: list[str] | None = None, as_of: str | None = None) -> None:
    """Bring in what is new, build the segments, and make every list equal to its audience.

    Args:
        config: the settings file; without one `BOOMERANG_CONFIG`, else `boomerang.yaml` in the working folder.
        audiences: names of the audiences to bring to their lists; all when empty.
        as_of: a date or a timestamp in the shop's time to build for; now when empty.

    Raises:
        GuardTripped: a guard holds changes of a list; all that it does not hold went.
        Unavailable: somebody who asked to be forgotten is still on a list.
        BoomerangError: what else went wrong, by its kind; see docs/flows.md for what to do.
    """
    names = audiences or []
    with clean_errors():
        erasures = drain(settings_of(config))
        check(config, names)
        load_sources(config)
        build_models(config, as_of)
        results = update_lists(config, names, as_of)
        report(config, results)
        error = error_of(results) or open_error(erasures)
        if error is not None:
            raise error


def update_lists(
    config: str | None, audiences: Sequence[str], as_of: str | None, waits: Sequence[float] = PLATFORM_WAITS
) -> list[ListResult]:
    """Plan and apply, and again after each of `waits` seconds while the ledger is busy or a platform is not to be had.

    A further round plans anew from what the ledger knows was accepted, so nothing is sent twice.

    Raises:
        Busy: the ledger was never free.
        DataError: there is no finished build.
    """
    results: list[ListResult] = []
    for wait in [*waits, None]:
        try:
            plan = plan_lists(config, audiences, as_of)
            if not plan.lists:  # every audience is paused
                break
            results = merge(results, send(config, plan.plan_id).lists)
        except Busy:
            if wait is None:
                raise
        else:
            if wait is None or not pass_by_themselves(results):
                break
        get_run_logger().warning("not all lists could be brought up to date: planning again in %.0f s", wait)
        time.sleep(wait)
    return results
