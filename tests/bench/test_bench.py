"""The benches work at their smallest size, and what they set side by side is the same. No time is judged here."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest

from bench import first_sync, meta_client, segments
from bench.figures import Line, Options, in_turns, table, used_by
from bench.rows import differing
from bench.script import TARGETS, rendered


@pytest.fixture
def options(tmp_path):
    return Options(tmp_path, customers=1_000, rows=300, repeats=1)


def made(file, rows, schema=None):
    """A file with every target, each with the same rows of two columns."""
    with duckdb.connect(str(file)) as connection:
        for name in TARGETS:
            place = f"{'segments' if name.startswith('seg_') else 'marts'}." if schema else ""
            if place:
                connection.execute(f"create schema if not exists {place[:-1]}")
            connection.execute(f"create table {place}{name} (customer_id varchar, days bigint)")
            for row in rows.get(name, rows["all"]):
                connection.execute(f"insert into {place}{name} values (?, ?)", list(row))
    return file


def test_dbt_and_both_bare_scripts_give_the_same_rows_of_a_small_shop(options):
    lines = segments.bench(options)

    assert [line.unit for line in lines] == ["CPU s", "CPU s", "wall s", "peak MB", "CPU s", "CPU s", "CPU s"]
    assert all(ours > 0 and beside > 0 for line in lines for ours, beside in line.pairs)


@pytest.mark.parametrize(
    "rows",
    [[("ann", 3)], [("ann", 3), ("bob", 5)], [("ann", 3), ("bob", None)], [("ann", 3), ("bob", 4), ("bob", 4)]],
    ids=["a row less", "another value", "a value less", "a row twice"],
)
def test_a_difference_between_dbt_and_the_script_is_named(tmp_path, rows):
    usual = [("ann", 3), ("bob", 4)]
    of_dbt = made(tmp_path / "models.duckdb", {"all": usual}, schema=True)
    same = made(tmp_path / "same.duckdb", {"all": usual[::-1]})
    other = made(tmp_path / "other.duckdb", {"all": usual, "seg_wishlisters": rows})

    assert differing(of_dbt, same, TARGETS) == []
    assert differing(of_dbt, other, TARGETS) == ["seg_wishlisters"]


def test_no_rows_on_either_side_prove_nothing(tmp_path):
    of_dbt = made(tmp_path / "models.duckdb", {"all": []}, schema=True)
    of_script = made(tmp_path / "script.duckdb", {"all": []})

    assert differing(of_dbt, of_script, TARGETS) == list(TARGETS)


def test_the_script_has_what_the_targets_need_in_an_order_that_runs(tmp_path):
    models = tmp_path / "boomerang" / "models"
    (models / "segments").mkdir(parents=True)
    for name in TARGETS:
        (models / "segments" / f"{name}.sql").write_text('select * from "made"."marts"."fct_orders"')
    (models / "fct_orders.sql").write_text('select * from "made"."staging"."stg_orders"')
    (models / "stg_orders.sql").write_text('select * from "made"."raw_files"."orders"')
    (models / "dim_stores.sql").write_text('select * from "made"."raw_files"."stores"')

    script = rendered(tmp_path, "made", TARGETS)

    assert list(script)[:2] == ["stg_orders", "fct_orders"]
    assert script.pop("stg_orders") == 'create temp view stg_orders as\nselect * from base."raw_files"."orders"'
    assert script.pop("fct_orders") == "create temp table fct_orders as\nselect * from stg_orders"
    assert script == {name: f"create table {name} as\nselect * from fct_orders" for name in TARGETS}


def test_the_first_sync_and_the_loop_send_the_same_people(options):
    together, applying = first_sync.bench(options)

    assert together.ours > applying.ours > 0
    assert together.beside == applying.beside > 0


def test_our_client_and_the_loop_send_the_same_rows(options):
    (line,) = meta_client.bench(options)

    assert line.ours > 0
    assert line.beside > 0


def test_ratios_are_of_pairs_that_were_measured_in_turns():
    order = []

    pairs = in_turns(lambda: order.append("ours"), lambda: order.append("theirs"), 2)
    printed = table([Line("sync", "loop", "CPU s", ((1.0, 2.0), (3.0, 2.0), (400.0, 400.0)))])

    assert len(pairs) == 2
    assert order == ["ours", "theirs"] * 2
    assert printed.splitlines()[-1] == "| sync      | loop   | CPU s | 3.00 | 2.00  | 1.00 (0.50 – 1.50)       |"


def test_a_step_that_fails_ends_the_bench():
    with pytest.raises(SystemExit, match="no_such_step failed"):
        used_by("bench.steps", "no_such_step")


def test_an_unknown_bench_is_refused_by_name():
    asked = subprocess.run([sys.executable, "-m", "bench", "segmnts"], capture_output=True, text=True, check=False)

    assert asked.returncode == 2
    assert "there is no bench 'segmnts': there is segments, engine, first_sync, meta_client" in asked.stderr
