"""The macros of `dbt/macros/recipes`, compiled once per session by dbt and run by DuckDB.

def test_it(recipes):
    assert recipes("normalise_email", [" Jane@Example.COM "]) == ["jane@example.com"]
    assert recipes("phone_e164", [("030 123456", "DE", "US")]) == ["+4930123456"]
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

MACROS = Path(__file__).parents[2] / "dbt" / "macros"
PROJECT = """
name: boomerang
profile: recipes
macro-paths: ['{macros}']
flags: {{send_anonymous_usage_stats: false}}
"""
PROFILES = """
recipes:
  target: duckdb
  outputs: {duckdb: {type: duckdb, path: ':memory:'}}
"""

EMAIL = "normalise_email('a')"
PHONE = "phone_e164('a', 'b', 'c')"
TEXTS = {
    "normalise_email": EMAIL,
    "email_plain": f"email_plain({EMAIL})",
    "email_gmail": f"email_gmail({EMAIL})",
    "email_stripped": f"email_stripped({EMAIL})",
    "email_canonical": f"email_canonical({EMAIL})",
    "phone_e164": PHONE,
    "phone_digits": f"phone_digits({PHONE})",
    "meta_name": "meta_name('a')",
    "meta_city": "meta_city('a')",
    "meta_state": "meta_state('a', 'b')",
    "meta_postcode": "meta_postcode('a', 'b')",
    "meta_country": "meta_country('a')",
    "meta_gender": "meta_gender('a')",
    "meta_birth_date": "meta_birth_date('a')",
    "google_name": "google_name('a')",
    "google_region": "google_region('a')",
    "google_postcode": "google_postcode('a', 'b')",
}
RECIPES = {
    **TEXTS,
    **{f"hash_{name}": f"sha256_hex({sql})" for name, sql in TEXTS.items()},
    "sha256_hex": "sha256_hex('a')",
}
ALL_HASHES = [name for name in RECIPES if name.startswith("hash_")]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with one `<recipe>.sql` each: columns position and result from a table `inputs` (position, a, b, c)."""
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "models").mkdir()
    (folder / "dbt_project.yml").write_text(PROJECT.format(macros=MACROS))
    (folder / "profiles.yml").write_text(PROFILES)
    for name, sql in RECIPES.items():
        (folder / "models" / f"{name}.sql").write_text(f"select position, {{{{ {sql} }}}} as result from inputs")
    columns = ", ".join(f"{{{{ {RECIPES[name]} }}}} as {name}" for name in ALL_HASHES)
    (folder / "models" / "all_hashes.sql").write_text(f"select {columns} from inputs")
    told = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), "compile", "--project-dir", ".", "--profiles-dir", "."],
        cwd=folder,
        env={**os.environ, "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout[-4000:]
    return folder / "target" / "compiled" / "boomerang" / "models"


class Recipes:
    """A connection with a table `inputs`, which every call fills anew."""

    def __init__(self, compiled: Path) -> None:
        self.compiled = compiled
        self.connection = duckdb.connect()
        self.connection.execute("create table inputs (position bigint, a varchar, b varchar, c varchar)")

    def __call__(self, name: str, rows: Sequence[Any]) -> list[Any]:
        """What a recipe makes of each row (a text, or a tuple of up to three), in their order."""
        return [result for _, result in sorted(self._run(name, rows))]

    def every_hash(self, rows: Sequence[Any]) -> list[str | None]:
        """All hashes that all recipes make of all rows."""
        return [value for row in self._run("all_hashes", rows) for value in row]

    def _run(self, name: str, rows: Sequence[Any]) -> list[tuple[Any, ...]]:
        tuples = [(*row, None, None)[:3] if isinstance(row, tuple) else (row, None, None) for row in rows]
        columns = [pa.array([row[n] for row in tuples], pa.string()) for n in range(3)]
        given = pa.table([pa.array(range(len(rows)), pa.int64()), *columns], ["position", "a", "b", "c"])
        self.connection.execute("delete from inputs")
        self.connection.register("given", given)
        self.connection.execute("insert into inputs select * from given")
        self.connection.unregister("given")
        return self.connection.execute((self.compiled / f"{name}.sql").read_text()).fetchall()


@pytest.fixture(scope="session")
def recipes(compiled: Path) -> Iterator[Recipes]:
    """Call it with the name of a recipe and rows."""
    recipes = Recipes(compiled)
    yield recipes
    recipes.connection.close()
