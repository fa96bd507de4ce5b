"""Segments and affinities of a real shop, on four days, equal what plain pandas says of the same file, row by row."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from online_retail_reference import (
    complementary_prospects,
    end_of_day,
    lapsed_buyers,
    product_affinity,
    read_lines,
    retail_at,
)

from audiences.as_of import parse_as_of
from audiences.builds import dbt_variables
from audiences.dbt_run import run_dbt
from audiences.extract import extract
from audiences.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("BOOMERANG_TEST_DATA") or ROOT.parent / "shared" / "data") / "online_retail_ii.parquet"
DAYS = ["2010-12-31", "2011-06-30", "2011-09-30", "2011-12-09"]
MODELS = ["+seg_lapsed_buyers", "+seg_complementary_prospects", "+customer_refs"]

pytestmark = pytest.mark.skipif(not DATA.is_file(), reason="online_retail_ii.parquet is not here (BOOMERANG_TEST_DATA)")


@dataclass(frozen=True)
class Day:
    """One as_of: the project's tables and the reference's."""

    day: str
    tables: dict[str, pd.DataFrame]
    expected: dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The example as shipped, extracted once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONLINE_RETAIL", str(DATA))
        example = ROOT / "examples" / "online_retail" / "boomerang.yaml"
        loaded = load_settings(example, home=tmp_path_factory.mktemp("online_retail"))
        extract(loaded)
        yield loaded


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    return read_lines(DATA)


@pytest.fixture(scope="module", params=DAYS)
def day(request: pytest.FixtureRequest, settings: Settings, lines: pd.DataFrame) -> Day:
    """dbt runs in its own process while pandas computes the same."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        built = pool.submit(run_models, settings, request.param)
        expected = reference(lines, request.param)
        built.result()
    return Day(request.param, read_tables(settings), expected)


def run_models(settings: Settings, day: str) -> None:
    as_of = parse_as_of(day, timezone=settings.shop.timezone, now=pd.Timestamp("2026-01-01"))
    results = run_dbt(
        ["build", "--resource-type", "model", "--resource-type", "seed", "--select", *MODELS],
        project=ROOT / "dbt",
        target=settings.home / "dbt",
        variables=dbt_variables(settings),
        environment={"BOOMERANG_WAREHOUSE": str(settings.warehouse_file), "BOOMERANG_AS_OF": str(as_of)},
    )
    assert [result.name for result in results if result.is_broken] == []


def reference(lines: pd.DataFrame, day: str) -> dict[str, pd.DataFrame]:
    with (ROOT / "dbt" / "seeds" / "variant_words.csv").open() as seed:
        variant_words = {row["word"] for row in csv.DictReader(seed)}
    retail = retail_at(lines, day)
    affinity = product_affinity(retail, variant_words)
    return {
        "lapsed": lapsed_buyers(retail).reset_index(),
        "affinity": affinity,
        "prospects": complementary_prospects(retail, affinity),
    }


def read_tables(settings: Settings) -> dict[str, pd.DataFrame]:
    queries = {
        "lapsed": """
            select refs.ref as customer, cast(round(lifetime_value * 10000) as bigint) as lifetime_amount, segment.*
            from segments.seg_lapsed_buyers as segment
            inner join marts.customer_refs as refs using (customer_id) where refs.ref_kind = 'customer' order by 1""",
        "affinity": "select * from marts.product_affinity order by product_a_id, product_b_id",
        "prospects": """
            select refs.ref as customer, segment.*, affinity.complement_rank
            from segments.seg_complementary_prospects as segment
            inner join marts.customer_refs as refs using (customer_id)
            inner join marts.product_affinity as affinity
                on segment.anchor_product_id = affinity.product_a_id
                and segment.recommended_product_id = affinity.product_b_id
            where refs.ref_kind = 'customer' order by customer, rank""",
    }
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as connection:
        return {name: connection.execute(query).df() for name, query in queries.items()}


def assert_same_rows(actual: pd.DataFrame, expected: pd.DataFrame, columns: list[str]) -> None:
    """Same rows in the same order, every number exactly the same; says how many differ by column."""
    assert len(expected) > 0, "nothing to compare"
    assert len(actual) == len(expected)
    differing = {name: count_differing(actual[name], expected[name]) for name in columns}
    assert differing == dict.fromkeys(columns, 0)


def count_differing(actual: pd.Series, expected: pd.Series) -> int:
    a, b = actual.reset_index(drop=True), expected.reset_index(drop=True)
    return int((~(a.eq(b).fillna(False).astype(bool) | (a.isna() & b.isna()))).sum())


def test_lapsed_buyers_are_those_silent_for_more_than_180_days(day: Day) -> None:
    actual, expected = day.tables["lapsed"], day.expected["lapsed"]

    assert_same_rows(
        actual.assign(lifetime_value=actual["lifetime_amount"]),
        expected,
        [
            "customer",
            "days_since_last_order",
            "order_count",
            "lifetime_value",
            "p_return_90",
            "is_late",
            "reason",
            "last_product_id",
        ],
    )


def test_every_number_of_every_pair_is_the_same(day: Day) -> None:
    assert_same_rows(
        day.tables["affinity"],
        day.expected["affinity"],
        ["product_a_id", "product_b_id", "n", "n_a", "n_b", "basket_count", "support", "confidence", "lift"],
    )


def test_substitutes_and_the_order_of_complements_are_the_same(day: Day) -> None:
    assert_same_rows(
        day.tables["affinity"],
        day.expected["affinity"],
        ["is_substitute", "substitute_reason", "is_complement", "complement_rank"],
    )


def test_prospects_of_the_ten_best_complements_are_the_same(day: Day) -> None:
    actual, expected = (
        side[side["complement_rank"] <= 10] for side in (day.tables["prospects"], day.expected["prospects"])
    )

    assert_same_rows(actual, expected, ["customer", "rank", "anchor_product_id", "recommended_product_id"])


def test_prospects_of_all_complements_are_the_same(day: Day) -> None:
    assert_same_rows(
        day.tables["prospects"],
        day.expected["prospects"],
        ["customer", "rank", "anchor_product_id", "recommended_product_id", "confidence", "lift"],
    )


def test_a_bare_date_is_the_last_microsecond_of_that_day_in_london(settings: Settings) -> None:
    summer = parse_as_of("2011-06-30", timezone=settings.shop.timezone, now=pd.Timestamp("2026-01-01"))

    assert pd.Timestamp(summer) == end_of_day("2011-06-30") == pd.Timestamp("2011-06-30 22:59:59.999999")
