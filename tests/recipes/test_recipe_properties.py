"""Whatever stands in a column: a hash is null or 64 lower-case hex digits, and never the hash of nothing."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
HASH = re.compile(r"[0-9a-f]{64}")
NASTY = [
    None, "", " ", "\t\r\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u00ad", "\u202a\u202c", "\u0301", "\x00", "\x7f",
    "-", "--", "_", ".", "...", "@", "+", "'", '"', "''", "\\", "n/a", "N/A", "#N/A", "none", "NULL", "nan", "unknown",
    "...@gmail.com", "+@gmail.com", "+x@gmail.com", ".@googlemail.com", "@gmail.com", " @gmail.com", "<>", "<@>",
    "0", "00", "+0", "0.0", "1e5", "00000", "Mr.", "Dr. ", ", Jr.", "jr", "東京", "🎸", "İ", "ß",
    OF_NOTHING, OF_NOTHING.upper(),
]  # fmt: skip

fragments = st.sampled_from([text for text in NASTY if text is not None])
texts = st.none() | st.text(max_size=30) | st.lists(fragments | st.text(max_size=4), max_size=5).map("".join)
countries = st.sampled_from([None, "", "US", "us", "DE", "IT", "AR", "UK", "XX", "??"])
rows = st.lists(st.tuples(texts, countries, countries), min_size=1, max_size=80)
quick = settings(
    max_examples=5,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def wrong(hashes):
    return sum(1 for value in hashes if value is not None and (value == OF_NOTHING or not HASH.fullmatch(value)))


def test_nothing_is_never_hashed(recipes):
    hashes = recipes.every_hash([(raw, country, "US") for raw in NASTY for country in ("US", "DE", None)])

    assert any(hashes), "no row was hashed: the test looked at nothing"
    assert wrong(hashes) == 0
    assert recipes("sha256_hex", [None, ""]) == [None, None]


@quick
@given(rows=rows)
def test_hashes_are_well_formed_whatever_is_given(recipes, rows):
    assert wrong(recipes.every_hash(rows)) == 0


@quick
@given(rows=rows)
def test_normalising_an_address_twice_changes_nothing(recipes, rows):
    once = recipes("normalise_email", [(f"{raw}@example.com", None, None) for raw, _, _ in rows])

    assert recipes("normalise_email", once) == once
    assert recipes("email_canonical", recipes("email_canonical", once)) == recipes("email_canonical", once)
