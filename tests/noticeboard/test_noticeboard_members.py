"""Members on the noticeboard: processed later, forgotten after a while, refused in whole or one by one, so many a day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from audiences.domain import HashRow
from audiences.errors import RateLimited, RejectedRequest, RejectedRows
from audiences.platforms.base import Batch


def test_people_on_the_list_are_those_that_were_sent(board, external_id, batch, row_of, hashed, sandbox):
    outcome = board.add(external_id, batch(row_of("ann@example.com", "+1555", "us"), row_of("bob@example.com")))
    held = sandbox.inspect("noticeboard").list(external_id)["people"]
    expected = [sorted([hashed("ann@example.com"), hashed("+1555")]), [hashed("bob@example.com")]]
    assert (outcome.received, outcome.invalid) == (2, 0)
    assert held == sorted(expected)


def test_adding_twice_equals_adding_once(board, external_id, batch, row_of, people_on):
    rows = [row_of("ann@example.com"), row_of("bob@example.com")]
    board.add(external_id, batch(*rows))
    board.add(external_id, batch(*rows))
    assert people_on(external_id) == 2


def test_removing_one_identifier_removes_the_person(board, external_id, batch, row_of, people_on):
    board.add(external_id, batch(row_of("ann@example.com", "+1555", "us"), row_of("bob@example.com")))
    board.remove(external_id, batch(row_of("", "+1555", "us")))
    assert people_on(external_id) == 1


def test_removing_somebody_absent_is_no_error(board, external_id, batch, row_of, people_on):
    board.add(external_id, batch(row_of("ann@example.com")))
    assert board.remove(external_id, batch(row_of("never@example.com"))).received == 1
    assert people_on(external_id) == 1


def test_a_raw_value_never_leaves(board, external_id, batch, sandbox):
    sandbox.control(reset_requests=True)
    with pytest.raises(RejectedRequest, match="nothing was sent"):
        board.add(external_id, batch(HashRow("ann@example.com,,")))
    assert sandbox.inspect("noticeboard").requests()["total"] == 0


def test_as_many_rows_as_are_said_to_fit_do_and_one_more_does_not(board, external_id, row_of, people_on):
    limit = board.limits.bytes_per_request
    fitting = max(rows for rows in range(board.limits.rows_per_request) if board.bytes_for(rows) <= limit)
    rows = [row_of(f"p{number}@example.com", f"+1555{number}", "us") for number in range(fitting + 2)]
    board.add(external_id, Batch(rows[:fitting], 1))
    assert people_on(external_id) == fitting
    with pytest.raises(RejectedRows):
        board.add(external_id, Batch(rows, 2))


def test_several_requests_at_once_are_taken_but_not_more_than_four(open_board, external_id, row_of, fails, people_on):
    board = open_board(tries=1)
    fails("slow", "add", times="always", seconds=0.4)
    rows = [row_of(f"p{number}@example.com") for number in range(5)]

    def add(row):
        try:
            return board.add(external_id, Batch([row], 1)).received
        except RateLimited:
            return 0

    with ThreadPoolExecutor(5) as threads:
        assert sum(threads.map(add, rows[:4])) == 4
        assert sum(threads.map(add, rows)) < 5
    assert people_on(external_id) >= 4


# later ------------------------------------------------------------------------------------------------------------------


def test_a_request_is_processed_after_its_time(board, external_id, batch, row_of, sandbox, people_on, pass_time):
    sandbox.control(processing_seconds=600)
    ticket = board.add(external_id, batch(row_of("ann@example.com"))).handle
    assert board.confirm(external_id, [ticket])[ticket].state == "working"
    assert people_on(external_id) == 0
    pass_time(minutes=11)
    told = board.confirm(external_id, [ticket])[ticket]
    assert (told.state, told.matched, told.invalid) == ("processed", 1, 0)
    assert people_on(external_id) == 1


def test_a_removal_is_processed_later_too(board, external_id, batch, row_of, sandbox, people_on, pass_time):
    board.add(external_id, batch(row_of("ann@example.com")))
    sandbox.control(processing_seconds=600)
    ticket = board.remove(external_id, batch(row_of("ann@example.com"))).handle
    assert people_on(external_id) == 1
    pass_time(minutes=11)
    assert board.confirm(external_id, [ticket])[ticket].state == "processed"
    assert people_on(external_id) == 0


@pytest.mark.parametrize(("kind", "people"), [("add", 0), ("remove", 1)])
def test_nothing_of_a_failed_request_took_effect(
    board, external_id, batch, row_of, sandbox, fails, people_on, pass_time, kind, people
):
    if kind == "remove":
        board.add(external_id, batch(row_of("ann@example.com")))
    sandbox.control(processing_seconds=600)
    fails("processing_fails", kind)
    ticket = getattr(board, kind)(external_id, batch(row_of("ann@example.com"))).handle
    assert board.confirm(external_id, [ticket])[ticket].state == "working"
    pass_time(minutes=11)
    assert board.confirm(external_id, [ticket])[ticket].state == "failed"
    assert people_on(external_id) == people
    again = getattr(board, kind)(external_id, batch(row_of("ann@example.com"))).handle
    pass_time(minutes=11)
    assert board.confirm(external_id, [again])[again].state == "processed"
    assert people_on(external_id) == 1 - people


def test_requests_of_a_list_are_processed_in_the_order_in_which_they_came(
    board, external_id, batch, row_of, sandbox, people_on, pass_time
):
    sandbox.control(processing_seconds=600)
    board.add(external_id, batch(row_of("ann@example.com")))
    sandbox.control(processing_seconds=0)
    ticket = board.remove(external_id, batch(row_of("ann@example.com"))).handle
    assert board.confirm(external_id, [ticket])[ticket].state == "working"
    pass_time(minutes=11)
    assert people_on(external_id) == 0


def test_tickets_are_forgotten_after_a_while_and_a_strangers_is_never_told(
    board, external_id, batch, row_of, pass_time
):
    ticket = board.add(external_id, batch(row_of("ann@example.com"))).handle
    pass_time(days=8)
    told = board.confirm(external_id, [ticket, "never"])
    assert {name: one.state for name, one in told.items()} == {ticket: "unknown"}


def test_many_tickets_are_asked_for_in_few_requests(board, external_id, batch, row_of, sandbox):
    tickets = [board.add(external_id, batch(row_of(f"p{number}@example.com"))).handle for number in range(25)]
    sandbox.control(reset_requests=True)
    assert {one.state for one in board.confirm(external_id, tickets).values()} == {"processed"}
    assert sandbox.inspect("noticeboard").requests()["total"] == 2


def test_the_match_rate_is_told_with_bounds_of_the_size(board, external_id, row_of, believe):
    assert board.status(external_id).match_rate is None
    believe(match_rate=0.6)
    ticket = board.add(external_id, Batch([row_of(f"p{number}@example.com") for number in range(25)], 1)).handle
    told, status = board.confirm(external_id, [ticket])[ticket], board.status(external_id)
    assert (told.matched, told.invalid) == (15, 10)
    assert (status.match_rate, status.size_lower, status.size_upper, status.usable) == (0.6, 20, 30, True)


def test_a_small_list_is_not_usable(board, external_id, row_of):
    board.add(external_id, Batch([row_of(f"p{number}@example.com") for number in range(19)], 1))
    assert not board.status(external_id).usable


# forgotten --------------------------------------------------------------------------------------------------------------


def test_members_expire_when_they_were_kept_long_enough(board, external_id, batch, row_of, people_on, pass_time):
    board.add(external_id, batch(row_of("ann@example.com"), row_of("bob@example.com")))
    pass_time(days=29)
    assert people_on(external_id) == 2
    board.add(external_id, batch(row_of("bob@example.com")))
    pass_time(days=2)
    assert people_on(external_id) == 1
    pass_time(days=28)
    assert people_on(external_id) == 0


def test_a_person_stays_as_long_as_the_newest_row(board, external_id, batch, row_of, people_on, pass_time):
    board.add(external_id, batch(row_of("ann@example.com", "+1555", "us")))
    pass_time(days=20)
    board.add(external_id, batch(row_of("", "+1555", "us")))
    pass_time(days=20)
    assert people_on(external_id) == 1
    pass_time(days=11)
    assert people_on(external_id) == 0


def test_a_list_keeps_people_as_long_as_its_audience_says(board, remote, batch, row_of, people_on, pass_time):
    external_id = board.ensure(remote(keep_days=7))
    board.add(external_id, batch(row_of("ann@example.com")))
    pass_time(days=8)
    assert people_on(external_id) == 0
    assert board.ensure(remote(external_id=external_id, keep_days=14)) == external_id
    board.add(external_id, batch(row_of("ann@example.com")))
    pass_time(days=8)
    assert people_on(external_id) == 1


def test_a_member_is_kept_from_when_the_request_was_processed(
    board, external_id, batch, row_of, sandbox, people_on, pass_time
):
    sandbox.control(processing_seconds=86_400)
    board.add(external_id, batch(row_of("ann@example.com")))
    pass_time(days=30, hours=12)
    assert people_on(external_id) == 1
    pass_time(hours=13)
    assert people_on(external_id) == 0


# refused ----------------------------------------------------------------------------------------------------------------


def test_one_malformed_row_has_the_whole_request_refused(board, external_id, batch, row_of, people_on):
    phone_without_country = row_of("", "+1555")
    with pytest.raises(RejectedRows) as refused:
        board.add(external_id, batch(row_of("ann@example.com"), phone_without_country))
    assert refused.value.request_id
    assert people_on(external_id) == 0
    board.add(external_id, batch(row_of("ann@example.com"), row_of("", "+1555", "us")))
    assert people_on(external_id) == 2


def test_rows_that_are_turned_away_are_told_by_their_places(
    board, external_id, batch, row_of, hashed, believe, people_on
):
    believe(turned_away=[hashed("bob@example.com"), hashed("+1555")])
    rows = [row_of("ann@example.com"), row_of("bob@example.com"), row_of("eve@example.com", "+1555", "us")]
    outcome = board.add(external_id, batch(*rows))
    assert (outcome.received, outcome.invalid, outcome.invalid_rows) == (3, 2, (1, 2))
    assert people_on(external_id) == 1


# so many a day ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def quota_of_five(at_noon, believe):
    believe(rows_per_day=5)


def test_when_the_days_quota_is_used_up_the_wait_is_until_midnight(
    quota_of_five, board, external_id, batch, row_of, people_on, pass_time
):
    board.add(external_id, batch(*[row_of(f"p{number}@example.com") for number in range(4)]))
    more = batch(*[row_of(f"q{number}@example.com") for number in range(2)])
    with pytest.raises(RateLimited) as limited:
        board.add(external_id, more)
    assert 11 * 3600 < limited.value.wait <= 12 * 3600
    assert people_on(external_id) == 4
    pass_time(seconds=limited.value.wait)
    board.add(external_id, more)
    assert people_on(external_id) == 6


def test_removals_count_into_the_quota_and_another_board_has_its_own(
    quota_of_five, board, open_board, external_id, remote, batch, row_of
):
    rows = [row_of(f"p{number}@example.com") for number in range(3)]
    board.add(external_id, batch(*rows))
    with pytest.raises(RateLimited):
        board.remove(external_id, batch(*rows))
    other = open_board(id="board_of_somebody_else")
    other.add(other.ensure(remote()), batch(*rows))


def test_the_requests_of_an_hour_end_too(board, external_id, at_noon, believe):
    believe(requests_per_hour=1)
    board.status(external_id)
    with pytest.raises(RateLimited) as limited:
        board.status(external_id)
    assert 0 < limited.value.wait <= 3_601
