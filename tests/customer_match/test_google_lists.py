"""Lists at Google: found by their integration code or made, never twice, never another ledger's."""

from __future__ import annotations

import pytest

from audiences.domain import ListId
from audiences.errors import AuthError, ConfigError, Gone, RejectedRequest


def lists_of(sandbox, account_id):
    return [kept for kept in sandbox.inspect("google").lists() if kept["account"] == account_id]


def writes(sandbox):
    return sandbox.inspect("google").requests()["writes"]


def test_ensure_twice_gives_one_list(google, remote, sandbox, account_id):
    first = google.ensure(remote())
    second = google.ensure(remote())
    assert first == second
    assert [kept["id"] for kept in lists_of(sandbox, account_id)] == [first]


def test_a_list_tells_whose_it_is_and_nothing_of_what_it_is_for(google, remote, sandbox, account_id):
    google.ensure(remote())
    (kept,) = lists_of(sandbox, account_id)
    assert kept["name"] == "Lapsed buyers"
    assert kept["description"] == "boomerang:demo:ledger1:lapsed@google:main"


def test_a_list_takes_contact_data_for_as_many_days_as_wanted(google, remote, plain, account_id):
    known = google.ensure(remote(keep_days=90))
    kept = plain.get(f"accountTypes/GOOGLE_ADS/accounts/{account_id}/userLists/{known}").json()
    assert kept["ingestedUserListInfo"]["uploadKeyTypes"] == [1]
    assert kept["membershipDuration"] == "7776000s"


def test_other_days_are_written_into_the_list(google, remote, plain, account_id, sandbox):
    known = google.ensure(remote(keep_days=90))
    google.ensure(remote(external_id=known, keep_days=30))
    kept = plain.get(f"accountTypes/GOOGLE_ADS/accounts/{account_id}/userLists/{known}").json()
    assert kept["membershipDuration"] == f"{30 * 86_400}s"
    sandbox.control(reset_requests=True)
    google.ensure(remote(external_id=known, keep_days=30))
    assert writes(sandbox) == 0


def test_more_days_than_google_keeps_anybody_are_refused(google, remote):
    assert google.limits.max_keep_days == 540
    google.ensure(remote(keep_days=540))
    with pytest.raises(RejectedRequest, match="keep_days"):
        google.ensure(remote(list_id=ListId("other@google:main"), name="Other", keep_days=541))


def test_a_ledger_that_lost_its_state_finds_its_list_again(open_google, remote):
    before = open_google().ensure(remote())
    assert open_google().ensure(remote(external_id=None)) == before


def test_a_known_list_is_verified_by_one_request_and_no_write(open_google, remote, sandbox):
    known = open_google().ensure(remote())
    sandbox.control(reset_requests=True)
    assert open_google().ensure(remote(external_id=known)) == known
    assert writes(sandbox) == 0
    assert sandbox.inspect("google").requests()["total"] == 1


def test_the_directory_of_lists_is_read_once_for_many_new_lists(google, remote, sandbox, kinds):
    for number in range(5):
        google.ensure(remote(list_id=ListId(f"a{number}@google:main"), name=f"Audience {number}"))
    assert kinds() == {"find": 1, "create": 5}


def test_a_list_with_a_long_id_is_found_by_a_digest_of_it(open_google, remote, sandbox, account_id):
    long = ListId("complementary_" * 10 + "@google:main/guitars")
    other = ListId("complementary_" * 10 + "@google:main/basses")
    known = open_google().ensure(remote(list_id=long))
    assert open_google().ensure(remote(list_id=long)) == known
    assert open_google().ensure(remote(list_id=other, name="Other")) != known
    assert all(len(kept["description"]) <= 100 for kept in lists_of(sandbox, account_id))


def test_a_deleted_list_is_made_anew(google, remote, believe):
    gone = google.ensure(remote())
    believe(lists={gone: {"deleted": True}})
    assert google.ensure(remote(external_id=gone)) != gone


def test_a_list_deleted_behind_a_lost_state_is_made_anew(google, remote, believe, sandbox, account_id):
    gone = google.ensure(remote())
    believe(lists={gone: {"deleted": True}})
    made = google.ensure(remote())
    assert [kept["id"] for kept in lists_of(sandbox, account_id)] == [made]


def test_a_list_renamed_in_google_ads_stays_the_same_list(open_google, remote, believe):
    known = open_google().ensure(remote())
    believe(lists={known: {"name": "Anna's winback"}})
    assert open_google().ensure(remote()) == known


@pytest.mark.parametrize("other", [{"ledger_id": "ledger2"}, {"environment": "production"}])
@pytest.mark.parametrize("is_known", [True, False])
def test_the_list_of_another_ledger_is_refused(open_google, remote, sandbox, other, is_known):
    theirs = open_google().ensure(remote(**other))
    sandbox.control(reset_requests=True)
    with pytest.raises(ConfigError, match="adopt") as refused:
        open_google().ensure(remote(external_id=theirs if is_known else None))
    assert "ledger2" in str(refused.value) or "production" in str(refused.value)
    assert writes(sandbox) == 0


