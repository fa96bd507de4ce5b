"""Starting a project of one's own: a commented settings file, the dbt project and the audience definitions."""

from __future__ import annotations

import shutil
from importlib.metadata import entry_points
from importlib.resources import as_file, files
from pathlib import Path

from audiences.errors import ConfigError
from audiences.names import hint
from audiences.settings import DEFAULT_FILE, shipped_dbt_folder

UNWANTED = shutil.ignore_patterns("target", "logs", "__pycache__")


def init(folder: Path, *, source: str = "files") -> list[Path]:
    """Write `boomerang.yaml`, `dbt/` and `definitions/` into a folder; what is there already is never overwritten.

    Args:
        folder: made when it is not there.
        source: the source that the settings begin with.

    Returns:
        What was written.

    Raises:
        ConfigError: a settings file is there already, or the source is unknown.
    """
    known = {point.name for point in entry_points(group="boomerang.sources")}
    if source not in known:
        raise ConfigError(f"unknown source {source}{hint(source, known)}")
    settings_file = folder / DEFAULT_FILE
    if settings_file.exists():
        raise ConfigError(
            "there is a settings file here already: change it, or choose another folder", file=settings_file
        )
    folder.mkdir(parents=True, exist_ok=True)
    written = [settings_file]
    with as_file(files("audiences") / "templates" / DEFAULT_FILE) as template:
        shutil.copyfile(template, settings_file)
    for original, copy in ((shipped_dbt_folder(), folder / "dbt"), (_definitions(), folder / "definitions")):
        if not copy.exists():
            shutil.copytree(original, copy, ignore=UNWANTED)
            written.append(copy)
    return written


def _definitions() -> Path:
    return Path(__file__).parent / "definitions"
