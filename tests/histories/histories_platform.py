"""Meta with a low floor, as a platform of another package: the real client, lists of a few people."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from audiences.platforms import meta

NAME = "small"
FLOOR = 2
METADATA = "Metadata-Version: 2.1\nName: histories-platform\nVersion: 1.0\n"
ENTRY_POINTS = f"[boomerang.platforms]\n{NAME} = histories_platform:KIND\n"


def limits_for(account):
    return dataclasses.replace(meta.limits_for(account), min_members=FLOOR)


KIND = dataclasses.replace(meta.KIND, name=NAME, limits_for=limits_for)


def install(folder: Path) -> None:
    """Let entry points of this process find the platform in `folder`."""
    info = folder / "histories_platform-1.0.dist-info"
    if not info.is_dir():
        info.mkdir(parents=True)
        (info / "METADATA").write_text(METADATA, encoding="utf-8")
        (info / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    for path in (str(folder), str(Path(__file__).parent)):
        if path not in sys.path:
            sys.path.insert(0, path)
