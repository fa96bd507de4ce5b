"""A platform with narrow limits: bytes, requests at once, rows a day, and rows that it does not want."""

from __future__ import annotations

import httpx
import pytest

from audiences.platforms.registry import kind_of

COUNTRY = "us"


def started(shop, count=60):
    everybody = shop.crowd(count)
    shop.audience()
    shop.publish(0)
    return everybody


# bytes and requests at once ----------------------------------------------------------------------------------------------


def test_requests_are_cut_by_bytes_where_these_end_first(shop):
    for number in range(450):
        shop.person(f"full{number}", phones=[f"1555{number:04}"], country=COUNTRY)
        shop.lapsed(f"full{number}")
    shop.audience()
    shop.publish(0)
    plan = shop.plan()
    shop.apply(plan)
    limits = kind_of("noticeboard").limits_for({})
    sent = shop.requests("add")
    assert len(sent) == plan.lists[0].requests >= 3
    assert {seen["status"] for seen in sent} == {202}
    assert max(seen["body_length"] for seen in sent) <= limits.bytes_per_request
    assert sum(seen["body_length"] for seen in sent) == pytest.approx(plan.lists[0].bytes, rel=0.02)
    assert len(shop.people_on()) == 450


def test_several_requests_are_under_way_at_once_but_never_more_than_the_platform_takes(open_shop, fails):
    shop = open_shop(rows_per_request=20)
    everybody = started(shop, 200)
    fails("slow", "add", times="always", seconds=0.2)
    assert shop.sync() == 0
    described = httpx.get(f"{shop.sandbox.url}/_control", trust_env=False).json()["platforms"]["noticeboard"]
    most = described["most_at_once"][shop.account["id"]]
    assert 2 <= most <= kind_of("noticeboard").limits_for({}).requests_in_flight
    assert {seen["status"] for seen in shop.requests("add")} == {202}
    assert shop.people_on() == everybody


# so many rows a day ------------------------------------------------------------------------------------------------------


@pytest.fixture
def rationed(open_shop, believe):
    """A shop of 200 people on a board that takes 100 rows a day."""
    believe(rows_per_day=100)
    shop = open_shop(rows_per_request=40)
    return shop, started(shop, 200)


def test_a_quota_that_ends_stops_the_list_and_says_what_is_left(rationed):
    shop, _ = rationed
    assert shop.sync() == 6
    listed = shop.of_list("lapsed@noticeboard:main")
    assert listed.state == "partly"
    assert "quota" in listed.message
    assert 50 <= len(shop.people_on()) <= 100
    assert shop.people_on() == shop.on_ledger()
    assert set(shop.levels()) == {"accepted"}
    is_complete, remainder = shop.rows("select is_complete, remainder from sync.lists")[0]
    assert not is_complete
    assert remainder
    refused = [seen for seen in shop.requests("add") if seen["status"] == 429]
    assert len(refused) <= kind_of("noticeboard").limits_for({}).requests_in_flight


def test_the_next_days_carry_on_where_the_quota_ended(rationed):
    shop, everybody = rationed
    shop.sync()
    first = shop.people_on()
    for day in (1, 2, 3):
        shop.publish(day)
        code = shop.sync()
    assert code == 0
    assert first < shop.people_on() == shop.on_ledger() == everybody
    assert shop.rows("select is_complete, remainder from sync.lists") == [(True, None)]
    assert shop.plan_of().changes == 0


def test_removals_go_before_additions_when_the_quota_is_short(rationed, believe):
    shop, everybody = rationed
    believe(rows_per_day=1_000)
    shop.sync()
    believe(rows_per_day=40)
    shop.leaves(*sorted(everybody)[:25])
    new = shop.crowd(60, prefix="new")
    shop.publish(1)
    assert shop.sync() == 6
    assert not shop.people_on() & set(sorted(everybody)[:25])
    assert len(shop.people_on() & new) < 60


# rows that it does not want ----------------------------------------------------------------------------------------------


@pytest.fixture
def without_country(shop):
    """Sixty people, and ann, whose phone alone, without a country, has the whole request refused."""
    shop.person("ann", emails=[], phones=["1555"])
    shop.lapsed("ann")
    return shop, started(shop)


