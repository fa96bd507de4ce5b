"""E-mail addresses as people and systems leave them in a shop."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("raw", "normalised"),
    [
        (" Jane@Example.COM ", "jane@example.com"),
        ("\ufeffjane@example.com\u200b", "jane@example.com"),
        ("jane\u00a0@ example.com\t", "jane@example.com"),
        ("jane@example.com.", "jane@example.com"),
        ("mailto:jane@example.com", "jane@example.com"),
        ("<jane@example.com>", "jane@example.com"),
        ('"Doe, Jane" <Jane@Example.com>', "jane@example.com"),
        ("'jane@example.com", "jane@example.com"),
        ("Jose\u0301@example.com", "jos\u00e9@example.com"),
        ("İBRAHİM@example.com", "ibrahim@example.com"),
        ("I\u0307brahim@example.com", "ibrahim@example.com"),
        ("o'brien@example.co.uk", "o'brien@example.co.uk"),
    ],
)
def test_an_address_has_one_spelling(recipes, raw, normalised):
    assert recipes("normalise_email", [raw]) == [normalised]


NO_ADDRESS = [
    None, "", "   ", "\u200b", "n/a", "N/A", "none", "-", "--", "null", "unknown", "NaN", "undefined",
    "jane", "jane@", "@example.com", "@", "jane@example", "jane@@example.com", "jane@doe@example.com",
    "a@example.com; b@example.com", "jane@example..com", "jane@.com", "jane@example.com, or john",
    "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a",
    "509E933019BB285A134A9334B8BB679DFF79D0CE023D529AF4BD744D47B4FD8A",
]  # fmt: skip


RECIPES = ["normalise_email", "email_plain", "email_gmail", "email_stripped", "email_canonical", "hash_email_plain"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_is_no_address_is_null_in_every_recipe(recipes, recipe):
    got = recipes(recipe, NO_ADDRESS)

    assert [raw for raw, result in zip(NO_ADDRESS, got, strict=True) if result is not None] == []


@pytest.mark.parametrize(
    ("raw", "gmail", "stripped", "canonical"),
    [
        ("J.Doe+news@gmail.com", "jdoe@gmail.com", "jdoe@gmail.com", "jdoe@gmail.com"),
        ("j.doe@googlemail.com", "jdoe@googlemail.com", "jdoe@googlemail.com", "jdoe@gmail.com"),
        ("j.doe+x@example.com", "j.doe+x@example.com", "jdoe@example.com", "j.doe+x@example.com"),
        ("j.doe@notgmail.com", "j.doe@notgmail.com", "jdoe@notgmail.com", "j.doe@notgmail.com"),
        ("j.d@gmail.com.example.org", "j.d@gmail.com.example.org", "jd@gmail.com.example.org", "j.d@gmail.com.example.org"),
        ("...@gmail.com", None, None, "...@gmail.com"),
        ("+news@gmail.com", None, None, "+news@gmail.com"),
    ],
)  # fmt: skip
def test_each_platform_has_its_own_idea_of_the_same_mailbox(recipes, raw, gmail, stripped, canonical):
    assert recipes("email_gmail", [raw]) == [gmail]
    assert recipes("email_stripped", [raw]) == [stripped]
    assert recipes("email_canonical", [raw]) == [canonical]
