"""One run at a time on a list: a lock file that the system gives back when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from typing import ClassVar

from audiences.errors import Busy

MODE = 0o600


class RunLock:
    """The lock of one list. Accounts that one process opens side by side share it."""

    _held: ClassVar[dict[tuple[int, int], tuple[int, int]]] = {}
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, file: Path) -> None:
        self._file = file
        self._key: tuple[int, int] | None = None

    @property
    def is_held(self) -> bool:
        """Whether `hold` was called since the last `release`."""
        return self._key is not None

    def hold(self) -> None:
        """Be the one that writes. Raises Busy at once when another process does."""
        if self._key is not None:
            return
        handle = os.open(self._file, os.O_CREAT | os.O_RDWR, MODE)
        found = os.fstat(handle)
        key = (found.st_dev, found.st_ino)
        with self._guard:
            known, count = self._held.get(key, (None, 0))
            if known is not None:
                os.close(handle)
                handle = known
            elif not _locked(handle):
                os.close(handle)
                raise Busy(f"another run is writing into {self._file.parent.name}: let it finish and try again")
            self._held[key] = (handle, count + 1)
        self._key = key

    def release(self) -> None:
        """Let others write; does nothing where the lock is not held."""
        key, self._key = self._key, None
        if key is None:
            return
        with self._guard:
            handle, count = self._held.pop(key)
            if count > 1:
                self._held[key] = (handle, count - 1)
            else:
                os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
