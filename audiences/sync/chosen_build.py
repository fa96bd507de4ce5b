"""Which finished build a plan or a preview follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audiences.as_of import parse_as_of
from audiences.attached_build import attach_build
from audiences.builds import published_file, settle_killed
from audiences.errors import DataError
from audiences.ledger import Ledger
from audiences.settings import Settings


@dataclass(frozen=True)
class BuildRef:
    """The finished build that a plan follows. `newer_failed` says that a later one did not finish.

    `newest_id` is the newest finished build, another one where an older was asked for.
    """

    build_id: str
    as_of: datetime
    newer_failed: bool
    newest_id: str


def find_build(ledger: Ledger, settings: Settings, as_of: str | None, now: datetime) -> BuildRef:
    """The newest finished build, or the newest one of `as_of`. Raises DataError when there is none."""
    settle_killed(ledger, settings)
    rows = ledger.connection.execute(
        "select build_id, as_of, state, sequence_number from sync.builds order by sequence_number desc"
    ).fetchall()  # as they were begun: by a clock that was ahead, one would stay the newest for days
    finished = [row for row in rows if row[2] == "finished"]
    newest_id = finished[0][0] if finished else ""
    if as_of is not None:
        moment = parse_as_of(as_of, timezone=settings.shop.timezone, now=now)
        finished = [row for row in finished if row[1] == moment]
        if not finished:
            raise DataError(f"there is no finished build for {as_of}: run `boomerang build --as-of {as_of}`")
    if not finished:
        raise DataError("there is no finished build yet: run `boomerang extract`, then `boomerang build`")
    build_id, moment, _, begun = finished[0]
    newer_failed = as_of is None and any(row[2] == "failed" and row[3] > begun for row in rows)
    return BuildRef(build_id, moment, newer_failed, newest_id)


def attach_chosen(ledger: Ledger, settings: Settings, build: BuildRef) -> None:
    """Attach the build, with the refusals that only the newest one knows. Raises DataError when a file of them is gone."""
    newest = None if build.newest_id == build.build_id else published_file(settings, build.newest_id)
    attach_build(ledger.connection, published_file(settings, build.build_id), ledger.key, newest)
