"""Somebody asks to be forgotten: off every list at once, barred from then on, and a receipt."""

from __future__ import annotations

import json
import logging
import re

import pytest
from erasure_shop import HEX, LIST

from audiences.errors import ConfigError


def test_who_asks_by_e_mail_is_off_the_list_and_nobody_else_is(shop):
    everybody = shop.filled("ann")
    receipt = shop.forget(shop.mail("ann"))
    assert (receipt.state, receipt.customers, receipt.had_build) == ("done", 1, True)
    (one,) = receipt.lists
    assert (one.list, one.platform, one.state, one.level, one.members) == (LIST, "meta", "removed", "accepted", 1)
    (request,) = one.requests
    assert (request.at, request.level, bool(request.request_id)) == (one.removed_at, "accepted", True)
    assert one.external_id == shop.remote_id()
    assert not shop.is_on("ann")
    assert shop.people_on() == shop.on_ledger() == everybody - {"ann"}


@pytest.mark.parametrize("asked_by", ["e-mail in another spelling", "phone", "id", "shop's reference", "id of before"])
def test_whatever_names_the_person_finds_all_of_them(shop, asked_by):
    shop.person("ann", emails=[shop.mail("a.nn", "gmail.com"), shop.mail("ann2")], phones=[shop.phone(1)])
    shop.former = {"ann of before": "ann"}
    shop.filled("ann")
    typed = {
        "e-mail in another spelling": " A.N.N+shop@GoogleMail.com ",
        "phone": shop.phone(1),
        "id": "ann",
        "shop's reference": "ann",
        "id of before": "ann of before",
    }[asked_by]
    receipt = shop.forget(typed)
    assert (receipt.state, receipt.customers, len(receipt.lists)) == ("done", 1, 1)
    assert receipt.barred == 3
    assert not shop.is_on("ann")
    assert shop.plan_of().adds == 0


def test_paused_retired_and_undefined_audiences_lose_the_person_too(shop):
    shop.crowd()
    shop.lapsed("ann")
    for name in ("lapsed", "paused", "deleted"):
        shop.audience(name)
    shop.publish()
    assert shop.sync() == 0
    shop.audience("paused", paused=True)
    shop.forget_definition("deleted")
    receipt = shop.forget("ann")
    assert [one.state for one in receipt.lists] == ["removed"] * 3
    assert not any(shop.is_on("ann", f"{name}@meta:main") for name in ("lapsed", "paused", "deleted"))


def test_no_guard_holds_an_erasure_and_a_held_plan_of_before_cannot_bring_the_person_back(shop):
    shop.crowd(600)
    shop.audience("lapsed")
    shop.publish()
    assert shop.sync() == 0
    shop.lapsed("ann")
    shop.publish()
    plan = shop.plan()
    receipt = shop.forget("ann")
    assert (receipt.state, receipt.lists) == ("done", ())
    (outcome,) = shop.apply(plan).lists
    assert outcome.state == "stale"
    assert not shop.is_on("ann")
    shop.leaves(*sorted(shop.segment_names())[:400])
    shop.publish()
    assert shop.sync() == 3
    assert shop.forget("crowd0599").state == "done"
    assert not shop.is_on("crowd0599")
    assert shop.value("select bool_or(len(held) > 0) from sync.plans where purpose = 'forget'") is False


def test_somebody_unknown_is_barred_for_the_future_and_told_so(shop):
    shop.filled()
    receipt = shop.forget(shop.mail("ann"))
    assert (receipt.state, receipt.customers, receipt.lists, receipt.barred) == ("done", 0, (), 1)
    assert "Nobody was found" in receipt.as_text()
    assert "Barred from now on: 1 address or number" in receipt.as_text()
    shop.lapsed("ann")
    shop.publish()
    entry = shop.plan_of()
    assert (entry.adds, entry.dropped["gate erased"]) == (0, 1)


def test_what_is_no_address_and_nobodys_id_is_refused_and_nothing_is_written(shop):
    shop.filled()
    with pytest.raises(ConfigError, match="nothing was done") as caught:
        shop.forget("Zebedee Quux")
    assert "Zebedee" not in str(caught.value)
    assert shop.value("select count(*) from sync.erasures") == 0


