"""Uploading alone, without plan and ledger: our Meta platform beside the SDK's own loop, both into the null sink."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from audiences.domain import HashRow, ListId
from audiences.platforms.base import Batch, RemoteList
from audiences.platforms.registry import open_platform
from audiences.sandbox.server import Sandbox
from bench.figures import Line, Options, cpu_seconds, in_turns, say
from bench.sdk_loop import ROWS_PER_REQUEST, send_all

ACCOUNT = {"id": "act_1", "access_token": "sandbox-token"}


def bench(options: Options) -> list[Line]:
    """CPU seconds per million rows; raises SystemExit when not all rows were counted."""
    say("upload alone: our client and the SDK's loop, in turns")
    size = min(options.rows, ROWS_PER_REQUEST)
    rows = [made_row(number) for number in range(size)]
    cells = [row.split(",") for row in rows]
    times = max(options.rows // size, 1)
    with Sandbox(null_sink=True) as sink:
        endpoint = sink.endpoint("meta")
        external_id = _list(endpoint)
        pairs = in_turns(
            lambda: cpu_seconds(lambda: _ours(endpoint, external_id, [rows] * times)),
            lambda: _theirs(endpoint, external_id, [cells] * times),
            options.repeats,
        )
    scale = 1e6 / (times * size)
    scaled = tuple((ours * scale, theirs * scale) for ours, theirs in pairs)
    return [Line("upload alone", "SDK in a loop", "CPU s per 1 M rows", scaled)]


def made_row(number: int) -> HashRow:
    """An upload row of eight hashes."""
    return HashRow(",".join(hashlib.sha256(f"{number} {field}".encode()).hexdigest() for field in range(8)))


def _list(endpoint: str) -> str:
    meta = open_platform("meta", endpoint=endpoint, account=ACCOUNT)
    external_id = meta.ensure(RemoteList(ListId("bench@meta:main"), "Bench", "bench", "bench"))
    meta.close()
    return external_id


def _ours(endpoint: str, external_id: str, batches: Sequence[list[HashRow]]) -> None:
    meta = open_platform("meta", endpoint=endpoint, account=ACCOUNT)
    received = sum(meta.add(external_id, Batch(rows, number)).received for number, rows in enumerate(batches, start=1))
    meta.close()
    _refuse_lost(received, batches)


def _theirs(endpoint: str, external_id: str, batches: Sequence[list[list[str]]]) -> float:
    used, received = send_all(endpoint, ACCOUNT["access_token"], external_id, batches)
    _refuse_lost(received, batches)
    return used


def _refuse_lost(received: int, batches: Sequence[list[HashRow]] | Sequence[list[list[str]]]) -> None:
    if received != sum(map(len, batches)):
        raise SystemExit(f"upload alone: {received} rows were counted, {sum(map(len, batches))} were sent")
