"""Nothing about a person leaves the places where it belongs: a failing and a succeeding sync with marked persons, then a search.

Raw data may stand in the demo's files, in the warehouse, and nowhere else; hashes in `dim_identifiers`, in the ledger's
memberships and planned changes, and in the sandbox, which is the platform.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

HASHES_BELONG = {
    ("marts", "dim_identifiers"),
    ("sync", "memberships"),
    ("sync", "plan_changes"),
    ("sync", "tombstones"),
}
HASH = re.compile(r"\b[0-9a-f]{64}\b")
KEYED = {"member_key"}  # keyed hashes of ids: no identifiers
MARKED_EMAILS = (
    "marked.reader.zqx@example.com",
    "marked.lapsed.zqx@example.com",
    "marked+wisher.zqx@example.org",
    "marked.wisher.zqx@example.org",
)
MARKED_PHONES = ("+12125550147", "12125550147", "+16465550152", "16465550152")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def marked_hashes() -> set[str]:
    """What platforms get of the marked persons, and the keys that models join them by."""
    keys = {sha256(f"email:{value}")[:32] for value in MARKED_EMAILS} | {
        sha256(f"phone:{value}")[:32] for value in MARKED_PHONES
    }
    ids = {sha256(f"files|subscriber|{key}")[:32] for key in keys}  # what an id without a secret would be
    return {sha256(value) for value in (*MARKED_EMAILS, *MARKED_PHONES)} | keys | ids


@pytest.fixture(scope="module")
def said():
    """Collects everything that any command printed in this module."""
    return []


def run(shop, said, *arguments):
    ran = shop.run(*arguments)
    said.append(ran.out + ran.err)
    return ran


@pytest.fixture(scope="module")
def noticed():
    """Collects what `activity.json` said while syncs ran: it is gone when they end."""
    return []


def run_watched(shop, said, noticed, *arguments):
    """Run a slow command, look at its notice while it runs, and have `status` tell of it."""
    shop.sandbox.control(faults=[{"on": "add", "do": "slow", "seconds": 2, "times": 2}])
    with ThreadPoolExecutor() as pool:
        running = pool.submit(run, shop, said, *arguments)
        while not running.done():
            notice = shop.home / "activity.json"
            text = notice.read_text(encoding="utf-8") if notice.is_file() else "{}"
            if json.loads(text).get("list") and text not in noticed:
                noticed.append(text)
                pool.submit(run, shop, said, "status")
                pool.submit(run, shop, said, "status", "--json")
            time.sleep(0.02)
    shop.sandbox.control(faults=[])
    return running.result()


def release_what_is_held(shop, said):
    """A guard holds a list; its release with a reason that names somebody is refused, another one lets it go."""
    floor = "min_members: 100}"
    shop.change("definitions/lapsed_buyers.yaml", floor, "min_members: 100000}")
    assert run(shop, said, "sync", "--as-of", shop.second_day).code == 3
    held, why = "lapsed_buyers@meta:main", "the floor was set for another shop"
    assert run(shop, said, "release", held, "--why", f"{MARKED_EMAILS[1]} said so").code == 2
    assert run(shop, said, "release", held, "--why", why, "--json").code == 0
    assert run(shop, said, "release", held, "--why", why).code == 0
    plan_id = run(shop, said, "plan", "--as-of", shop.second_day, "--json").json["plan_id"]
    done = run(shop, said, "apply", plan_id, "--json")
    assert (done.code, [one["state"] for one in done.json["lists"] if one["list"] == held]) == (0, ["applied"])
    assert run(shop, said, "apply", plan_id).code == 0
    shop.change("definitions/lapsed_buyers.yaml", "min_members: 100000}", floor)


def erase_where_no_token_is(shop, said):
    """An erasure that stays open, until its list is written off."""
    token, shop.token = shop.token, "secret-zqx-token"
    assert run(shop, said, "forget", MARKED_EMAILS[2]).code == 6
    assert run(shop, said, "forget", "--drain").code == 6
    assert run(shop, said, "forget", "--drain", "--json").code == 6
    off, why = ["forget", "--write-off", "wishlisters@meta:main"], "the account was closed"
    assert run(shop, said, *off, "--why", f"{MARKED_PHONES[2]} wrote it").code == 2
    assert run(shop, said, *off, "--why", why, "--json").code == 0
    shop.token = token
    for command in (["forget", "--drain"], ["forget", "--drain", "--json"], ["status"], ["explain", MARKED_EMAILS[2]]):
        assert run(shop, said, *command).code == 0


@pytest.fixture(scope="module")
def searched(module_shop, said, noticed):
    """The shop after a refused sync, one without an answer, a build that fails, and one of each command that succeeds."""
    shop = module_shop
    token, shop.token = shop.token, "secret-zqx-token"
    assert run(shop, said, "sync", "--as-of", shop.first_day).code == 4
    shop.token = token
    shop.sandbox.control(faults=[{"on": "add", "do": "html", "times": 8}])
    assert run(shop, said, "sync", "--as-of", shop.first_day).code in (1, 6)
    shop.sandbox.control(faults=[])
    (shop.folder / "dbt" / "tests" / "fails.sql").write_text("select email as zz, 1/0 from raw_files.customers")
    assert run(shop, said, "build", "--as-of", shop.second_day).code == 5
    (shop.folder / "dbt" / "tests" / "fails.sql").unlink()
    assert run(shop, said, "extract").code == 0
    assert run_watched(shop, said, noticed, "sync", "--as-of", shop.first_day).code == 0
    release_what_is_held(shop, said)
    for command in (
        ["plan", "--as-of", shop.second_day, "--json"], ["plan", "--as-of", shop.second_day], ["status"], ["status", "--json"],
        ["audiences"], ["preview", "wishlisters", "--as-of", shop.first_day], ["check"], ["doctor"], ["sync", "--as-of", shop.second_day],
        ["plan", "--markdown"], ["confirm"], ["confirm", "--json"], ["explain", MARKED_EMAILS[1]], ["explain", MARKED_EMAILS[0], "--json"],
        ["forget", MARKED_EMAILS[1]], ["forget", MARKED_PHONES[0], "--json"], ["forget", "nobody.zqx@example.com"], ["status", "--json"],
        ["explain", MARKED_EMAILS[1]], ["rebuild", "lapsed_buyers", "--yes"],
        ["rebuild", "lapsed_buyers", "--yes", "--json"],
    ):  # fmt: skip
        run(shop, said, *command)
    erase_where_no_token_is(shop, said)
    return shop


def test_marked_persons_are_sent_and_found_nowhere_else(searched, said):
    shop = searched
    sent = {value for members in shop.people().values() for person in members for value in person}
    assert sent & marked_hashes(), "the marked persons are on no list: the search would show nothing"

    printed = "\n".join(said)
    assert not [text for text in shop.marked if text.lower() in printed.lower()]
    assert not HASH.search(printed)
    assert "secret-zqx-token" not in printed
    assert shop.token not in printed
    assert text_files_with(shop, (*shop.marked, "secret-zqx-token", shop.token, *marked_hashes())) == []
    assert (shop.home / "receipts").is_dir()


def test_the_notice_of_a_running_sync_names_lists_and_nobody(searched, noticed):
    assert noticed
    texts = (*searched.marked, "secret-zqx-token", searched.token, *marked_hashes())
    assert not [text for text in texts if text.lower() in "".join(noticed).lower()]
    assert not HASH.search("".join(noticed))


def text_files_with(shop, texts) -> list[str]:
    """Files of the home (databases aside, they are read as tables) that hold one of the texts."""
    found = []
    for file in sorted(shop.home.rglob("*")):
        if not file.is_file() or file.suffix in {".duckdb", ".sqlite"} or file.name == "ledger.key":
            continue
        content = file.read_bytes().decode("utf-8", errors="ignore").lower()
        if any(text.lower() in content for text in texts):
            found.append(str(file.relative_to(shop.home)))
    return found


def test_published_builds_and_the_ledger_hold_no_raw_value_and_hashes_only_where_they_belong(searched):
    shop = searched
    databases = [*(shop.home / "published").glob("*.duckdb"), shop.home / "ledger.duckdb"]
    assert len(databases) >= 3
    columns = 0
    for database in databases:
        with duckdb.connect(str(database), read_only=True) as connection:
            for schema, table, column in text_columns(connection):
                columns += 1
                where = f"{database.name} {schema}.{table}.{column}"
                text = f'lower(cast("{column}" as varchar))'
                rows = f'from "{schema}"."{table}"'
                for marked in shop.marked:
                    count = connection.execute(
                        f"select count(*) {rows} where contains({text}, ?)", [marked.lower()]
                    ).fetchone()[0]
                    assert count == 0, f"a raw value stands in {where}"
                if (schema, table) not in HASHES_BELONG and column not in KEYED:
                    for value in marked_hashes():
                        count = connection.execute(
                            f"select count(*) {rows} where contains({text}, ?)", [value]
                        ).fetchone()[0]
                        assert count == 0, f"a hash of a marked person stands in {where}"
    assert columns > 100


def test_the_hashes_are_where_they_belong(searched):
    with searched.published(0) as build:
        found = build.execute("select email_plain from marts.dim_identifiers").fetchall()

    assert {row[0] for row in found} & marked_hashes()


def text_columns(connection) -> list[tuple[str, str, str]]:
    return connection.execute(
        "select table_schema, table_name, column_name from information_schema.columns "
        "where data_type like '%VARCHAR%' or data_type = 'JSON' order by all"
    ).fetchall()


def test_no_model_after_the_contacts_holds_a_raw_value(searched):
    """In the warehouse raw values end before the marts."""
    with duckdb.connect(str(searched.home / "warehouse.duckdb"), read_only=True) as warehouse:
        tables = [row for row in text_columns(warehouse) if row[0] in ("marts", "segments", "intermediate")]
        assert tables
        for schema, table, column in tables:
            if table == "int_contacts_normalised":
                continue
            text = f'lower(cast("{column}" as varchar))'
            for marked in searched.marked:
                sql = f'select count(*) from "{schema}"."{table}" where contains({text}, ?)'
                count = warehouse.execute(sql, [marked.lower()]).fetchone()[0]
                assert count == 0, f"a raw value stands in {schema}.{table}.{column}"
