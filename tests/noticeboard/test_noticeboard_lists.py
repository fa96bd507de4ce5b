"""Lists on the noticeboard, a platform outside the package: found by its entry points, made once, owned by one ledger."""

from __future__ import annotations

import pytest

from audiences.catalog import installed_platforms
from audiences.domain import ListId
from audiences.errors import AuthError, ConfigError, Gone, RateLimited, RejectedRequest, Unavailable
from audiences.platforms.registry import kind_of, platform_names


def lists_of(sandbox, account_id):
    return [kept for kept in sandbox.inspect("noticeboard").lists() if kept["account"] == account_id]


def test_a_platform_outside_the_package_is_found_with_its_stand_in(installed, sandbox):
    assert "noticeboard" in platform_names()
    assert "noticeboard" in installed_platforms()
    kind = kind_of("noticeboard")
    assert kind.confirms == {"add", "remove"}
    assert kind.limits_for({}).max_keep_days == 30


def test_fewer_rows_than_the_limit_are_as_many_bytes_as_a_request_takes(installed):
    limits, kind = kind_of("noticeboard").limits_for({}), kind_of("noticeboard")
    assert kind.bytes_for(limits.rows_per_request) > 2 * limits.bytes_per_request


def test_ensure_twice_gives_one_list(board, remote, sandbox, account_id):
    first = board.ensure(remote())
    assert board.ensure(remote()) == board.ensure(remote(external_id=first)) == first
    assert [kept["id"] for kept in lists_of(sandbox, account_id)] == [first]


def test_a_known_list_is_verified_without_writing(open_board, external_id, remote, sandbox):
    sandbox.control(reset_requests=True)
    assert open_board().ensure(remote(external_id=external_id)) == external_id
    assert sandbox.inspect("noticeboard").requests()["writes"] == 0


def test_a_list_tells_whose_it_is(external_id, sandbox, account_id):
    (kept,) = lists_of(sandbox, account_id)
    assert kept["name"] == "Lapsed buyers"
    assert kept["description"] == "boomerang:demo:ledger1:lapsed@noticeboard:main"


@pytest.mark.parametrize("other", [{"ledger_id": "ledger2"}, {"environment": "production"}])
@pytest.mark.parametrize("is_known", [True, False])
def test_the_list_of_another_ledger_is_refused(board, remote, other, is_known):
    theirs = board.ensure(remote(**other))
    with pytest.raises(ConfigError, match="adopt"):
        board.ensure(remote(external_id=theirs if is_known else None))


def test_an_adopted_ledgers_list_is_taken_over(board, open_board, remote):
    theirs = board.ensure(remote(ledger_id="ledger2"))
    assert open_board(adopt=["ledger2"]).ensure(remote()) == theirs
    assert board.ensure(remote()) == theirs


def test_a_deleted_list_is_gone_and_made_anew(board, remote, external_id, believe):
    believe(lists={external_id: {"deleted": True}})
    with pytest.raises(Gone):
        board.status(external_id)
    assert board.ensure(remote(external_id=external_id)) != external_id


@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "server_error", "html"])
def test_a_creation_without_an_answer_leaves_one_list(board, remote, fails, sandbox, account_id, fault):
    fails(fault, "create")
    made = board.ensure(remote())
    assert [kept["id"] for kept in lists_of(sandbox, account_id)] == [made]


@pytest.mark.parametrize("kind", ["add", "read_list"])
def test_a_list_that_is_deleted_just_before_a_request_is_gone(board, external_id, batch, row_of, fails, kind):
    fails("list_deleted", kind)
    with pytest.raises(Gone):
        board.add(external_id, batch(row_of("ann@example.com"))) if kind == "add" else board.status(external_id)


def test_a_list_renamed_by_hand_stays_the_same_list(board, remote, external_id, fails):
    fails("list_renamed", "read_list", name="Anna's winback")
    assert board.status(external_id).name == "Anna's winback"
    assert board.ensure(remote()) == external_id


def test_a_full_board_takes_no_further_list(board, remote, external_id, believe):
    believe(max_lists=1)
    with pytest.raises(RejectedRequest, match="as many lists"):
        board.ensure(remote(list_id=ListId("second@noticeboard:main")))


def test_a_list_that_would_keep_people_for_too_long_is_refused(board, remote):
    with pytest.raises(RejectedRequest):
        board.ensure(remote(keep_days=31))


def test_a_list_gets_another_name(board, external_id):
    board.rename(external_id, "Former buyers")
    assert board.status(external_id).name == "Former buyers"


def test_a_list_is_deleted_once_and_again_without_an_error(board, external_id, sandbox, account_id):
    board.delete(external_id)
    board.delete(external_id)
    assert lists_of(sandbox, account_id) == []
    with pytest.raises(Gone):
        board.rename(external_id, "Former buyers")


def test_a_flagged_list_says_so_and_takes_nothing(board, external_id, batch, row_of, believe):
    believe(lists={external_id: {"flagged": True}})
    assert board.status(external_id).is_flagged
    with pytest.raises(RejectedRequest, match="rules"):
        board.add(external_id, batch(row_of("ann@example.com")))


@pytest.mark.parametrize(
    ("belief", "sentence"),
    [({"tokens": ["another"]}, "token"), ({"may_write": False}, "board"), ({"terms_accepted": False}, "terms")],
)
def test_what_the_credentials_lack_is_said(board, external_id, batch, row_of, believe, belief, sentence):
    believe(**belief)
    with pytest.raises(AuthError, match=sentence):
        board.add(external_id, batch(row_of("ann@example.com")))


def test_check_finds_a_wrong_token_and_nothing_else(board, open_board):
    assert board.check() == []
    (finding,) = open_board(token="wrong").check()
    assert "token" in finding


def test_a_wait_is_waited_out_only_as_long_as_the_settings_allow(open_board, external_id, fails):
    fails("throttle", "read_list", minutes=1)
    with pytest.raises(RateLimited) as limited:
        open_board().status(external_id)
    assert limited.value.wait == 60
    fails("throttle", "read_list", minutes=0)
    assert open_board().status(external_id).external_id == external_id


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "server_error", "html"])
def test_what_is_down_for_long_is_unavailable(open_board, external_id, batch, row_of, fails, fault):
    fails(fault, "add", times="always")
    with pytest.raises(Unavailable):
        open_board(tries=1).add(external_id, batch(row_of("ann@example.com")))


def test_an_error_shows_no_row_and_no_token(open_board, external_id, batch, row_of, hashed, fails):
    fails("error", "add", status=400)
    with pytest.raises(RejectedRequest) as refused:
        open_board().add(external_id, batch(row_of("ann@example.com")))
    shown = repr(refused.value) + repr(refused.value.__cause__) + repr(refused.value.__context__)
    assert not any(secret in shown for secret in (hashed("ann@example.com"), "sandbox-token"))
