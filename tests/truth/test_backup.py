"""The recipe of docs/truth.md: the ledger is copied, lost, and put back."""

from __future__ import annotations

import subprocess
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "truth.md"
RECIPE = "mkdir -p backup && cp -p .boomerang/ledger.* backup/"


def test_a_ledger_that_was_backed_up_goes_on_where_it_was(open_shop):
    assert RECIPE in DOCS.read_text(encoding="utf-8")
    shop = open_shop(free_ledger=True)
    shop.configure(home=".boomerang")
    everybody = shop.filled()
    shop.later()
    subprocess.run(RECIPE, shell=True, cwd=shop.folder, check=True)
    assert {file.suffix for file in (shop.folder / "backup").iterdir()} >= {".duckdb", ".key"}
    for file in shop.settings.home.glob("ledger.*"):
        file.unlink()
    for file in (shop.folder / "backup").iterdir():
        file.rename(shop.settings.home / file.name)
    assert (shop.state().confirmed, shop.state().todo) == (150, ())
    assert shop.on_ledger() == everybody
    assert shop.plan_of().changes == 0


def test_what_happened_since_the_copy_is_done_again(open_shop):
    shop = open_shop(free_ledger=True)
    shop.configure(home=".boomerang")
    everybody = shop.filled()
    subprocess.run(RECIPE, shell=True, cwd=shop.folder, check=True)
    shop.leaves("crowd0001")
    shop.lapsed("ann")
    shop.publish(1)
    assert shop.sync() == 0
    for file in (shop.folder / "backup").iterdir():
        file.replace(shop.settings.home / file.name)
    shop.publish(1)
    assert shop.sync() == 0
    shop.later()
    assert shop.people_on() == shop.on_ledger() == everybody - {"crowd0001"} | {"ann"}
