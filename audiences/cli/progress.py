"""Progress on stderr, for people only: nothing is drawn unless stderr is a terminal and it takes over two seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 2.0  # seconds


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Callable[[str, int], None]]:
    """A bar that is told what was done (`advance(text, steps)`); without a terminal it does nothing."""
    if not sys.stderr.isatty():
        yield lambda _text, _steps: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    task = bar.add_task(title, total=total)
    begun = time.monotonic()
    shown = False

    def advance(text: str, steps: int) -> None:
        nonlocal shown
        if not shown and time.monotonic() - begun > PATIENCE:
            bar.start()
            shown = True
        bar.update(task, description=f"{title}: {text}" if text else title, advance=steps)

    try:
        yield advance
    finally:
        if shown:
            bar.stop()