def test_a_reference_that_several_customers_have_is_refused(shop):
    shop.filled("ann", "bob")
    shop.former = {"0815": "ann", "0815 ": "bob"}
    shop.publish()
    with shop.open_build() as build:
        build.execute("update marts.customer_refs set ref = '0815' where own_id like '0815%'")
    with pytest.raises(ConfigError, match="fits 2 customers"):
        shop.forget("0815")
    assert shop.is_on("ann")
    assert shop.is_on("bob")


def test_a_reference_of_digits_is_no_phone_of_somebody_else(shop):
    shop.configure(shop={"name": "Test guitars", "timezone": "America/New_York", "country": "BE"})
    shop.person("bob", phones=[shop.phone(1)])
    national = "0" + shop.phone(1).removeprefix("+32")
    shop.former = {national: "ann"}
    shop.filled("ann", "bob")
    with pytest.raises(ConfigError, match="fits 2 customers"):
        shop.forget(national)
    assert shop.forget(shop.phone(1)).customers == 1
    assert shop.is_on("ann")
    assert not shop.is_on("bob")


def test_forgotten_again_before_the_removal_is_confirmed_the_receipt_names_the_request_that_is_under_way(shop):
    shop.filled("ann")
    first = shop.forget(shop.mail("ann"))
    again = shop.forget("ann")
    assert again.erasure_id != first.erasure_id
    assert (again.lists, again.under_way.erasure_id, again.under_way.asked_at) == ((), first.erasure_id, first.asked_at)
    assert f"The request of {first.asked_at:%Y-%m-%d %H:%M} UTC is under way" in again.as_text()
    assert f"See its receipt, {first.erasure_id}." in again.as_text()
    assert "no list has anything of this person" not in again.as_text()
    file = shop.settings.home / "receipts" / f"{again.erasure_id}.json"
    assert json.loads(file.read_text(encoding="utf-8"))["under_way"]["erasure_id"] == first.erasure_id


def test_forgotten_twice_the_second_receipt_says_that_nothing_was_left(shop):
    shop.filled("ann")
    first = shop.forget(shop.mail("ann"))
    shop.confirm()
    again = shop.forget(shop.mail("ann"))
    assert (again.state, again.lists, again.barred, again.under_way) == ("done", (), 0, None)
    assert again.asked_before == first.asked_at
    assert "Nothing was left" in again.as_text()
    assert f"Forgotten before, {first.asked_at:%Y-%m-%d}" in again.as_text()
    assert shop.forget("ann").asked_before == first.asked_at


def test_without_any_build_the_address_is_barred_and_the_ledger_searched(shop):
    receipt = shop.forget(shop.mail("ann"))
    assert (receipt.state, receipt.had_build, receipt.barred) == ("done", False, 1)
    assert "there is no build" in receipt.as_text()
    shop.filled("ann")
    assert not shop.is_on("ann")
    assert shop.on_ledger() == shop.segment_names() - {"ann"}


def test_whom_the_shops_data_does_not_have_any_more_is_found_on_the_lists(shop):
    everybody = shop.filled("ann")
    shop.leaves("ann")
    ann = shop.persons.pop("ann")
    shop.publish()
    receipt = shop.forget(ann.emails[0])
    assert (receipt.customers, [one.state for one in receipt.lists]) == (0, ["removed"])
    assert shop.people_on() == everybody - {"ann"}


def test_an_id_that_the_shops_data_does_not_have_any_more_is_known_to_the_ledger(shop):
    shop.filled("ann")
    shop.leaves("ann")
    ann = shop.persons.pop("ann")
    shop.publish()
    assert [one.state for one in shop.forget("ann").lists] == ["removed"]
    assert shop.forget("ann").asked_before is not None
    shop.person("another id", emails=ann.emails)
    shop.lapsed("another id")
    shop.publish()
    assert shop.plan_of().dropped["gate erased"] == 1


