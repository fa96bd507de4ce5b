"""Lists at Meta: found or made, never twice, never another ledger's."""

from __future__ import annotations

import pytest

from audiences.domain import ListId
from audiences.errors import AuthError, ConfigError, Gone, RejectedRequest


def lists_of(sandbox, account_id):
    return [kept for kept in sandbox.inspect("meta").lists() if kept["account"] == account_id]


def writes(sandbox):
    return sandbox.inspect("meta").requests()["writes"]


def test_ensure_twice_gives_one_list(meta, remote, sandbox, account_id):
    first = meta.ensure(remote())
    second = meta.ensure(remote())
    assert first == second
    assert [kept["id"] for kept in lists_of(sandbox, account_id)] == [first]


def test_a_list_tells_whose_it_is_and_nothing_of_what_it_is_for(meta, remote, sandbox, account_id):
    meta.ensure(remote())
    (kept,) = lists_of(sandbox, account_id)
    assert kept["name"] == "Lapsed buyers"
    assert kept["description"] == "boomerang:demo:ledger1:lapsed@meta:main"


def test_a_ledger_that_lost_its_state_finds_its_list_again(open_meta, remote):
    before = open_meta().ensure(remote())
    assert open_meta().ensure(remote(external_id=None)) == before


def test_a_known_list_is_verified_by_one_request_and_no_write(open_meta, remote, sandbox):
    known = open_meta().ensure(remote())
    sandbox.control(reset_requests=True)
    assert open_meta().ensure(remote(external_id=known)) == known
    assert writes(sandbox) == 0
    assert sandbox.inspect("meta").requests()["total"] == 1


def test_a_known_list_of_another_name_gets_its_mark_and_leaves_the_name_to_another(
    open_meta, remote, sandbox, account_id
):
    known = open_meta().ensure(remote())
    other = open_meta().ensure(remote(not_these=frozenset({known})))
    assert other != known
    assert open_meta().ensure(remote(list_id=ListId("quiet@meta:main"), external_id=known)) == known
    marks = {kept["id"]: kept["description"] for kept in lists_of(sandbox, account_id)}
    assert marks == {known: "boomerang:demo:ledger1:quiet@meta:main", other: "boomerang:demo:ledger1:lapsed@meta:main"}
    sandbox.control(reset_requests=True)
    assert open_meta().ensure(remote(list_id=ListId("quiet@meta:main"), external_id=known)) == known
    assert writes(sandbox) == 0


def test_a_list_is_found_behind_many_pages(open_meta, remote):
    meta = open_meta()
    oldest = meta.ensure(remote())
    for number in range(45):
        meta.ensure(remote(list_id=ListId(f"other{number}@meta:main")))
    assert open_meta().ensure(remote()) == oldest


def test_the_directory_of_lists_is_read_once_for_many_new_lists(open_meta, remote, sandbox):
    meta = open_meta()
    for number in range(5):
        meta.ensure(remote(list_id=ListId(f"a{number}@meta:main")))
    counts = {entry["kind"]: entry["count"] for entry in sandbox.inspect("meta").requests()["counts"]}
    assert counts == {"find": 1, "create": 5}


def test_a_deleted_list_is_made_anew(meta, remote, sandbox):
    gone = meta.ensure(remote())
    sandbox.control(believe={"lists": {gone: {"deleted": True}}})
    assert meta.ensure(remote(external_id=gone)) != gone


def test_a_list_deleted_behind_a_lost_state_is_made_anew(meta, remote, sandbox, account_id):
    gone = meta.ensure(remote())
    sandbox.control(believe={"lists": {gone: {"deleted": True}}})
    made = meta.ensure(remote())
    assert [kept["id"] for kept in lists_of(sandbox, account_id)] == [made]


def test_a_list_renamed_in_the_ad_manager_stays_the_same_list(meta, remote, sandbox):
    known = meta.ensure(remote())
    sandbox.control(believe={"lists": {known: {"name": "Anna's winback"}}})
    assert meta.ensure(remote()) == known


def test_a_list_whose_description_was_edited_is_still_the_ledgers(meta, remote, sandbox):
    known = meta.ensure(remote())
    sandbox.control(believe={"lists": {known: {"description": "for the spring campaign"}}})
    assert meta.ensure(remote(external_id=known)) == known


@pytest.mark.parametrize("other", [{"ledger_id": "ledger2"}, {"environment": "production"}])
@pytest.mark.parametrize("is_known", [True, False])
def test_the_list_of_another_ledger_is_refused(open_meta, remote, sandbox, other, is_known):
    theirs = open_meta().ensure(remote(**other))
    sandbox.control(reset_requests=True)
    with pytest.raises(ConfigError, match="adopt") as refused:
        open_meta().ensure(remote(external_id=theirs if is_known else None))
    assert "ledger2" in str(refused.value) or "production" in str(refused.value)
    assert writes(sandbox) == 0


def test_an_adopted_ledgers_list_is_taken_over(open_meta, remote, sandbox, account_id):
    theirs = open_meta().ensure(remote(ledger_id="ledger2"))
    assert open_meta(adopt=["ledger2"]).ensure(remote()) == theirs
    (kept,) = lists_of(sandbox, account_id)
    assert kept["description"] == "boomerang:demo:ledger1:lapsed@meta:main"
    assert open_meta().ensure(remote()) == theirs


def test_two_audiences_with_the_same_label_are_two_lists(meta, remote):
    assert meta.ensure(remote()) != meta.ensure(remote(list_id=ListId("lost@meta:main")))


