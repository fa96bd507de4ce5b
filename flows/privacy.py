"""The last net before Prefect: it stores messages and tracebacks of errors, and a foreign error may quote a person.

Errors of Boomerang are clean by rule and pass; of any other only its type and its place go on.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audiences.errors import BoomerangError


@contextmanager
def clean_errors() -> Iterator[None]:
    """Let no error out of the block whose text, or the text of what caused it, could hold a value of the data.

    Raises:
        BoomerangError: the one of the block, without its cause; or one that names type and place of a foreign error.
    """
    try:
        yield
    except BoomerangError as error:
        raise error from None
    except Exception as error:  # noqa: BLE001 - a net must hold everything
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}"
        raise BoomerangError(f"{type(error).__name__} at {place}: nobody foresaw this one, please report it") from None
