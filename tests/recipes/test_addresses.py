"""What the engine makes of a typed e-mail or phone equals what the recipes make of it in the warehouse."""

from __future__ import annotations

import json

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType
from test_hash_vectors import COUNTRY_OF, HERE, REFERENCE, raws
from test_phone_regions import ways_to_write

from audiences.addresses import canonical_email, canonical_phone, hashes_of, read_contact

EMAIL_COLUMNS = ("email_plain", "email_gmail", "email_stripped", "email_canonical")
SPELLINGS = [
    " J.Doe+News@Gmail.com ", "j.doe@googlemail.com", "JANE@example.com.", "mailto:jane@example.com",
    "Jane Doe <jane@example.com>", '"jane@example.com"', "jane @ example.com", "ja\u200bne@example.com",
    "jane\u00a0@example.com", "İpek@example.com", "ΣΟΦΟΣ@example.gr", "Cafe\u0301@example.com", "jane@@example.com",
    "jane@example", "a@x.com; b@x.com", "n/a", "none", "", "   ", "-", "a" * 64, "...@gmail.com", "+only@gmail.com",
    "a.b+c@example.com", "o'brien@example.ie", "jane@example.com,", "<jane@example.com>", "x@Ümlaut.de", "正@例.com",
    "jane@sub.gmail.com", "first@last@example.com", "jane\n@example.com", "straße@example.de", "a\\b@example.com",
]  # fmt: skip
PHONES = [
    ("(201) 555-0123", "US"), ("12015550123.0", "US"), ("1.2015550123E+10", "US"), ("1.20155E+10", "US"),
    ("+44 (0)20 7946 0958", "GB"), ("020 7946 0958", "UK"), ("4915123456789", "DE"), ("+1 555 987 6543", "US"),
    ("011 49 30 123456", "US"), ("0049 30 123456", "US"), ("201-555-0123 ext. 44", "US"), ("１２０１５５５０１２３", "US"),
    ("06 698 12345", "IT"), ("8 (912) 345-67-89", "RU"), ("06 20 123 4567", "HU"), ("011 15 2345-6789", "AR"),
    ("1-800-FLOWERS", "US"), ("123", "US"), ("", "US"), ("n/a", "US"), ("+999 123456", "US"), ("201 555 0123", None),
    ("+0 201 555 0123", "US"), ("++12015550123", "US"), ("+1+2015550123", "US"), ("444 1234", "AG"),
]  # fmt: skip


def test_emails_of_every_spelling_have_the_hashes_of_the_recipes(recipes):
    for column in EMAIL_COLUMNS:
        theirs = recipes(f"hash_{column}", SPELLINGS)
        assert [hashes_of(text).get(column) for text in SPELLINGS] == theirs, column
    assert sum(canonical_email(text) is None for text in SPELLINGS) > 8


def test_phones_of_every_kind_have_the_hashes_of_the_recipes(recipes):
    rows = [(raw, country, "US") for raw, country in PHONES]
    assert [canonical_phone(raw, country, "US") for raw, country in PHONES] == recipes("phone_e164", rows)
    for column, recipe in (("phone_plus", "hash_phone_e164"), ("phone_digits", "hash_phone_digits")):
        assert [hashes_of(raw, country, "US").get(column) for raw, country in PHONES] == recipes(recipe, rows)


def test_the_example_numbers_of_every_region_are_read_as_the_recipe_reads_them(recipes):
    written = [
        one
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
        if (number := phonenumbers.example_number_for_type(region, kind)) is not None
        for one in ways_to_write(region, PhoneNumberType.to_string(kind), number)
    ]
    theirs = recipes("phone_e164", [(one.raw, one.country, one.shop) for one in written])
    ours = [canonical_phone(one.raw, one.country, one.shop) for one in written]

    differing = [(one.region, one.kind, one.form) for one, a, b in zip(written, ours, theirs, strict=True) if a != b]
    assert len(written) > 4000
    assert differing == []


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", max_codepoint=0x3FF), max_size=12), min_size=20, max_size=40))
def test_whatever_stands_before_the_at_sign_both_make_the_same_of_it(recipes, names):
    addresses = [f"{name}@gmail.com" for name in names if "\0" not in name]
    assert [hashes_of(text).get("email_canonical") for text in addresses] == recipes("hash_email_canonical", addresses)


def of_a_contact(file):
    return [
        vector
        for vector in json.loads(file.read_text(encoding="utf-8"))
        if vector["platform"] in ("meta", "google", "tiktok")
        and vector["key"].split(" ")[0].lower() in ("email", "phone")
        if "SDK mixin" not in vector["key"]
    ]


@pytest.mark.parametrize(
    "file", [HERE / "published_hashes.json", REFERENCE / "hash-vectors.json"], ids=lambda f: f.name
)
def test_samples_that_platforms_publish_are_among_the_hashes(file):
    if not file.exists():
        pytest.skip(f"no {file.name}: set BOOMERANG_TEST_REFERENCE to its folder")
    vectors = of_a_contact(file)

    missing = [
        (vector["platform"], vector["key"])
        for vector in vectors
        for raw in raws(vector)
        if vector["sha256"] not in hashes_of(raw, COUNTRY_OF.get(raw, "US")).values()
    ]
    assert len(vectors) >= 4
    assert missing == []


def test_a_contact_shows_no_hash_and_no_text_when_it_is_printed():
    contact = read_contact("jane@example.com")

    assert contact is not None
    assert repr(contact) == "Contact(kind='email')"
    assert contact.canonical == contact.hashes["email_canonical"]


def test_spellings_of_one_mailbox_and_of_one_number_have_one_canonical_hash():
    mailboxes = [read_contact(text) for text in ("J.Doe@gmail.com", "jdoe+x@googlemail.com")]
    numbers = [read_contact(*typed) for typed in (("(201) 555-0123", "US"), ("+1 201 555 0123",))]

    assert len({one.canonical for one in mailboxes}) == len({one.canonical for one in numbers}) == 1