def test_an_adopted_ledgers_list_is_taken_over(open_google, remote, sandbox, account_id):
    theirs = open_google().ensure(remote(ledger_id="ledger2"))
    assert open_google(adopt=["ledger2"]).ensure(remote()) == theirs
    (kept,) = lists_of(sandbox, account_id)
    assert kept["description"] == "boomerang:demo:ledger1:lapsed@google:main"
    assert open_google().ensure(remote()) == theirs


def test_two_audiences_with_the_same_label_are_two_lists_that_both_bear_it(google, remote, sandbox, account_id):
    first, second = google.ensure(remote()), google.ensure(remote(list_id=ListId("lost@google:main")))
    assert first != second
    assert len({kept["name"] for kept in lists_of(sandbox, account_id)}) == 2, "Google takes each name once"
    assert google.status(first).name == google.status(second).name == "Lapsed buyers"


def test_a_list_gets_another_name_even_one_that_is_taken(google, remote):
    known = google.ensure(remote())
    google.ensure(remote(list_id=ListId("other@google:main"), name="Long gone buyers"))
    google.rename(known, "Away buyers")
    assert google.status(known).name == "Away buyers"
    google.rename(known, "Long gone buyers")
    assert google.status(known).name == "Long gone buyers"
    google.rename(known, "Long gone buyers")
    assert google.status(known).name == "Long gone buyers"


@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "server_error", "html"])
def test_a_creation_without_an_answer_leaves_one_list(google, remote, fails, sandbox, account_id, fault):
    fails(fault, "create")
    made = google.ensure(remote())
    assert [kept["id"] for kept in lists_of(sandbox, account_id)] == [made]


@pytest.mark.parametrize("fault", [None, "cut_before", "cut_after", "server_error", "list_deleted"])
def test_deleting_a_list_leaves_none_and_twice_is_no_error(
    google, external_id, remote, fails, sandbox, account_id, fault
):
    if fault:
        fails(fault, "delete")
    google.delete(external_id)
    google.delete(external_id)
    assert lists_of(sandbox, account_id) == []
    assert google.ensure(remote(external_id=external_id)) != external_id


@pytest.mark.parametrize("asked", ["status", "add", "remove", "rename"])
def test_a_deleted_list_is_gone_whatever_is_asked_of_it(google, external_id, batch, row_of, believe, asked):
    believe(lists={external_id: {"deleted": True}})
    rows = batch(row_of("ann@example.com"))
    calls = {
        "status": lambda: google.status(external_id),
        "add": lambda: google.add(external_id, rows),
        "remove": lambda: google.remove(external_id, rows),
        "rename": lambda: google.rename(external_id, "New"),
    }
    with pytest.raises(Gone, match="deleted"):
        calls[asked]()


def test_a_small_list_is_not_usable_yet(google, external_id):
    status = google.status(external_id)
    assert not status.usable
    assert "too small" in status.note
    assert (status.size_lower, status.size_upper, status.match_rate) == (0, None, None)


def test_a_list_of_some_size_is_usable_and_tells_its_match_rate(google, external_id, batch, row_of):
    google.add(external_id, batch(*[row_of(f"person{number}@example.com") for number in range(234)]))
    status = google.status(external_id)
    assert status.usable
    assert (status.size_lower, status.size_upper, status.match_rate) == (230, 4 * 230, 0.8)


def test_the_least_size_is_a_setting(open_google, remote, batch, row_of):
    google = open_google(min_members=1_000)
    external_id = google.ensure(remote())
    google.add(external_id, batch(*[row_of(f"person{number}@example.com") for number in range(234)]))
    assert google.limits.min_members == 1_000
    assert not google.status(external_id).usable


def test_a_list_that_google_closed_says_so(google, external_id, believe):
    believe(lists={external_id: {"closed": True}})
    status = google.status(external_id)
    assert not status.usable
    assert "closed because no campaign used it" in status.note


def test_a_list_may_be_reached_through_a_manager_account(open_google, remote, believe, batch, row_of):
    believe(managers=["1112223334"])
    through = open_google(login_account="111-222-3334")
    external_id = through.ensure(remote())
    assert through.add(external_id, batch(row_of("ann@example.com"))).received == 1
    with pytest.raises(AuthError, match="login_account"):
        open_google(login_account="999-222-3334").ensure(remote())


def test_check_finds_nothing_when_all_is_well_and_keeps_nothing(google, sandbox, account_id):
    assert google.check() == []
    assert writes(sandbox) == 0
    assert lists_of(sandbox, account_id) == []


@pytest.mark.parametrize(
    ("belief", "sentence"),
    [
        ({"tokens": ["another"]}, "credentials"),
        ({"accounts": ["1"]}, "lack access"),
        ({"may_write": False}, "lack access"),
    ],
)
def test_check_says_what_is_not_in_order(google, believe, belief, sentence):
    believe(**belief)
    (finding,) = google.check()
    assert sentence in finding


def test_check_says_that_the_terms_are_still_to_be_accepted(open_google):
    (finding,) = open_google(terms_accepted=False).check()
    assert "Customer Match terms" in finding


def test_validating_a_new_list_keeps_nothing(google, remote, batch, row_of, sandbox, account_id):
    assert google.validate(remote(), batch(row_of("ann@example.com"))).received == 0
    assert lists_of(sandbox, account_id) == []
    with pytest.raises(RejectedRequest, match="keep_days"):
        google.validate(remote(keep_days=541), batch())
