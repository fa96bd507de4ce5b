"""Phone numbers as customers type them and spreadsheets mangle them."""

from __future__ import annotations

AT_HOME = {
    ("(201) 555-0123", "US", "DE"): "+12015550123",
    ("1 201 555 0123", "US", None): "+12015550123",
    ("030 123456", "DE", "US"): "+4930123456",
    ("06 1234 5678", "IT", "US"): "+390612345678",
    ("8 (916) 123-45-67", "RU", None): "+79161234567",
    ("06 1 234 5678", "HU", None): "+3612345678",
    ("011 15-2345-6789", "AR", None): "+5491123456789",
    ("464-1234", "AG", None): "+12684641234",
    ("020 7946 0958", "UK", None): "+442079460958",
    ("0 11 2345-6789", "BR", None): "+551123456789",
}
IN_THE_SHOPS_COUNTRY = {
    ("(201) 555-0123", None, "US"): "+12015550123",
    ("(201) 555-0123", "", "US"): "+12015550123",
    ("(201) 555-0123", "Atlantis", "US"): "+12015550123",
    ("(201) 555-0123", "FR", "US"): "+12015550123",
    ("030 123456", None, "DE"): "+4930123456",
    ("(201) 555-0123", None, None): None,
}
FROM_ABROAD = {
    ("+49 30 123456", "US"): "+4930123456",
    ("+49 (0)30 123456", "US"): "+4930123456",
    ("+44 (0) 20 7946 0958", "FR"): "+442079460958",
    ("+39 06 1234 5678", "DE"): "+390612345678",
    ("0049 30 123456", "FR"): "+4930123456",
    ("+0049 30 123456", "FR"): "+4930123456",
    ("011 49 30 123456", "US"): "+4930123456",
    ("0011 65 6123 4567", "AU"): "+6561234567",
    ("010 1 201 555 0123", "JP"): "+12015550123",
    ("8~10 49 30 123456", "RU"): "+4930123456",
    ("4915123456789", "DE"): "+4915123456789",
    ("447911123456", "GB"): "+447911123456",
    ("tel:+1-201-555-0123", "DE"): "+12015550123",
    ("+800 1234 5678", "DE"): "+80012345678",
    ("+1 555 987 6543", "DE"): "+15559876543",
}
DISGUISES = [
    "12015550123.0", "1.2015550123E+10", "1.2015550123e10", " +1\u00a0201.555.0123 ", "\u202a+12015550123\u202c",
    "＋１２０１５５５０１２３", "+١٢٠١٥٥٥٠١٢٣", "201-555-0123 x12", "201 555 0123 ext. 12", "201-555-0123;ext=12",
    "(201)555-0123 US", "Tel. 201/555/0123", "'2015550123", "+1 (201) 555-0123 - home",
]  # fmt: skip
NO_NUMBERS = [
    None, "", " ", "n/a", "none", "-", "null", "unknown", "+", "0", "00", "+0", "000000000000", "0000000000",
    "1111111111", "123", "911", "12345678901234567890", "1.20156E+10", "call me", "jane@example.com", "+999 123456789",
    "1-800-FLOWERS", "201 555 0123 / 201 555 0124", "+5550123",
    "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30",
]  # fmt: skip


def assert_read(recipes, expected):
    assert dict(zip(expected, recipes("phone_e164", list(expected)), strict=True)) == expected


def test_a_national_number_belongs_to_the_country_of_the_customer(recipes):
    assert_read(recipes, AT_HOME)


def test_the_country_of_the_shop_helps_where_the_customers_does_not(recipes):
    assert_read(recipes, IN_THE_SHOPS_COUNTRY)


def test_a_calling_code_in_the_number_wins_over_the_country(recipes):
    assert_read(recipes, {(raw, country, "US"): e164 for (raw, country), e164 in FROM_ABROAD.items()})


def test_one_number_in_many_disguises(recipes):
    assert_read(recipes, {(raw, "US", "US"): "+12015550123" for raw in DISGUISES})


def test_what_is_no_number_is_null(recipes):
    rows = [(raw, "US", "US") for raw in NO_NUMBERS]

    assert_read(recipes, dict.fromkeys(rows))
    assert recipes("hash_phone_digits", rows) == recipes("hash_phone_e164", rows) == [None] * len(rows)


def test_a_number_that_was_read_is_read_the_same_again(recipes):
    first = [number for number in recipes("phone_e164", list(AT_HOME)) if number]

    again = recipes("phone_e164", [(number, "US", "DE") for number in first])

    assert len(first) == len(AT_HOME)
    assert again == first
