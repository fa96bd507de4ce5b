"""What every platform must do, through HTTP to the sandbox with its real client. A platform says in its registration what it is."""

from __future__ import annotations

import logging
import threading
import traceback
from bisect import bisect_right
from datetime import timedelta
from pathlib import Path

import pytest
from conformance_platforms import DECLARED, REGISTRATIONS

from audiences.domain import HashRow, ListId
from audiences.errors import ConfigError, Gone, PlatformError, RateLimited, RejectedRequest, RejectedRows
from audiences.platforms.base import Batch, Telling
from audiences.platforms.limits import read_numbers
from audiences.platforms.registry import kind_of

ROOT = Path(__file__).parents[2]


def uploads_of(sandbox, platform):
    """The newest requests that brought rows, in order."""
    newest = sandbox.inspect(platform).requests()["newest"]
    return [seen for seen in newest if seen["rows"] or seen["kind"] in ("add", "remove")]


# Registration --------------------------------------------------------------------------------------------------------


def test_every_platform_has_its_module_its_stand_in_its_page_its_limits_and_its_registration():
    registered = {one.platform for one in REGISTRATIONS}
    assert set(DECLARED) - registered == set()
    assert registered - set(DECLARED) == {"noticeboard"}
    needed = ("audiences/platforms/{}.py", "audiences/sandbox/{}.py", "docs/platforms/{}.md")
    missing = {
        one.format(name) for name in sorted(DECLARED) for one in needed if not (ROOT / one.format(name)).is_file()
    }
    folders = {one.platform for one in REGISTRATIONS if one.is_a_folder}
    assert folders == {"file"}
    assert missing == {f"audiences/sandbox/{name}.py" for name in folders}
    assert [name for name in sorted(DECLARED) if len(read_numbers(name)) < 6] == []


def test_every_class_of_error_is_in_every_table(registration):
    if registration.is_a_folder:
        pytest.skip("nobody answers: its errors are those of files, and have tests of their own")
    assert {error.__name__ for _, error in registration.faults} >= {
        "AuthError",
        "RejectedRequest",
        "Gone",
        "RateLimited",
        "Unavailable",
    }


# Lists ---------------------------------------------------------------------------------------------------------------


def test_ensure_twice_gives_one_list(ad_platform, opened, remote, batch, row_of, lists):
    first = ad_platform.ensure(remote())
    again = ad_platform.ensure(remote())
    ad_platform.add(first, batch(row_of("ann")))
    later = opened().ensure(remote(external_id=first))
    assert first == again == later
    assert len(lists()) == 1


def test_two_audiences_with_one_label_are_two_lists(ad_platform, remote, batch, row_of, platform, lists):
    for audience in ("lapsed", "lost"):
        external_id = ad_platform.ensure(remote(list_id=ListId(f"{audience}@{platform}:main")))
        ad_platform.add(external_id, batch(row_of("ann")))
    assert [kept["people"] for kept in lists()] == [1, 1]


def test_a_ledger_that_lost_its_state_finds_its_list_again(opened, remote, filled, lists):
    assert opened().ensure(remote(external_id=None)) == filled
    assert len(lists()) == 1


@pytest.mark.parametrize("other", [{"ledger_id": "ledger2"}, {"environment": "production"}])
def test_another_ledgers_list_is_refused_and_left_alone(
    opened, remote, batch, row_of, sandbox, platform, people, other
):
    theirs = opened()
    theirs.add(theirs.ensure(remote(**other)), batch(row_of("ann")))
    sandbox.control(reset_requests=True)
    with pytest.raises(ConfigError, match="adopt"):
        opened().ensure(remote())
    assert sandbox.inspect(platform).requests()["writes"] == 0
    assert people() == 1


def test_an_adopted_ledgers_list_is_taken_over(opened, remote, batch, row_of, lists):
    theirs = opened()
    theirs.add(theirs.ensure(remote(ledger_id="ledger2")), batch(row_of("ann")))
    mine = opened(adopt=["ledger2"])
    external_id = mine.ensure(remote())
    mine.add(external_id, batch(row_of("bob")))
    assert [kept["people"] for kept in lists()] == [2]
    assert opened().ensure(remote()) == external_id


