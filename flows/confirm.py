"""The flow `confirm`: asks the platforms what they processed, an hour after `daily` sent it, and tells what is not in order.

Asking changes nothing at a platform, so it is done again as often as it takes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event

from audiences.sync.confirm import ListConfirmation, confirm_lists
from flows.artifacts import publish, truth_text
from flows.outcome import LATER, error_of
from flows.privacy import clean_errors
from flows.steps import BUSY_WAITS, is_busy, settings_of

PLATFORM_WAITS = (300.0, 900.0)  # seconds before those lists are asked about again whose platform was not to be had


@flow(name="confirm")
def confirm(config: str | None = None, audiences: list[str] | None = None) -> None:
    """Ask the platforms about every list, write down what they say, and tell what is not in order.

    Args:
        config: the settings file; without one `BOOMERANG_CONFIG`, else `boomerang.yaml` in the working folder.
        audiences: names of the audiences whose lists are asked about; all when empty.

    Raises:
        PlatformError: a list is flagged, or was deleted there, or a platform refuses to tell.
        BoomerangError: what else went wrong, by its kind; see docs/flows.md for what to do.
    """
    with clean_errors():
        results = ask_all(config, audiences or [])
        tell(config, results)
        error = error_of(results)
        if error is not None:
            raise error


def ask_all(
    config: str | None, audiences: Sequence[str], waits: Sequence[float] = PLATFORM_WAITS
) -> list[ListConfirmation]:
    """Ask, and again after each of `waits` seconds where a platform was not to be had. The last word on each list.

    Raises:
        Busy: the ledger was never free.
    """
    found = {item.list: item for item in ask(config, audiences)}
    for wait in waits:
        later = sorted({item.audience for item in found.values() if item.exit_code == LATER})
        if not later:
            break
        get_run_logger().warning("not every platform could be asked: asking again in %.0f s", wait)
        time.sleep(wait)
        found |= {item.list: item for item in ask(config, later) if found[item.list].exit_code == LATER}
    return [found[name] for name in sorted(found)]


@task(
    name="ask", task_run_name="ask", cache_policy=NO_CACHE,
    retries=len(BUSY_WAITS), retry_delay_seconds=BUSY_WAITS, retry_condition_fn=is_busy,
)  # fmt: skip
def ask(config: str | None, audiences: Sequence[str]) -> list[ListConfirmation]:
    """Ask the platforms once."""
    with clean_errors():
        return confirm_lists(settings_of(config), audiences)


@task(name="tell", task_run_name="tell", cache_policy=NO_CACHE)
def tell(config: str | None, results: Sequence[ListConfirmation]) -> None:
    """Publish what was learnt, and tell Prefect of each list that is gone or flagged."""
    with clean_errors():
        environment = settings_of(config).environment
        publish("truth", environment, truth_text(results), flow="confirm")
        for item in results:
            if item.state == "gone" or item.is_flagged:
                _tell_trouble(environment, item, "flagged" if item.is_flagged else "gone")


def _tell_trouble(environment: str, item: ListConfirmation, what: str) -> None:
    emit_event(
        event=f"boomerang.list.{what}",
        resource={
            "prefect.resource.id": f"boomerang.list.{environment}.{item.list}",
            "prefect.resource.name": item.list,
        },
        payload={"environment": environment, "list": item.list, "audience": item.audience, "why": item.message},
    )
