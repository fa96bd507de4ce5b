"""Retargeting audiences as code: the engine and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audiences.reading import read as read

__version__ = "0.1.0"
__all__ = ["__version__", "read"]


def __getattr__(name: str) -> Any:
    """`audiences.read`, imported when it is first asked for."""
    if name == "read":
        from audiences.reading import read

        return read
    raise AttributeError(f"module 'audiences' has no attribute {name!r}")
