"""When the platform fails: nothing is lost, nobody else is stopped, and the next sync makes the lists right."""

from __future__ import annotations

import datetime as dt

import pytest

LIST = "lapsed@meta:main"
TODAY = dt.date(2026, 11, 23)
TOMORROW = dt.date(2026, 11, 24)


@pytest.fixture
def shop(open_shop):
    return open_shop(rows_per_request=50, max_wait_seconds=0)


def fails(shop, do, on, **how):
    shop.sandbox.control(faults=[{"do": do, "on": on, **how}])


def heals(shop, expected):
    """The next sync, without faults, makes people and ledger equal to the expected, and another one changes nothing."""
    shop.sandbox.control(faults=[])
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == expected
    assert shop.value("select count(*) from sync.memberships where level = 'sent'") == 0
    assert shop.plan_of().changes == 0


def started(shop):
    everybody = shop.crowd(200)
    shop.audience("lapsed")
    shop.publish(TODAY)
    return everybody


def changed(shop, everybody):
    """The day after: sixty leave, forty have new addresses, fifty come."""
    names = sorted(everybody)
    shop.leaves(*names[:60])
    for name in names[60:100]:
        shop.person(name, emails=[f"{name}@new.example.com"])
    new = shop.crowd(50, prefix="new")
    shop.publish(TOMORROW)
    return set(names[60:]) | new


def test_a_list_is_sent_in_requests_of_the_size_that_the_account_takes_as_many_as_planned(shop):
    everybody = started(shop)
    plan = shop.plan()
    shop.apply(plan)
    sizes = [seen["rows"] for seen in shop.sandbox.inspect("meta").requests()["newest"] if seen["kind"] == "add"]
    assert len(sizes) == plan.lists[0].requests
    assert sum(sizes) == len(everybody)
    assert max(sizes) <= 50


def test_removals_and_additions_are_as_many_requests_as_planned(shop):
    everybody = started(shop)
    shop.sync()
    expected = changed(shop, everybody)
    shop.forget_requests()
    plan = shop.plan()
    shop.apply(plan)
    assert shop.writes("add", "remove") == plan.lists[0].requests
    assert shop.people_on() == expected


@pytest.mark.parametrize(
    ("do", "code"),
    [("cut_after", 6), ("cut_before", 6), ("server_error", 6), ("html", 6), ("throttle", 6), ("expired_token", 4)],
)
def test_a_first_fill_that_fails_in_the_middle_is_finished_by_the_next_sync(shop, do, code):
    everybody = started(shop)
    fails(shop, do, "add", after=2, minutes=10)
    assert shop.sync() == code
    assert shop.of_list(LIST).state == "partly"
    heals(shop, everybody)


@pytest.mark.parametrize("on", ["remove", "add"])
@pytest.mark.parametrize("do", ["cut_after", "cut_before", "error"])
def test_changes_that_fail_in_the_middle_are_finished_by_the_next_sync(shop, do, on):
    everybody = started(shop)
    shop.sync()
    expected = changed(shop, everybody)
    fails(shop, do, on, after=1, code=2650)
    assert shop.sync() in (1, 6)
    heals(shop, expected)


@pytest.mark.parametrize("on", ["remove", "add"])
def test_a_request_that_is_refused_for_its_rows_goes_through_in_halves(shop, on):
    everybody = started(shop)
    shop.sync()
    expected = changed(shop, everybody)
    fails(shop, "error", on, after=1, code=100)
    assert shop.sync() == 0
    heals(shop, expected)


def test_a_row_that_the_platform_refuses_is_found_and_the_others_go_through(shop):
    everybody = started(shop)
    (bad,) = shop.hashes_of("crowd0077")
    fails(shop, "error", "add", code=100, times="always", containing=[bad])
    assert shop.sync() == 0
    assert shop.of_list(LIST).quarantined == 1
    assert shop.people_on() == shop.on_ledger() == everybody - {"crowd0077"}
    plan = shop.plan_of()
    assert (plan.changes, plan.waiting) == (0, {"quarantine": 1})


def test_who_is_in_quarantine_is_tried_again_with_other_identifiers(shop):
    everybody = started(shop)
    (bad,) = shop.hashes_of("crowd0077")
    fails(shop, "error", "add", code=100, times="always", containing=[bad])
    shop.sync()
    shop.person("crowd0077", emails=["right@example.com"])
    shop.publish(TOMORROW)
    assert shop.sync() == 0
    assert shop.people_on() == shop.on_ledger() == everybody
    assert shop.value("select count(*) from sync.quarantine") == 0


def test_a_row_that_the_platform_counts_as_invalid_is_in_quarantine_and_no_member(shop):
    everybody = started(shop)
    fails(shop, "invalid_rows", "add", rows=[3])
    assert shop.sync() == 0
    assert shop.of_list(LIST).quarantined == 1
    assert len(shop.on_ledger()) == len(everybody) - 1
    assert shop.plan_of().changes == 0


