"""`apply` carries out the plan that was looked at, or refuses the list and says what moved."""

from __future__ import annotations

import datetime as dt

import pytest

from audiences.errors import ConfigError, DataError

TOMORROW = dt.date(2026, 11, 24)


@pytest.fixture
def planned(shop):
    """A shop with a plan that nobody has applied yet."""
    shop.crowd()
    shop.audience("lapsed")
    shop.publish()
    return shop.plan()


def test_a_plan_is_refused_after_its_definition_changed(shop, planned):
    shop.audience("lapsed", where={"category": {"is_null": True}})
    assert shop.refused(planned) == "the definition moved since the plan was made: plan again"


def test_a_plan_is_refused_after_a_newer_build_was_finished(shop, planned):
    shop.publish(TOMORROW)
    assert shop.refused(planned) == "the build moved since the plan was made: plan again"


def test_a_plan_of_an_older_build_is_carried_out_while_no_newer_one_is_finished(shop):
    shop.configure(guards={"max_build_age": "off"})
    shop.crowd()
    shop.audience("lapsed")
    shop.publish()
    shop.publish(TOMORROW)
    (result,) = shop.apply(shop.plan(as_of="2026-11-23")).lists
    assert result.state == "applied"


def test_a_plan_is_refused_after_another_plan_changed_the_list(shop, planned):
    other = shop.plan()
    shop.apply(other)
    assert shop.refused(planned) == "the list moved since the plan was made: plan again"


def test_a_plan_that_waits_is_carried_out_however_often_somebody_looked_meanwhile(shop, planned):
    for _ in range(6):
        shop.plan()
    (result,) = shop.apply(planned).lists
    assert result.state == "applied"
    assert shop.people_on() == shop.segment_names()


def test_a_plan_that_waits_outlasts_what_is_carried_out_of_other_lists(shop, planned):
    shop.audience("others", exclude=["segment:recent"])
    for _ in range(6):
        shop.apply(shop.plan("others"))
    (result,) = shop.apply(planned).lists
    assert result.state == "applied"


def test_a_plan_that_waited_too_long_says_that_its_changes_were_let_go(shop):
    shop.configure(guards={"max_build_age": "off"})
    shop.crowd()
    shop.audience("lapsed")
    shop.publish()
    planned = shop.plan()
    shop.tick(days=3)
    for _ in range(5):
        shop.plan()
    assert shop.refused(planned) == "its changes were let go after 3 days: plan again"


def test_a_plan_that_a_newer_one_took_the_place_of_is_kept_for_a_day(shop):
    shop.configure(guards={"max_build_age": "off"})
    shop.crowd()
    shop.audience("lapsed")
    shop.publish()
    planned = shop.plan()
    shop.tick(hours=23)
    for _ in range(5):
        shop.plan()
    kept = "select count(*) from sync.plan_changes where plan_id = ?"
    assert shop.value(kept, planned.plan_id) > 0
    shop.tick(hours=1)
    shop.plan()
    assert shop.value(kept, planned.plan_id) == 0
    assert shop.refused(planned) == "its changes were let go after 1 day: plan again"


def test_changes_of_a_plan_go_with_its_build(shop, planned):
    shop.publish(TOMORROW)
    for _ in range(5):
        shop.plan()
    assert shop.value("select count(*) from sync.plan_changes where plan_id = ?", planned.plan_id) == 0
    assert shop.refused(planned) == "the build moved since the plan was made: plan again"


def test_a_plan_whose_changes_were_tampered_with_is_refused(shop, planned):
    shop.rows(
        "delete from sync.plan_changes where phase = 2 and member_key = (select min(member_key) from sync.plan_changes)"
    )
    assert shop.refused(planned) == "the changes moved since the plan was made: plan again"


def test_several_reasons_are_said_together(shop, planned):
    shop.audience("lapsed", label="Another label")
    shop.publish(TOMORROW)
    assert shop.refused(planned) == "the build and the definition moved since the plan was made: plan again"


def test_a_plan_whose_definition_is_gone_says_so(shop, planned):
    shop.forget_definition()
    with pytest.raises(ConfigError, match="the definition of lapsed is gone"):
        shop.apply(planned)


def test_an_unknown_plan_says_so(shop, planned):
    with pytest.raises(DataError, match="there is no plan 'nonsense'"):
        shop.apply("nonsense")


def test_a_stale_list_does_not_stop_another(shop):
    shop.crowd()
    shop.audience("lapsed")
    shop.audience("others", exclude=["segment:recent"])
    shop.publish()
    plan = shop.plan()
    shop.audience("others")
    states = {one.audience: one.state for one in shop.apply(plan).lists}
    assert states == {"lapsed": "applied", "others": "stale"}


def test_a_plan_that_was_cut_off_goes_on_where_it_was_and_is_not_stale(open_shop):
    shop = open_shop(rows_per_request=50)
    everybody = shop.crowd(200)
    shop.audience("lapsed")
    shop.publish()
    plan = shop.plan()
    shop.sandbox.control(faults=[{"do": "server_error", "on": "add", "after": 2}])
    (first,) = shop.apply(plan).lists
    assert (first.state, first.exit_code) == ("partly", 6)
    (second,) = shop.apply(plan).lists
    assert (second.state, second.requests) == ("applied", plan.lists[0].requests - first.requests)
    assert shop.people_on() == shop.on_ledger() == everybody
    assert shop.plan_of().changes == 0


def test_an_applied_plan_does_nothing_when_it_is_applied_again(shop, planned):
    shop.apply(planned)
    shop.forget_requests()
    (again,) = shop.apply(planned).lists
    assert (again.state, again.sent) == ("applied", 0)
    assert shop.writes() == 0
