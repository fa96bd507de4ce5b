"""The phone recipe against libphonenumber: the example number of every region and type, in every way to write it.

Where the two differ, `phone_differences.csv` says so; nothing else may.
"""

from __future__ import annotations

import csv
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import phonenumbers
import pytest
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

HERE = Path(__file__).parent
GENERATOR = HERE.parents[1] / "tools" / "phone_regions.py"
OVERSEAS = ("US", "DE", "AU", "JP")


@dataclass(frozen=True)
class Written:
    """An example number in one way to write it, with the countries that go with it."""

    region: str
    kind: str
    form: str
    raw: str
    country: str | None
    shop: str | None
    e164: str


def ways_to_write(region: str, kind: str, number: PhoneNumber) -> list[Written]:
    def text(form: int) -> str:
        return phonenumbers.format_number(number, form)

    e164, national = text(PhoneNumberFormat.E164), text(PhoneNumberFormat.NATIONAL)
    forms: list[tuple[str, str, str | None, str | None]] = [
        ("national", national, region, "US"),
        ("national, country unknown", national, None, region),
        ("national significant", phonenumbers.national_significant_number(number), region, "US"),
        ("international", text(PhoneNumberFormat.INTERNATIONAL), region, "US"),
        ("international, country unknown", text(PhoneNumberFormat.INTERNATIONAL), None, None),
        ("E.164", e164, "US", "US"),
        ("E.164 behind 00", "00" + e164[1:], "FR", "US"),
        ("RFC 3966", text(PhoneNumberFormat.RFC3966), region, "US"),
        ("without plus", e164[1:], region, None),
        *((f"dialled in {c}", phonenumbers.format_out_of_country_calling_number(number, c), c, c) for c in OVERSEAS),
    ]
    return [Written(region, kind, form, raw, country, shop, e164) for form, raw, country, shop in forms]


@pytest.fixture(scope="module")
def written() -> list[Written]:
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                found += ways_to_write(region, PhoneNumberType.to_string(kind), number)
    return found


@pytest.fixture(scope="module")
def differing(written, recipes) -> set[Written]:
    got = recipes("phone_e164", [(one.raw, one.country, one.shop) for one in written])
    return {one for one, result in zip(written, got, strict=True) if result != one.e164}


def test_every_region_and_type_has_an_example(written):
    assert {one.region for one in written} == set(phonenumbers.SUPPORTED_REGIONS)
    assert len({(one.region, one.kind) for one in written}) > 1000


def test_sql_differs_only_where_we_say_so(differing):
    with (HERE / "phone_differences.csv").open(encoding="utf-8") as file:
        admitted = sorted((row["region"], row["type"], row["form"]) for row in csv.DictReader(file))

    assert sorted((one.region, one.kind, one.form) for one in differing) == admitted


def test_where_sql_differs_libphonenumber_reads_the_same(differing, recipes):
    ours = recipes("phone_e164", [(one.raw, one.country, one.shop) for one in differing])
    theirs = [phonenumbers.parse(one.raw, one.country) for one in differing]

    assert ours == [phonenumbers.format_number(number, PhoneNumberFormat.E164) for number in theirs]


def test_a_german_mobile_number_without_plus_is_read_better_than_by_libphonenumber(recipes):
    raw, e164 = "4915123456789", "+4915123456789"

    assert phonenumbers.format_number(phonenumbers.parse(raw, "DE"), PhoneNumberFormat.E164) != e164
    assert recipes("phone_e164", [(raw, "DE", None)]) == [e164]


def test_sql_reads_every_other_form_of_every_example(written, differing):
    forms = {one.form for one in written} - {"without plus"}

    assert len(forms) == 12
    assert {one.form for one in differing} & forms == set()


def test_less_than_one_in_a_hundred_differs_without_plus(written, differing):
    bare = [one for one in written if one.form == "without plus"]

    assert len(differing) / len(bare) < 0.01


def test_numbers_of_no_region_are_read(recipes):
    numbers = [
        phonenumbers.example_number_for_non_geo_entity(c) for c in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS
    ]
    raws = [phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL) for number in numbers]

    got = recipes("phone_e164", [(raw, "US", "US") for raw in raws])

    assert len(raws) >= 9
    assert got == [phonenumbers.format_number(number, PhoneNumberFormat.E164) for number in numbers]


def test_the_facts_are_those_of_the_installed_metadata():
    spec = importlib.util.spec_from_file_location("phone_regions", GENERATOR)
    assert spec is not None and spec.loader is not None
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)

    assert generator.TARGET.read_text(encoding="utf-8") == generator.render(), "run tools/phone_regions.py"
