"""Lists that a platform makes only together with their first rows, so that `ensure` cannot make them.

Such a list has an external id that it is given before it exists: the mark behind its name, by which it is found. Who asked
`ensure` for a new list makes it with the first rows that are added, in the same process. A list that a ledger knows and that is
not found is gone: that is said when something is asked of it, and the ledger then begins anew.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class FirstRows:
    """Which lists of an opened account wait for their first rows; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._making: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
        self._labels: dict[str, str] = {}
        self._missing: set[str] = set()

    def await_rows(self, external_id: str, label: str) -> None:
        """The list is to be made with the first rows that come for it."""
        with self._lock:
            self._labels[external_id] = label
            self._missing.discard(external_id)

    def note_missing(self, external_id: str) -> None:
        """The ledger knows the list, and it was not found."""
        with self._lock:
            self._missing.add(external_id)

    def label_of(self, external_id: str) -> str | None:
        """The name of a list that waits for its first rows; None for any other."""
        with self._lock:
            return self._labels.get(external_id)

    def is_to_be_renamed_later(self, external_id: str, label: str) -> bool:
        """Note the new name of a list that is not there yet; False for one of which nothing is known."""
        with self._lock:
            if external_id in self._labels:
                self._labels[external_id] = label
                return True
            return external_id in self._missing

    def note_made(self, external_id: str) -> None:
        """The list is there now."""
        with self._lock:
            self._labels.pop(external_id, None)

    @contextmanager
    def making(self, external_id: str) -> Iterator[None]:
        """Only one thread at a time looks whether the list is there, and makes it."""
        with self._lock:
            lock = self._making[external_id]
        with lock:
            yield
