"""What somebody would write without Boomerang: Meta's SDK in a loop over batches that are ready to be sent.

It knows no ledger, no plan and no consent, and does not look at the answers but for their counts.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

SCHEMA = ("EMAIL", "PHONE", "FN", "LN", "CT", "ST", "ZIP", "COUNTRY")
ROWS_PER_REQUEST = 10_000

Rows = list[list[str]]


def send_all(endpoint: str, token: str, external_id: str, batches: Iterable[Rows]) -> tuple[float, int]:
    """Send each batch in a request of its own.

    Returns:
        CPU seconds of this process in the SDK's calls alone, the making of the batches left out; rows counted.
    """
    session = FacebookSession(access_token=token)
    session.GRAPH = endpoint
    session.requests.trust_env = False  # a proxy of the network does not know this machine
    api = FacebookAdsApi(session)
    used, received = 0.0, 0
    for number, rows in enumerate(batches, start=1):
        payload = {"schema": SCHEMA, "data": rows}
        upload = {"session_id": number, "batch_seq": 1, "last_batch_flag": True}
        began = time.process_time()
        answer = api.call("POST", (external_id, "users"), params={"payload": payload, "session": upload})
        received += answer.json()["num_received"]
        used += time.process_time() - began
    session.requests.close()
    return used, received