def test_one_refused_row_is_found_by_halving_and_everybody_else_goes(without_country):
    shop, others = without_country
    shop.sync()
    assert shop.people_on() == shop.on_ledger() == others
    assert shop.quarantined() == {"ann"}
    assert len([seen for seen in shop.requests("add") if seen["status"] == 422]) <= 8


def test_who_is_in_quarantine_is_not_tried_again_with_the_same_identifiers(without_country):
    shop, _ = without_country
    shop.sync()
    shop.forget_requests()
    shop.publish(1)
    planned = shop.plan_of()
    assert planned.changes == 0
    assert planned.waiting == {"quarantine": 1}
    assert shop.sync() == 0
    assert shop.writes("add", "remove") == 0


def test_who_is_in_quarantine_is_tried_again_when_the_identifiers_changed(without_country):
    shop, others = without_country
    shop.sync()
    shop.person("ann", emails=[], phones=["1555"], country=COUNTRY)
    shop.publish(1)
    assert shop.plan_of().adds == 1
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == others | {"ann"}
    assert shop.plan_of().waiting == {}


def test_who_leaves_the_audience_while_in_quarantine_needs_no_request(without_country):
    shop, others = without_country
    shop.sync()
    shop.forget_requests()
    shop.leaves("ann")
    shop.publish(1)
    assert shop.plan_of().changes == 0
    assert shop.sync() == 0
    assert shop.writes("add", "remove") == 0
    assert shop.on_ledger() == others


def test_several_refused_rows_in_several_requests_are_all_found(open_shop):
    shop = open_shop(rows_per_request=30)
    strays = {f"stray{number}" for number in range(5)}
    for number, name in enumerate(sorted(strays)):
        shop.person(name, emails=[], phones=[f"1555{number}"])
        shop.lapsed(name)
    others = started(shop, 120)
    shop.sync()
    assert shop.people_on() == shop.on_ledger() == others
    assert shop.quarantined() == strays


@pytest.fixture
def turned_away(shop, believe):
    """Sixty people, and ann, whose address the platform turns away while it takes the rest of the request."""
    shop.lapsed("ann")
    believe(turned_away=sorted(shop.hashes_of("ann")))
    return shop, started(shop)


def test_a_row_that_is_told_to_be_invalid_is_not_believed_to_be_on_the_list(turned_away):
    shop, others = turned_away
    shop.sync()
    assert shop.people_on() == shop.on_ledger() == others
    assert shop.quarantined() == {"ann"}
    assert len(shop.requests("add")) == 1
    assert shop.plan_of().changes == 0


def test_somebody_turned_away_comes_with_another_address(turned_away):
    shop, others = turned_away
    shop.sync()
    shop.person("ann", emails=["ann@new.example.com"])
    shop.publish(1)
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == others | {"ann"}


def test_a_member_whose_new_address_is_turned_away_is_off_the_list_and_in_quarantine(shop, believe):
    everybody = started(shop)
    shop.sync()
    shop.person("crowd0000", emails=["new@example.com"])
    believe(turned_away=sorted(shop.hashes_of("crowd0000")))
    shop.publish(1)
    shop.sync()
    assert shop.people_on() == shop.on_ledger() == everybody - {"crowd0000"}
    assert shop.quarantined() == {"crowd0000"}
    assert shop.plan_of().changes == 0


def test_of_somebody_with_a_good_and_a_bad_address_the_ledger_and_the_list_say_the_same(shop, believe):
    shop.person("ann", emails=["ann@example.com", "ann@work.example.com"])
    shop.lapsed("ann")
    shop.sandbox.register([shop.hashes_of("ann")])
    believe(turned_away=[shop.hashed("ann@work.example.com")])
    others = started(shop)
    shop.sync()
    held = {one for person in shop.sandbox.inspect("noticeboard").list(shop.remote_id())["people"] for one in person}
    assert shop.on_ledger() - {"ann"} == others
    assert ("ann" in shop.on_ledger()) == (shop.hashed("ann@example.com") in held)
    assert shop.plan_of().changes == 0
