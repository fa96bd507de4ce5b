"""Two platforms with a low floor, as a package of their own brings them: Meta, and the noticeboard, which forgets and has quotas.

Both are the real clients; only how few people a list needs is another, and from which columns the noticeboard's rows come.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from contextlib import contextmanager
from pathlib import Path

from audiences.platforms import meta
from audiences.platforms.base import Field

META, BOARD = "small", "board"
STAND_INS = {META: "meta", BOARD: "noticeboard"}
"""By platform, who stands in for it in the sandbox."""
FLOOR = 2
NOTICEBOARD = Path(__file__).parents[1] / "noticeboard" / "installed"
METADATA = "Metadata-Version: 2.1\nName: histories-platform\nVersion: 1.0\n"
ENTRY_POINTS = f"[boomerang.platforms]\n{META} = histories_platform:KIND\n{BOARD} = histories_platform:BOARD_KIND\n"


@contextmanager
def _on_path(folder):
    """Only while the block lasts, so that no other test finds the noticeboard by its entry points."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


with _on_path(NOTICEBOARD):
    from noticeboard import platform as noticeboard


def _with_low_floor(kind, **values):
    def limits_for(account):
        return dataclasses.replace(kind.limits_for(account), min_members=FLOOR)

    return dataclasses.replace(kind, limits_for=limits_for, **values)


BOARD_FIELDS = (
    Field("EMAIL", "email_plain", identifies=True),
    Field("PHONE", "phone_digits", identifies=True),
    Field("COUNTRY", "google_given_name"),
)
KIND = _with_low_floor(meta.KIND, name=META)
BOARD_KIND = _with_low_floor(noticeboard.KIND, name=BOARD, fields=BOARD_FIELDS)


@contextmanager
def for_children():
    """Processes that are started in the block find the noticeboard's stand-in."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(NOTICEBOARD), *([before] if before else [])])
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def install(folder: Path) -> None:
    """Let entry points of this process find the platforms in `folder`."""
    info = folder / "histories_platform-1.0.dist-info"
    if not info.is_dir():
        info.mkdir(parents=True)
        (info / "METADATA").write_text(METADATA, encoding="utf-8")
        (info / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    for path in (str(folder), str(Path(__file__).parent)):
        if path not in sys.path:
            sys.path.insert(0, path)
