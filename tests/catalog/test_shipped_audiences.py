"""The definitions that ship: right against the real contracts, with exclusions and places that fit their segments."""

from pathlib import Path

import pytest

import audiences
from audiences.catalog import (
    Catalog,
    PlatformInfo,
    Schema,
    check,
    installed_platforms,
    load_catalog,
    schema_from_contracts,
)

DEFINITIONS = Path(audiences.__file__).parent / "definitions"
DBT = Path(__file__).parents[2] / "dbt"
LADDER = {"wishlisters": 20, "complementary_prospects": 50, "lapsed_buyers": 90}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(DEFINITIONS)


@pytest.fixture(scope="module")
def schema() -> Schema:
    return schema_from_contracts(DBT)


def test_they_fit_the_contracts_and_the_installed_platforms(catalog, schema):
    platforms = {name: PlatformInfo(accounts={"main"}) for name in installed_platforms()}

    problems = check(catalog, schema, platforms)

    assert len(catalog.audiences) >= 4
    assert [str(problem) for problem in problems] == []


def test_every_segment_has_an_audience_of_its_name(catalog, schema):
    assert schema.segments
    assert set(schema.segments) <= set(catalog.audiences)
    assert all(catalog.audiences[name].segment == name for name in schema.segments)


def test_targets_share_the_ladder_and_hold_a_tenth_out(catalog):
    targets = [audience for audience in catalog.ordered() if audience.role == "target"]

    assert LADDER.items() <= {one.name: one.priority for one in targets}.items()
    assert {one.exclusive_group for one in targets} == {"retargeting"}
    assert {one.holdout.share for one in targets} == {0.1}


def test_recent_buyers_are_left_out_only_where_an_order_ends_the_situation(catalog):
    leaving_out = {
        audience.name
        for audience in catalog.audiences.values()
        if "segment:recent_buyers" in [str(excluded) for excluded in audience.exclude]
    }

    assert leaving_out == {"lapsed_buyers"}


def test_every_audience_has_a_card_and_guards(catalog):
    for audience in catalog.audiences.values():
        assert audience.campaign is not None, audience.name
        assert audience.campaign.message, audience.name
        assert audience.guards.max_shrink is not None, audience.name
        assert audience.guards.min_members, audience.name