def test_a_creation_whose_answer_was_lost_leaves_one_list(opened, remote, batch, row_of, fails, lists):
    patient = opened(tries=4)
    for kind in ("create", "create_by_file"):
        fails("cut_after", kind)
        external_id = patient.ensure(remote())
        patient.add(external_id, batch(row_of("ann")))
        assert [kept["people"] for kept in lists()] == [1]


def test_a_deleted_list_is_made_anew_with_everybody_who_is_sent_then(
    opened, ad_platform, remote, filled, delete_by_hand, batch, row_of, people
):
    delete_by_hand()
    known = opened()
    after = known.ensure(remote(external_id=filled))
    if after == filled:  # the platform has no empty lists: that it is gone shows when rows come
        with pytest.raises(Gone):
            known.add(after, batch(row_of("bob")))
    anew = opened()
    external_id = anew.ensure(remote())
    anew.add(external_id, batch(row_of("ann"), row_of("bob")))
    assert people() == 2


# The account ---------------------------------------------------------------------------------------------------------


def test_the_account_tells_how_many_lists_it_has(opened, remote, batch, row_of, platform):
    account = opened()
    if not isinstance(account, Telling):
        pytest.skip(f"{platform} tells nothing of its account")
    before = account.account_state().lists
    for audience in ("lapsed", "lost"):
        external_id = account.ensure(remote(list_id=ListId(f"{audience}@{platform}:main")))
        account.add(external_id, batch(row_of("ann")))
    assert (before, opened().account_state().lists) == (0, 2)


def test_the_account_tells_what_time_it_is_there(opened, sandbox, platform):
    account = opened()
    if not isinstance(account, Telling):
        pytest.skip(f"{platform} tells nothing of its account")
    assert abs(account.account_state().clock_ahead) < timedelta(seconds=30)
    sandbox.control(clock_offset_seconds=-3600)
    try:
        ahead = account.account_state().clock_ahead
    finally:
        sandbox.control(clock_offset_seconds=0)
    assert abs(ahead + timedelta(hours=1)) < timedelta(seconds=30)


# Members -------------------------------------------------------------------------------------------------------------


def test_adding_twice_equals_adding_once(ad_platform, filled, batch, row_of, people):
    outcome = ad_platform.add(filled, batch(row_of("ann")))
    assert (outcome.received, outcome.invalid) == (1, 0)
    assert people() == 1


def test_removing_somebody_absent_is_no_error(ad_platform, filled, batch, row_of, people):
    outcome = ad_platform.remove(filled, batch(row_of("never")))
    assert (outcome.received, outcome.invalid) == (1, 0)
    assert people() == 1


def test_removing_any_identifier_removes_the_person(registration, ad_platform, filled, batch, row_of, people):
    identifying = [
        field.name for field in ad_platform.fields if field.identifies and field.name not in registration.unsent
    ]
    for name in identifying:
        ad_platform.add(filled, batch(row_of("bob")))
        assert people() == 2
        ad_platform.remove(filled, batch(row_of("bob", only=name)))
        assert people() == 1
    assert identifying


def test_everybody_may_leave_and_come_back(ad_platform, filled, batch, row_of, people):
    ad_platform.remove(filled, batch(row_of("ann")))
    assert people() == 0
    ad_platform.add(filled, batch(row_of("ann")))
    assert people() == 1


def test_no_rows_make_no_request(ad_platform, filled, sandbox, platform):
    sandbox.control(reset_requests=True)
    assert ad_platform.add(filled, Batch([], 1)).received == ad_platform.remove(filled, Batch([], 1)).received == 0
    assert sandbox.inspect(platform).requests()["total"] == 0