def test_lists_of_the_advertiser_are_left_alone(meta, remote, sandbox, account_id):
    mine = meta.ensure(remote())
    sandbox.control(believe={"lists": {mine: {"description": ""}}})
    made = meta.ensure(remote())
    assert {kept["id"] for kept in lists_of(sandbox, account_id)} == {mine, made}


@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "server_error", "html"])
def test_a_creation_without_an_answer_leaves_one_list(meta, remote, sandbox, account_id, fault):
    sandbox.control(faults=[{"do": fault, "on": "create"}])
    made = meta.ensure(remote())
    assert [kept["id"] for kept in lists_of(sandbox, account_id)] == [made]


def test_a_full_account_says_so(meta, remote, sandbox):
    sandbox.control(believe={"max_lists": 1})
    meta.ensure(remote())
    with pytest.raises(RejectedRequest, match="500 customer lists"):
        meta.ensure(remote(list_id=ListId("second@meta:main")))


def test_a_small_list_is_not_usable_yet(meta, remote):
    status = meta.status(meta.ensure(remote()))
    assert not status.usable
    assert "about 100" in status.note


def test_a_list_of_some_size_is_usable_and_has_bounds(meta, remote, batch, row_of):
    external_id = meta.ensure(remote())
    meta.add(external_id, batch(*[row_of(f"person{number}@example.com") for number in range(234)]))
    status = meta.status(external_id)
    assert status.usable
    assert (status.size_lower, status.size_upper) == (230, 240)


def test_a_flagged_list_says_so(meta, remote, sandbox):
    flagged = meta.ensure(remote())
    sandbox.control(believe={"lists": {flagged: {"flagged": True}}})
    status = meta.status(flagged)
    assert not status.usable
    assert "flagged" in status.note


def test_only_a_flagged_list_is_flagged(meta, remote, sandbox):
    one, other = meta.ensure(remote()), meta.ensure(remote(list_id=ListId("other@meta:main")))
    sandbox.control(believe={"lists": {one: {"flagged": True}}})
    assert (meta.status(one).is_flagged, meta.status(other).is_flagged) == (True, False)


def test_a_list_gets_another_name(meta, remote, sandbox):
    known = meta.ensure(remote())
    meta.rename(known, "Long gone buyers")
    assert meta.status(known).name == "Long gone buyers"
    assert meta.ensure(remote(external_id=known)) == known


def test_a_list_without_a_name_is_refused(meta, remote):
    with pytest.raises(RejectedRequest):
        meta.rename(meta.ensure(remote()), "")


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "server_error", "html"])
def test_renaming_is_tried_again(meta, remote, sandbox, fault):
    known = meta.ensure(remote())
    sandbox.control(faults=[{"do": fault, "on": "edit"}])
    meta.rename(known, "Long gone buyers")
    assert meta.status(known).name == "Long gone buyers"


@pytest.mark.parametrize("fault", [None, "cut_before", "cut_after", "server_error", "list_deleted"])
def test_deleting_a_list_leaves_none_and_twice_is_no_error(meta, remote, sandbox, account_id, fault):
    known = meta.ensure(remote())
    sandbox.control(faults=[{"do": fault, "on": "delete"}] if fault else [])
    meta.delete(known)
    meta.delete(known)
    assert lists_of(sandbox, account_id) == []
    assert meta.ensure(remote(external_id=known)) != known


def test_without_the_permission_a_list_is_neither_deleted_nor_renamed(meta, remote, sandbox, account_id):
    known = meta.ensure(remote())
    sandbox.control(believe={"permissions": ["ads_read"]})
    for refused in (lambda: meta.delete(known), lambda: meta.rename(known, "Other")):
        with pytest.raises(AuthError):
            refused()
    assert [kept["name"] for kept in lists_of(sandbox, account_id)] == ["Lapsed buyers"]


@pytest.mark.parametrize("asked", ["status", "add", "remove", "confirm", "rename"])
def test_a_deleted_list_is_gone_whatever_is_asked_of_it(meta, remote, batch, row_of, sandbox, asked):
    gone = meta.ensure(remote())
    sandbox.control(believe={"lists": {gone: {"deleted": True}}})
    rows = batch(row_of("ann@example.com"))
    calls = {
        "status": lambda: meta.status(gone),
        "add": lambda: meta.add(gone, rows),
        "remove": lambda: meta.remove(gone, rows),
        "confirm": lambda: meta.confirm(gone, ["1"]),
        "rename": lambda: meta.rename(gone, "New"),
    }
    with pytest.raises(Gone, match="deleted") as refused:
        calls[asked]()
    assert (refused.value.code, refused.value.subcode) == ("100", "33")


def test_check_finds_nothing_when_all_is_well_and_writes_nothing(meta, sandbox):
    assert meta.check() == []
    assert writes(sandbox) == 0


@pytest.mark.parametrize(
    ("belief", "sentence"),
    [
        ({"tokens": ["another"]}, "access token"),
        ({"terms_accepted": False}, "Custom Audience Terms"),
        ({"permissions": ["ads_read"]}, "ads_management"),
        ({"permissions": []}, "ads_management"),
        ({"accounts": ["act_other"]}, "check the account's id"),
    ],
)
def test_check_says_what_is_not_in_order(meta, sandbox, belief, sentence):
    sandbox.control(believe=belief)
    (finding,) = meta.check()
    assert sentence in finding
