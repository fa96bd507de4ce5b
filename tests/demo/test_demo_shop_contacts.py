"""The demo's people have e-mails and phones that look real, and reach nobody."""

import phonenumbers
import pytest

SAFE_DOMAINS = {"gmail.com", "googlemail.com"}
HAS_DIGITS = "length(regexp_replace(phone, '[^0-9]', '', 'g')) > 7"
RESERVED = ("example.com", "example.org", "example.net", ".example")

WRITTEN_AS = {
    "capitals": "email = upper(email) and email <> lower(email)",
    "a blank before it": "email like ' %'",
    "a blank behind it": "email like '% '",
    "a tab": "contains(email, chr(9))",
    "a character without width": "contains(email, chr(8203)) or contains(email, chr(65279))",
    "dots in the local part": "email like 'de.mo.%gmail%'",
    "a plus part": "email like '%+shop@gmail.com%'",
    "the older domain": "email like '%googlemail.com%'",
    "nothing in it": "email = ''",
    "no e-mail at all": "email is null",
    "n/a": "email = 'n/a'",
    "no at sign": "email not like '%@%' and email not in ('', 'n/a')",
    "two at signs": "email like '%@%@%'",
}

DIALLED_AS = {
    "local, United States": r"country = 'US' and regexp_full_match(phone, '\(\d{3}\) \d{3}-\d{4}')",
    "local with trunk zero": "country = 'DE' and phone like '0%' and phone not like '00%'",
    "plus": "phone like '+%'",
    "double zero": "phone like '00%'",
    "trunk zero in brackets": "phone like '%(0)%'",
    "a number that a spreadsheet wrote": "phone like '%.0'",
    "nothing in it": "phone = ''",
    "n/a": "phone = 'n/a'",
    "no phone": "phone is null",
}


@pytest.mark.parametrize("form", WRITTEN_AS)
def test_somebody_writes_the_e_mail_with(shop, form):
    assert shop.execute(f"select count(*) from customers where {WRITTEN_AS[form]}").fetchone()[0] > 0


@pytest.mark.parametrize("form", DIALLED_AS)
def test_somebody_writes_the_phone_as(shop, form):
    assert shop.execute(f"select count(*) from customers where {DIALLED_AS[form]}").fetchone()[0] > 0


@pytest.mark.parametrize("entity", ["customers", "orders", "subscriptions", "consents"])
def test_no_e_mail_belongs_to_anybody(shop, entity):
    rows = shop.execute(
        f"select lower(trim(email, ' ' || chr(9) || chr(8203) || chr(65279))) from {entity} where email like '%_@_%'"
    ).fetchall()

    addresses = [row[0].split("@") for row in rows if row[0].count("@") == 1 and not row[0].endswith("@")]
    reachable = sum(
        not (domain.endswith(RESERVED) or (domain in SAFE_DOMAINS and local.startswith(("demo.", "de.mo."))))
        for local, domain in addresses
    )

    assert len(addresses) > 100 or entity == "consents"
    assert reachable == 0


def test_no_phone_belongs_to_anybody_and_most_have_the_right_length(shop):
    rows = shop.execute(
        f"select phone, upper(trim(country)) from customers where {HAS_DIGITS} and country is not null"
    ).fetchall()

    numbers = [parsed(phone, country) for phone, country in rows if len(country) == 2]
    reachable = sum(phonenumbers.is_valid_number(number) for number in numbers)
    possible = sum(phonenumbers.is_possible_number(number) for number in numbers)

    assert len(numbers) > 1_000
    assert reachable == 0
    assert possible == len(numbers)


def test_two_strangers_never_have_the_same_phone(shop):
    rows = shop.execute(
        f"""select phone, upper(trim(country)), substr(customer_ref, 2, 8)
            from customers where {HAS_DIGITS} and length(trim(country)) = 2"""
    ).fetchall()

    owners: dict[int, set[str]] = {}
    for phone, country, person in rows:
        number = parsed(phone, country)
        owners.setdefault(number.country_code * 10**12 + number.national_number, set()).add(person)
    shared = sorted(len(people) for people in owners.values() if len(people) > 1)

    assert shared
    assert all(3 < people <= 5 for people in shared)  # rehearsal rooms: one phone for five


def parsed(phone: str, country: str) -> phonenumbers.PhoneNumber:
    return phonenumbers.parse("+" + phone[:-2] if phone.endswith(".0") else phone, country)
