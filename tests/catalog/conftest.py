"""A folder of definitions to write into, and the columns and platforms that they are checked against."""

from collections.abc import Callable
from pathlib import Path

import pytest

from audiences.catalog import PlatformInfo, Schema, check, load_catalog
from audiences.platforms.meta import KIND as META

Write = Callable[[str, str], Path]
Check = Callable[[], list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "definitions"
    made.mkdir()
    return made


@pytest.fixture
def write(folder: Path) -> Write:
    def write(name: str, text: str) -> Path:
        file = folder / name
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def schema() -> Schema:
    return Schema(
        segments={
            "lapsed_buyers": {"customer_id": "text", "order_count": "number", "is_late": "bool", "country": "text"},
            "wishlisters": {"customer_id": "text", "category": "text", "added_at": "timestamp", "launched_on": "date"},
            "recent_buyers": {"customer_id": "text"},
        },
        customers={"customer_id": "text", "country": "text", "first_seen_at": "timestamp", "value_tier": "text"},
    )


@pytest.fixture
def platforms() -> dict[str, PlatformInfo]:
    return {
        "meta": PlatformInfo(accounts={"main", "outlet"}, options_wrong=META.options_wrong),
        "google": PlatformInfo(accounts={"main"}, max_keep_days=540),
    }


@pytest.fixture
def problems(folder: Path, schema: Schema, platforms: dict[str, PlatformInfo]) -> Check:
    """What the checker says of the folder, as `file:line: message` with the bare file name."""

    def problems() -> list[str]:
        found = check(load_catalog(folder), schema, platforms)
        return [f"{problem.file.name}:{problem.line}: {problem.message}" for problem in found]

    return problems
