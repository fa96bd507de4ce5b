"""Names, places, dates: what Meta and Google want of them."""

from __future__ import annotations

import pytest

NOTHING = [None, "", "  ", "\ufeff", "n/a", "-", "none", "null", "unknown"]


RECIPES = ["meta_name", "meta_city", "meta_state", "meta_postcode", "meta_country", "meta_gender", "google_name"]
RECIPES += ["google_region", "google_postcode"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_placeholders_are_null(recipes, recipe):
    assert recipes(recipe, [(raw, "US") for raw in NOTHING]) == [None] * len(NOTHING)


@pytest.mark.parametrize(
    ("raw", "meta", "google"),
    [
        ("  Mary-Jane ", "maryjane", "maryjane"),
        ("Mary  Ann", "maryann", "mary ann"),
        ("O'Brien", "obrien", "obrien"),
        ("O’Brien", "obrien", "obrien"),
        ("Valéry", "valéry", "valéry"),
        ("Vale\u0301ry", "valéry", "valéry"),
        ("정", "정", "정"),
        ("İpek", "ipek", "ipek"),
        ("Dr. Jane", "drjane", "jane"),
        ("Smith, Jr.", "smithjr", "smith"),
        ("Drake", "drake", "drake"),
        ("Na", "na", "na"),
        ("123", None, None),
        ("...", None, None),
        ("96d9632f363564cc3032521409cf22a852f2032eec099ed5967c0d000cec607a", None, None),
    ],
)
def test_names(recipes, raw, meta, google):
    assert recipes("meta_name", [raw]) == [meta]
    assert recipes("google_name", [raw]) == [google]


@pytest.mark.parametrize(
    ("raw", "city"),
    [
        ("Menlo Park", "menlopark"),
        ("São Paulo", "saopaulo"),
        ("Köln", "koln"),
        ("Gießen", "giessen"),
        ("St. John's", "stjohns"),
        ("東京", None),
    ],
)
def test_cities_are_a_to_z(recipes, raw, city):
    assert recipes("meta_city", [raw]) == [city]


@pytest.mark.parametrize(
    ("raw", "country", "state"),
    [
        ("California", "US", "ca"),
        (" ca ", "US", "ca"),
        ("US-CA", "us", "ca"),
        ("N.Y.", "US", "ny"),
        ("New York", "US", "ny"),
        ("Washington, D.C.", "US", "dc"),
        ("Puerto Rico", "US", "pr"),
        ("XX", "US", None),
        ("Bavaria", "US", None),
        ("Île-de-France", "FR", "iledefrance"),
        ("California", None, "california"),
    ],
)
def test_states_have_two_letters_in_the_united_states(recipes, raw, country, state):
    assert recipes("meta_state", [(raw, country)]) == [state]


def test_every_state_is_known_by_code_and_by_name(recipes):
    names = "Alabama AL, Alaska AK, Arizona AZ, Arkansas AR, California CA, Colorado CO, Connecticut CT, Delaware DE, " \
        "District of Columbia DC, Florida FL, Georgia GA, Hawaii HI, Idaho ID, Illinois IL, Indiana IN, Iowa IA, " \
        "Kansas KS, Kentucky KY, Louisiana LA, Maine ME, Maryland MD, Massachusetts MA, Michigan MI, Minnesota MN, " \
        "Mississippi MS, Missouri MO, Montana MT, Nebraska NE, Nevada NV, New Hampshire NH, New Jersey NJ, " \
        "New Mexico NM, New York NY, North Carolina NC, North Dakota ND, Ohio OH, Oklahoma OK, Oregon OR, " \
        "Pennsylvania PA, Rhode Island RI, South Carolina SC, South Dakota SD, Tennessee TN, Texas TX, Utah UT, " \
        "Vermont VT, Virginia VA, Washington WA, West Virginia WV, Wisconsin WI, Wyoming WY, Puerto Rico PR, Guam GU, " \
        "American Samoa AS, Northern Mariana Islands MP, U.S. Virgin Islands VI"  # fmt: skip
    pairs = [name.rsplit(" ", 1) for name in names.split(", ")]

    by_name = recipes("meta_state", [(name, "US") for name, _ in pairs])
    by_code = recipes("meta_state", [(code, "US") for _, code in pairs])

    assert len(pairs) == 56
    assert by_name == by_code == [code.lower() for _, code in pairs]


@pytest.mark.parametrize(
    ("raw", "country", "postcode"),
    [
        ("94035-1234", "US", "94035"),
        ("940351234", "US", "94035"),
        ("2139", "US", "02139"),
        ("2139.0", "US", "02139"),
        ("501", "US", "00501"),
        ("2139-1234", "US", "02139"),
        ("00901", "PR", "00901"),
        ("12", "US", None),
        ("123456", "US", None),
        ("SW1A", "US", None),
        ("M1 1AE", "GB", "m11ae"),
        ("1229-076", "PT", "1229-076"),
        ("H2X 1Y4", "CA", "h2x1y4"),
        ("94035-1234", None, "94035-1234"),
    ],
)
def test_postcodes(recipes, raw, country, postcode):
    assert recipes("meta_postcode", [(raw, country)]) == [postcode]


@pytest.mark.parametrize(
    ("raw", "country"),
    [("GB", "gb"), (" us ", "us"), ("UK", "gb"), ("USA", None), ("U", None), ("U1", None), ("12", None)],
)
def test_countries_are_two_letters(recipes, raw, country):
    assert recipes("meta_country", [raw]) == [country]


@pytest.mark.parametrize(
    ("raw", "gender"), [("Male", "m"), ("F", "f"), ("woman", "f"), ("m.", "m"), ("diverse", None), ("x", None)]
)
def test_genders(recipes, raw, gender):
    assert recipes("meta_gender", [raw]) == [gender]


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("2/16/1997", "19970216"),
        ("1997-02-16", "19970216"),
        ("1997-02-16 00:00:00", "19970216"),
        ("16.2.1997", "19970216"),
        ("19970216", "19970216"),
        ("1997-02-31", None),
        ("16/2/1997", None),
        ("1899-12-31", None),
        ("97", None),
        ("unknown", None),
    ],
)
def test_birth_dates(recipes, raw, day):
    assert recipes("meta_birth_date", [raw]) == [day]


@pytest.mark.parametrize(
    ("raw", "region"),
    [("us", "US"), (" US ", "US"), ("UK", "GB"), ("USA", None), ("United States", None), ("U1", None)],
)
def test_regions_are_two_capitals_for_google(recipes, raw, region):
    assert recipes("google_region", [raw]) == [region]


@pytest.mark.parametrize(
    ("raw", "country", "postcode"),
    [
        ("  1229-076  ", "PT", "1229-076"),
        ("sw1a 1aa", "GB", "sw1a 1aa"),
        ("SW1A   1AA", "UK", "SW1A 1AA"),
        ("94045", "US", "94045"),
        ("94045-1234", "US", "94045-1234"),
        ("2139", "us", "02139"),
        ("2139.0", "US", "02139"),
        ("940451", "US", None),
        ("12 Long Lane, Boston", "GB", None),
        ("jane@example.com", "GB", None),
        ("1234", None, "1234"),
    ],
)
def test_postcodes_are_as_written_for_google(recipes, raw, country, postcode):
    assert recipes("google_postcode", [(raw, country)]) == [postcode]
