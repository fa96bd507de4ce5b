"""Client CPU seconds per million rows: our Meta platform against Meta's SDK called in a loop with ready-made batches.

Both send the same rows through HTTP to the sandbox's null sink, which counts them and forgets them, in turns in one run.
Run it with `python bench/meta_client.py [rows]`.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

from audiences.domain import HashRow, ListId
from audiences.platforms.base import Batch, RemoteList
from audiences.platforms.registry import open_platform
from audiences.sandbox.server import Sandbox

ACCOUNT = {"id": "act_1", "access_token": "sandbox-token"}
ROWS_PER_BATCH = 10_000
REPEATS = 3


def made_batches(rows: int) -> list[list[HashRow]]:
    """Upload rows of eight hashes, in full batches."""
    digests = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(ROWS_PER_BATCH + 8)]
    batch = [HashRow(",".join(digests[number : number + 8])) for number in range(ROWS_PER_BATCH)]
    return [batch] * max(rows // ROWS_PER_BATCH, 1)


def ours(endpoint: str, external_id: str, batches: Sequence[list[HashRow]]) -> Iterator[int]:
    """Send by the platform; yields how many rows each answer counted."""
    meta = open_platform("meta", endpoint=endpoint, account=ACCOUNT)
    for number, rows in enumerate(batches):
        yield meta.add(external_id, Batch(rows, number)).received
    meta.close()


def sdk_loop(endpoint: str, external_id: str, payloads: Sequence[dict[str, object]]) -> Iterator[int]:
    """Send by the SDK, which makes JSON of each payload; yields how many rows each answer counted."""
    session = FacebookSession(access_token=ACCOUNT["access_token"])
    session.GRAPH = endpoint
    api = FacebookAdsApi(session)
    for number, payload in enumerate(payloads):
        upload = {"session_id": number + 1, "batch_seq": 1, "last_batch_flag": True}
        answer = api.call("POST", (external_id, "users"), params={"payload": payload, "session": upload})
        yield answer.json()["num_received"]
    session.requests.close()


def cpu_seconds(send: Callable[[], Iterator[int]], expected: int) -> float:
    """CPU seconds of this process while sending; the rows counted must be those sent."""
    began = time.process_time()
    received = sum(send())
    used = time.process_time() - began
    if received != expected:
        raise SystemExit(f"{received} rows were counted, {expected} sent")
    return used


def measure(rows: int) -> tuple[float, float]:
    """The best CPU seconds per million rows of both: ours, the SDK's loop."""
    batches = made_batches(rows)
    total = sum(map(len, batches))
    names = ["EMAIL", "PHONE", "FN", "LN", "CT", "ST", "ZIP", "COUNTRY"]
    payloads = [{"schema": names, "data": [row.split(",") for row in batches[0]]}] * len(batches)
    with Sandbox(null_sink=True) as sink:
        endpoint = sink.endpoint("meta")
        meta = open_platform("meta", endpoint=endpoint, account=ACCOUNT)
        external_id = meta.ensure(RemoteList(ListId("bench@meta:main"), "Bench", "bench", "bench"))
        meta.close()
        pairs = [
            (
                cpu_seconds(lambda: ours(endpoint, external_id, batches), total),
                cpu_seconds(lambda: sdk_loop(endpoint, external_id, payloads), total),
            )
            for _ in range(REPEATS)
        ]
    return min(pair[0] for pair in pairs) * 1e6 / total, min(pair[1] for pair in pairs) * 1e6 / total


if __name__ == "__main__":
    mine, theirs = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
    print(f"client CPU s per 1 M rows: boomerang {mine:.2f}, SDK loop {theirs:.2f}, ratio {mine / theirs:.2f}")