@pytest.mark.parametrize("kind", ["add", "remove"])
def test_a_full_batch_stays_within_rows_and_bytes(
    registration, opened, settings, filled, rows_for, sandbox, platform, delete_by_hand, kind
):
    limits = kind_of(platform).limits_for(settings)
    client = opened()
    most = bisect_right(range(limits.rows_per_request + 1), limits.bytes_per_request, key=client.bytes_for) - 1
    rows = rows_for(most)
    sandbox.control(reset_requests=True)
    outcome = getattr(client, kind)(filled, Batch(rows, 1))
    sent = uploads_of(sandbox, platform)
    body = sum(seen["body_length"] for seen in sent)
    assert (outcome.received, outcome.invalid) == (most, 0)
    assert len(sent) <= registration.bodies_per_batch
    assert max(seen["rows"] for seen in sent) == most <= limits.rows_per_request
    assert 0.8 * client.bytes_for(most) <= body <= client.bytes_for(most) + 500 * (len(sent) - 1)
    assert client.bytes_for(most) <= limits.bytes_per_request
    assert max(seen["url_length"] for seen in sent) < 300
    delete_by_hand()  # so many people would slow down the tests that come after


def test_one_bad_row_is_counted_not_raised(registration, ad_platform, filled, batch, row_of, sandbox, platform, people):
    if not registration.bad_row:
        pytest.skip("this platform takes the good rows of a file and tells nothing of a bad one")
    bad = row_of("bad")
    rule = {"platform": platform, **registration.bad_row, "times": "always", "containing": [bad.split(",")[0]]}
    sandbox.control(faults=[rule])
    refused = []

    def send(rows):
        try:
            return ad_platform.add(filled, batch(*rows)).received
        except RejectedRows:
            if len(rows) == 1:
                refused.extend(rows)
                return 0
            half = len(rows) // 2
            return send(rows[:half]) + send(rows[half:])

    taken = send([*(row_of(f"good{number}") for number in range(4)), bad])
    assert (taken, refused == [bad]) == (4, True)
    assert people() == 5


WRONG = (
    "ann@example.com",
    "0" * 63,
    "A" * 64,
    "0" * 63 + "é",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
)


@pytest.mark.parametrize("cell", WRONG, ids=["raw", "short", "upper", "not ascii", "of nothing"])
def test_what_is_no_hash_never_leaves_and_is_not_shown(ad_platform, filled, batch, row_of, sandbox, platform, cell):
    wrong = HashRow(",".join([cell, *[""] * (len(ad_platform.fields) - 1)]))
    sandbox.control(reset_requests=True)
    for send in (ad_platform.add, ad_platform.remove):
        with pytest.raises(RejectedRequest) as refused:
            send(filled, batch(row_of("ann"), wrong))
        assert cell not in str(refused.value)
    assert sandbox.inspect(platform).requests()["writes"] == 0


