"""Progress on stderr, for people only: nothing is drawn unless stderr is a terminal and it takes over two seconds."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 2.0  # seconds


@contextmanager
def progress(title: str) -> Iterator[Callable[[str, int], None]]:
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
    task = bar.add_task(title, total=None)
    patience = threading.Timer(PATIENCE, bar.start)
    patience.daemon = True
    patience.start()

    def advance(text: str, steps: int) -> None:
        bar.update(task, description=f"{title}: {text}" if text else title, advance=steps)

    try:
        yield advance
    finally:
        patience.cancel()
        patience.join()
        if bar.live.is_started:
            bar.stop()