def test_an_old_address_under_which_the_person_was_sent_is_removed_and_barred(shop):
    shop.person("ann", emails=[shop.mail("before")])
    everybody = shop.filled("ann")
    shop.person("ann", emails=[shop.mail("after")])
    shop.publish()
    assert shop.forget(shop.mail("after")).lists[0].state == "removed"
    assert shop.people_on() == everybody - {"ann"}
    shop.person("newcomer", emails=[shop.mail("before")])
    shop.lapsed("newcomer")
    shop.publish()
    assert shop.plan_of().dropped["gate erased"] == 2


def test_the_receipt_is_a_file_too_and_nothing_says_an_address_or_a_hash(shop, caplog):
    caplog.set_level(logging.DEBUG)
    shop.person("ann", phones=[shop.phone(1)])
    shop.filled("ann")
    receipt = shop.forget(shop.mail("ann"), asked_by="maria")
    (file,) = (shop.settings.home / "receipts").iterdir()
    written = file.read_text(encoding="utf-8")
    assert json.loads(written) == json.loads(json.dumps(receipt.as_json()))
    assert json.loads(written)["asked_by"] == "maria"
    for text in (written, receipt.as_text(), repr(receipt), caplog.text):
        assert re.search(HEX, text) is None
        assert "@s" not in text
        assert shop.phone(1)[4:] not in text
    assert "lapsed@meta:main (meta" in receipt.as_text()
    assert "accepted by the platform, request" in receipt.as_text()


def test_once_the_removal_is_confirmed_no_hash_of_the_person_is_in_the_ledger(shop):
    shop.person("ann", emails=[shop.mail("a.nn", "gmail.com"), shop.mail("old")], phones=[shop.phone(1)])
    shop.filled("ann")
    shop.person("ann", emails=[shop.mail("new")], phones=[shop.phone(1)])
    shop.publish()
    shop.plan()
    hashes = shop.all_hashes("ann") | {shop.hashed(shop.mail("old"))}
    assert shop.places_in_ledger(hashes) == {"memberships", "plan_changes"}
    shop.forget("ann")
    assert shop.places_in_ledger(hashes) == {"memberships"}
    shop.confirm()
    assert shop.places_in_ledger(hashes) == set()
    assert shop.sync() == 0
    assert shop.places_in_ledger(hashes) == set()


def test_what_is_counted_stays_the_entry_of_an_experiment_is_not_taken_back(shop):
    shop.crowd(150)
    shop.filled("ann", holdout="10%")
    entries = shop.rows("select * from sync.experiment_entries order by all")
    shop.forget("ann")
    assert shop.sync() == 0
    assert shop.rows("select * from sync.experiment_entries order by all") == entries
    assert len(entries) == 151


def test_the_receipt_names_every_request_that_took_the_person_off_a_list(open_shop):
    shop = open_shop(rows_per_request=1)
    shop.person("ann", phones=[shop.phone(1)])
    shop.person("ann's other account", emails=[shop.mail("ann2")], phones=[shop.phone(1)])
    shop.filled("ann", "ann's other account", "bob")
    receipt = shop.forget(shop.phone(1))
    (one,) = receipt.lists
    of_ledger = shop.rows("select request_id from sync.batches where phase = 1 and state = 'accepted'")
    assert len(of_ledger) > 1
    assert {request.request_id for request in one.requests} == {row[0] for row in of_ledger}
    assert all(f"request {request.request_id}" in receipt.as_text() for request in one.requests)
    assert f"by {len(of_ledger)} requests:" in receipt.as_text()
    assert {request["level"] for request in receipt.as_json()["lists"][0]["requests"]} == {"accepted"}


def test_the_receipt_names_no_request_of_somebody_else(shop):
    shop.filled("ann", "bob")
    shop.forget("bob")
    first = shop.forget("ann").lists[0]
    shop.leaves("crowd0001")
    shop.publish(1)
    assert shop.sync() == 0
    assert len(first.requests) == 1
    assert shop.value("select count(*) from sync.erasure_requests") == 2


def test_each_request_of_the_receipt_is_confirmed_by_itself(shop):
    shop.filled("ann")
    receipt = shop.forget("ann")
    shop.confirm()
    file = shop.settings.home / "receipts" / f"{receipt.erasure_id}.json"
    (one,) = json.loads(file.read_text())["lists"]
    assert [one["level"], *(request["level"] for request in one["requests"])] == ["confirmed", "confirmed"]
