"""What several rounds of planning and sending come to, what is written about it, and that no error carries a value out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from audiences.dbt_run import NodeResult
from audiences.domain import ListId
from audiences.errors import AuthError, ConfigError, DataError, GuardTripped, PlatformError, Unavailable
from audiences.sync.apply import ListResult
from audiences.sync.plan_record import GuardReport, ListPlan, Plan
from flows.artifacts import build_text, plan_text, result_text
from flows.outcome import error_of, merge, pass_by_themselves
from flows.privacy import clean_errors

MAIL = "ann.zqx@example.org"


def result(name: str, state: str, exit_code: int = 0, **counts: int) -> ListResult:
    return ListResult(
        ListId(f"{name}@meta:main"),
        name,
        "meta",
        state,
        message="why" if exit_code else "",
        exit_code=exit_code,
        **counts,
    )


def planned(name: str, held: dict[str, int], reasons: list[str]) -> ListPlan:
    return ListPlan(
        ListId(f"{name}@meta:main"), name, "meta", "main", None, "hash", 1200, 1000, 20, 3, 0, 180,
        {"holdout": 40, "gate consent_denied": 50}, GuardReport("held" if held else "ok", held, reasons), 2, 99, 1.0,
    )  # fmt: skip


def test_counts_of_two_rounds_add_up_and_the_later_state_holds():
    first = [result("winback", "partly", 6, sent=10_000, received=10_000, requests=1)]
    second = [result("winback", "applied", sent=500, received=499, invalid=1, requests=1)]
    [merged] = merge(merge([], first), second)
    assert (merged.state, merged.sent, merged.received, merged.invalid, merged.requests) == (
        "applied",
        10_500,
        10_499,
        1,
        2,
    )
    assert merged.exit_code == 0


def test_a_list_that_went_in_the_first_round_stays_applied():
    lists = merge(
        [result("winback", "applied", requests=3), result("still", "unchanged")],
        [result("winback", "unchanged"), result("still", "unchanged")],
    )
    assert {item.audience: item.state for item in lists} == {"winback": "applied", "still": "unchanged"}


def test_only_what_waiting_may_end_is_tried_again():
    results = [
        result("down", "failed", 6),
        result("held", "held", 3),
        result("token", "failed", 4),
        result("fine", "applied"),
    ]
    assert [item.audience for item in pass_by_themselves(results)] == ["down"]


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        ([0, 3], GuardTripped),
        ([3, 6], GuardTripped),
        ([6], Unavailable),
        ([5, 3], DataError),
        ([2, 5], ConfigError),
        ([4, 2], AuthError),
        ([1, 4], PlatformError),
    ],
)
def test_the_gravest_trouble_is_what_the_run_fails_with(codes, error):
    raised = error_of(
        [result(f"list{number}", "failed" if code else "applied", code) for number, code in enumerate(codes)]
    )
    assert type(raised) is error
    assert str(raised).count("@meta:main") == sum(code != 0 for code in codes), "fine lists are not named"


def test_a_run_without_trouble_does_not_fail():
    assert error_of([result("winback", "applied"), result("still", "unchanged")]) is None
    assert error_of([]) is None


def test_the_plan_says_who_changes_who_is_held_and_who_is_left_out():
    plan = Plan("p1", datetime(2026, 11, 24, 4, 59), "b1", (planned("winback", {"remove": 3}, ["a guard | a reason"]),))
    text = plan_text(plan)
    assert "| winback@meta:main | 1,200 | 1,000 | 20 | 3 | 0 | 180 | remove 3 | a guard \\| a reason |" in text
    assert text.index("| gate consent_denied | 50 |") < text.index("| holdout | 40 |")


def test_the_result_tells_how_to_release_what_is_held():
    text = result_text([result("winback", "held", 3), result("fine", "applied", sent=1_234)])
    assert "1 applied, 1 held." in text
    assert "| fine@meta:main | applied | 1,234 |" in text
    assert "boomerang release winback@meta:main --why" in text
    assert "boomerang release fine" not in text


def test_the_build_names_what_failed_and_what_was_slow():
    nodes = [
        NodeResult("dim_customers", "model", "success", 3.5, ""),
        NodeResult("unique_key", "test", "fail", 0.1, "Got 2 results"),
        NodeResult("seg_x", "model", "skipped", 0.0, ""),
    ]
    text = build_text(nodes)
    assert "| model | 2 | 1 skipped, 1 success |" in text
    assert "| unique_key | fail | Got 2 results |" in text
    assert "| dim_customers | 3.50 |" in text
    assert "| seg_x | skipped |" not in text, "what was not run failed nothing"
    assert "Failed" not in build_text(nodes[:1])


def test_a_foreign_error_leaves_with_its_type_and_place_only():
    with pytest.raises(Exception) as caught, clean_errors():
        int(MAIL)
    error = caught.value
    assert MAIL not in f"{error!r} {error.__cause__!r}"
    assert error.__suppress_context__
    assert "ValueError" in str(error)
    assert Path(__file__).name in str(error)


def test_our_own_error_passes_without_what_caused_it():
    with pytest.raises(DataError, match="three rows do not fit") as caught, clean_errors():
        try:
            int(MAIL)
        except ValueError as error:
            raise DataError("three rows do not fit") from error
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
