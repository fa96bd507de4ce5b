"""When a platform's size moves against the ledger; and that rounding and lateness alone never look like it."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiences.sync.drift import Size, drift, span

FIRST = dt.datetime(2026, 11, 1)


def rounded(people):
    """Two digits, as Meta rounds."""
    step = 10 ** max(len(str(people)) - 2, 1)
    return people // step * step, people // step * step + step


def series(sizes, members):
    """One size and one number of members a day."""
    return [
        Size(FIRST + dt.timedelta(days=day), *rounded(size), count)
        for day, (size, count) in enumerate(zip(sizes, members, strict=True))
    ]


def told(sizes, members, *, filled_at=FIRST, confirmed=0, rows=None):
    return drift(series(sizes, members), most_people=rows or members[-1], confirmed=confirmed, filled_at=filled_at)


def test_nothing_is_odd_about_a_list_that_stays_as_it_is():
    assert told([700] * 10, [1_000] * 10) == ""


def test_a_size_that_falls_while_the_members_do_not_is_drift():
    assert "fell from 700–710 to 500–510 since 2026-11-04" in told([700] * 9 + [500], [1_000] * 10)
    assert "fell" in told([700] * 9 + [500], [1_000] * 5 + [1_200] * 5)


def test_a_size_that_falls_with_the_members_is_none():
    assert told([700] * 7 + [350] * 3, [1_000] * 5 + [500] * 5) == ""


def test_a_size_that_follows_late_is_none():
    assert told([700] * 9 + [350], [1_000] * 6 + [500] * 4) == ""
    assert told([700] * 8 + [350, 700], [1_000] * 6 + [500, 500, 1_000, 1_000]) == ""


def test_more_people_than_the_members_explain_is_drift():
    assert "shows at least 2,000 people, and the members explain 1,000 at most" in told([2_000] * 5, [1_000] * 5)
    assert told([2_000] * 5, [1_000] * 5, rows=2_000) == "", "each row may be another person"
    assert told([1_000] * 5, [1_000] * 4 + [100]) == "", "who left only now may still be counted"


def test_of_many_confirmed_members_hardly_anybody_recognised_is_drift():
    assert "recognises hardly anybody" in told([20] * 5, [5_000] * 5, confirmed=5_000)
    assert told([20] * 5, [5_000] * 5, confirmed=0) == "", "nothing is processed yet"


def test_too_little_is_known_at_first():
    assert told([700, 500], [1_000] * 2) == ""
    assert drift([], most_people=0, confirmed=0, filled_at=None) == ""
    assert drift([Size(FIRST, None, None, 5)], most_people=5, confirmed=5, filled_at=FIRST) == ""


def test_sizes_of_before_a_refilling_do_not_count():
    rebuilt = FIRST + dt.timedelta(days=8)
    assert told([700] * 9 + [500], [1_000] * 10, filled_at=rebuilt) == ""


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_rounding_and_lateness_alone_are_never_drift(data):
    members = data.draw(st.lists(st.integers(0, 20_000), min_size=1, max_size=20))
    recognised = data.draw(st.floats(0.05, 1))
    late = data.draw(st.lists(st.integers(0, 2), min_size=len(members), max_size=len(members)))
    sizes = [round(members[max(day - lag, 0)] * recognised) for day, lag in enumerate(late)]
    assert told(sizes, members, confirmed=min(members[-3:])) == ""


@pytest.mark.parametrize(
    ("bounds", "text"),
    [((None, None), ""), ((None, 50), "up to 50"), ((1_000, None), "from 1,000"), ((10, 10), "10"), ((1_000, 1_100), "1,000–1,100")],
)  # fmt: skip
def test_bounds_are_shown_as_they_are_told(bounds, text):
    assert span(*bounds) == text