def test_a_platform_that_refuses_everything_is_given_up_soon(shop):
    started(shop)
    fails(shop, "error", "add", code=100, times="always")
    assert shop.sync() == 1
    assert shop.of_list(LIST).state == "failed"
    assert shop.writes("add") < 60


@pytest.mark.parametrize("on", ["remove", "add"])
def test_people_who_change_again_after_a_lost_answer_are_right_in_the_end(shop, on):
    everybody = started(shop)
    shop.sync()
    expected = changed(shop, everybody)
    fails(shop, "cut_after", on)
    shop.sync()
    back, gone = sorted(everybody)[:30], sorted(expected)[10:40]
    shop.leaves(*gone)
    shop.lapsed(*back)
    shop.person(sorted(expected)[0], emails=["third@example.com"])
    shop.publish(TOMORROW + dt.timedelta(days=1))
    heals(shop, (expected - set(gone)) | set(back))


def test_who_shares_a_phone_with_somebody_removed_is_not_lost_when_the_run_ends_between(shop):
    shop.person("ann", phones=["1555"])
    shop.person("bob", phones=["1555"])
    shop.lapsed("ann", "bob")
    everybody = started(shop) | {"ann"}
    shop.sync()
    shop.leaves("bob")
    shop.publish(TOMORROW)
    fails(shop, "throttle", "add", minutes=10)
    shop.sync()
    assert "ann" not in shop.people_on()
    heals(shop, everybody)


def test_a_list_whose_making_got_no_answer_is_found_again(shop):
    everybody = started(shop)
    fails(shop, "cut_after", "create")
    assert shop.sync() == 6
    assert shop.remote_id() is None
    heals(shop, everybody)
    found = [one for one in shop.sandbox.inspect("meta").lists() if one["account"] == shop.account["id"]]
    assert len(found) == 1


def test_answers_that_never_came_are_counted_as_unanswered(shop):
    started(shop)
    fails(shop, "cut_after", "add", after=1)
    shop.sync()
    levels = dict(shop.rows("select level, count(*) from sync.memberships group by level"))
    assert set(levels) == {"accepted", "sent"}
    assert levels["sent"] == 50


def test_one_flagged_list_does_not_stop_the_others(shop):
    everybody = started(shop)
    shop.audience("twins")
    shop.sync()
    shop.sandbox.control(believe={"lists": {shop.remote_id(): {"flagged": True}}})
    shop.lapsed("ann")
    shop.publish(TOMORROW)
    assert shop.sync() == 1
    assert shop.of_list(LIST).state == "failed"
    assert shop.people_on("twins@meta:main") == everybody | {"ann"}


def test_one_accounts_trouble_does_not_stop_another_account(shop):
    outlet = {"id": "act_" + shop.salt, "access_token": "expired", "tries": 1}
    shop.content["platforms"]["meta"]["accounts"]["outlet"] = outlet
    shop.configure()
    everybody = started(shop)
    shop.audience("abroad", platforms={"meta": {"account": "outlet"}})
    assert shop.sync() == 4
    assert shop.of_list("abroad@meta:outlet").state == "failed"
    assert shop.people_on() == everybody


def test_an_expired_token_stops_every_list_of_the_account_at_once(shop):
    started(shop)
    shop.audience("twins")
    fails(shop, "expired_token", "add", times="always")
    assert shop.sync() == 4
    assert shop.writes("add") <= 4  # those that were on their way already


def test_a_list_that_was_deleted_is_made_anew_and_filled_by_the_next_sync(shop):
    everybody = started(shop)
    shop.sync()
    first = shop.remote_id()
    shop.sandbox.control(believe={"lists": {first: {"deleted": True}}})
    shop.lapsed("ann")
    shop.publish(TOMORROW)
    assert shop.sync() == 6
    assert "run `boomerang sync` again" in shop.of_list(LIST).message
    heals(shop, everybody | {"ann"})
    assert shop.remote_id() != first
    assert shop.value("select generation from sync.lists") == 2


def test_a_list_of_another_ledger_is_refused(open_shop):
    first = open_shop("first")
    everybody = started(first)
    first.sync()
    second = open_shop("second", id=first.account["id"])
    started(second)
    assert second.sync() == 2
    assert "belongs to ledger" in second.of_list(LIST).message
    assert first.people_on() == everybody
    assert second.remote_id() is None


def test_a_list_of_another_environment_is_refused(open_shop):
    first = open_shop("first")
    started(first)
    first.sync()
    second = open_shop("second", free_ledger=True, id=first.account["id"])
    second.configure(environment="other")
    started(second)
    assert second.sync() == 2