def test_batches_from_several_threads_go_to_one_list(ad_platform, remote, row_of, lists):
    external_id = ad_platform.ensure(remote())
    batches = [Batch([row_of(f"{number} {one}") for one in range(5)], number + 1) for number in range(4)]
    threads = [threading.Thread(target=ad_platform.add, args=(external_id, one)) for one in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [kept["people"] for kept in lists()] == [20]


@pytest.mark.parametrize("fault_of", ["cut_before", "cut_after", "server_error", "html"])
def test_passing_trouble_is_tried_again_and_counts_once(opened, filled, batch, row_of, fails, people, fault_of):
    fails(fault_of, "add")
    outcome = opened(tries=3).add(filled, batch(row_of("bob")))
    assert outcome.received == 1
    assert people() == 2


# Errors --------------------------------------------------------------------------------------------------------------


def test_each_error_is_named_by_what_to_do(fault, error, ad_platform, filled, batch, row_of, sandbox, platform):
    sandbox.control(faults=[{"platform": platform, "on": "add", "times": "always", **fault}])
    with pytest.raises(PlatformError) as refused:
        ad_platform.add(filled, batch(row_of("bob"), row_of("eve")))
    assert isinstance(refused.value, error)
    assert isinstance(refused.value, Gone) == (error is Gone)
    assert isinstance(refused.value, RejectedRows) == (error is RejectedRows)
    assert refused.value.__cause__ is refused.value.__context__ is None


def test_a_wait_is_handed_on_and_nothing_is_sent_meanwhile(
    registration, ad_platform, filled, batch, row_of, fails, sandbox, platform
):
    fails("throttle", "add", minutes=1, times=2)
    sandbox.control(reset_requests=True)
    waits = []
    for _ in range(2):
        with pytest.raises(RateLimited) as refused:
            ad_platform.add(filled, batch(row_of("bob")))
        waits.append(refused.value.wait)
    assert waits == pytest.approx([60 * registration.wait_minutes] * 2, abs=3)
    most = registration.bodies_per_batch if registration.keeps_away else 2
    assert len(uploads_of(sandbox, platform)) <= most


def test_nothing_personal_and_no_token_is_told(
    registration, opened, filled, batch, row_of, sandbox, platform, caplog, capsys
):
    caplog.set_level(logging.DEBUG)
    row = row_of("ann")
    told = []
    faults = sorted((one for one, _ in registration.faults), key=lambda one: one["do"] == "list_deleted")
    for fault in ({"do": "invalid_rows"}, *faults):
        client = opened()  # another one is still told to wait
        said = {"message": f"{row} sandbox-token ann@example.com"} if fault["do"] in ("error", "html") else {}
        if platform == "noticeboard" or fault["do"] == "list_deleted":
            said = {}
        sandbox.control(faults=[{"platform": platform, "on": "add", "minutes": 0, **said, **fault}])
        try:
            client.add(filled, batch(row, row_of("bob")))
        except PlatformError as error:
            told += [*traceback.format_exception(error), repr(error), str(vars(error))]
    told += opened().check()
    printed = capsys.readouterr()
    everything = "\n".join([caplog.text, printed.out, printed.err, *told])
    assert len(told) >= 10
    for secret in (*registration.secrets, *filter(None, row.split(",")), "ann@example"):
        assert (secret in everything) is False, "a token, a hash or an address was told"


# What is asked of a list ---------------------------------------------------------------------------------------------


def test_a_list_tells_of_itself(ad_platform, filled):
    status = ad_platform.status(filled)
    assert status.external_id == filled
    assert status.name == "Lapsed buyers"
    assert (status.usable, status.is_flagged) == (False, False)
    assert status.note


def test_a_list_gets_another_name_and_stays_this_ledgers(ad_platform, opened, remote, filled, lists):
    ad_platform.rename(filled, "Long gone buyers")
    assert opened().status(filled).name == "Long gone buyers"
    assert opened().ensure(remote()) == filled
    assert len(lists()) == 1


def test_a_deleted_list_is_deleted_for_good_and_twice_is_no_error(registration, ad_platform, opened, filled):
    if not registration.can_delete:
        with pytest.raises(RejectedRequest, match="cannot delete"):
            ad_platform.delete(filled)
        return
    ad_platform.delete(filled)
    ad_platform.delete(filled)
    with pytest.raises(Gone):
        opened().status(filled)


@pytest.mark.parametrize("asked", ["status", "add", "remove", "rename"])
def test_a_list_deleted_by_hand_is_gone_whatever_is_asked(opened, filled, delete_by_hand, batch, row_of, asked):
    delete_by_hand()
    client, rows = opened(), batch(row_of("ann"))
    calls = {
        "status": lambda: client.status(filled),
        "add": lambda: client.add(filled, rows),
        "remove": lambda: client.remove(filled, rows),
        "rename": lambda: client.rename(filled, "New"),
    }
    with pytest.raises(Gone):
        calls[asked]()


def test_a_check_finds_nothing_when_all_is_well_and_writes_nothing(ad_platform, sandbox, platform):
    assert ad_platform.check() == []
    assert sandbox.inspect(platform).requests()["writes"] == 0


def test_a_check_says_that_the_token_is_wrong(ad_platform, sandbox, platform):
    sandbox.control(platform=platform, believe={"tokens": ["another"]})
    (finding,) = ad_platform.check()
    assert "token" in finding
