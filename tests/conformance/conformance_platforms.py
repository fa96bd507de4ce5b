"""The platforms that pyproject names, and those that are registered here."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

from audiences.platforms.registry import GROUP

HERE = Path(__file__).parent
DECLARED = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text())["project"]["entry-points"][GROUP]
REGISTRATIONS = [importlib.import_module(file.stem).REGISTRATION for file in sorted(HERE.glob("registered_*.py"))]
