"""The flow `forget`: goes on with every open request to be forgotten, until no list has the person any more.

It takes no identifier, because Prefect stores parameters: whom it is about stands as marks in the ledger, written by
`boomerang forget`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact

from audiences.errors import Busy, Unavailable
from audiences.log import redact
from audiences.settings import Settings
from audiences.sync.forget import drain_erasures
from audiences.sync.receipt import Erasure
from flows.privacy import clean_errors
from flows.steps import BUSY_WAITS, settings_of

ROUNDS = (60.0, 300.0, 900.0)  # seconds before each further try while a platform does not take a removal


@flow(name="forget")
def forget(config: str | None = None) -> None:
    """Take everybody who asked to be forgotten off the lists on which they still are.

    Args:
        config: the settings file; without one `BOOMERANG_CONFIG`, else `boomerang.yaml` in the working folder.

    Raises:
        Unavailable: a list is still open; the next run goes on.
        Busy: the ledger was never free.
    """
    with clean_errors():
        error = open_error(drain(settings_of(config), ROUNDS))
        if error is not None:
            raise error


def drain(settings: Settings, rounds: Sequence[float] = ()) -> tuple[Erasure, ...]:
    """Go on with what is open, and again after each of `rounds` seconds while some stays open. The newest receipts.

    Raises:
        Busy: the ledger was never free.
    """
    receipts: dict[str, Erasure] = {}
    for pause in [*rounds, None]:
        receipts |= {one.erasure_id: one for one in _drained_when_free(settings)}
        if pause is None or not any(one.is_open for one in receipts.values()):
            break
        get_run_logger().warning("a platform did not take every removal: trying again in %.0f s", pause)
        time.sleep(pause)
    if receipts:
        _publish(settings.environment, list(receipts.values()))
    get_run_logger().info("%d requests to be forgotten were open", len(receipts))
    return tuple(receipts.values())


def open_error(receipts: Sequence[Erasure]) -> Unavailable | None:
    """What to raise when somebody is still on a list; names lists, and nobody."""
    lines = [
        f"  {receipt.erasure_id} {one.list}: {one.why}"
        for receipt in receipts
        for one in receipt.lists
        if one.state == "open"
    ]
    if not lines:
        return None
    return Unavailable("\n".join(["somebody who asked to be forgotten is still on these lists:", *lines]))


def _drained_when_free(settings: Settings) -> tuple[Erasure, ...]:
    for pause in BUSY_WAITS:
        try:
            return drain_erasures(settings)
        except Busy as error:
            get_run_logger().warning("%s; trying again in %.0f s", error, pause)
            time.sleep(pause)
    return drain_erasures(settings)


def _publish(environment: str, receipts: Sequence[Erasure]) -> None:
    text = "\n\n".join(["# Erasures", *(f"```\n{one.as_text()}\n```" for one in receipts)])
    key = f"forget-receipts-{environment}".replace("_", "-")
    create_markdown_artifact(redact(text), key=key, description=f"Receipts of erasures in {environment}")
