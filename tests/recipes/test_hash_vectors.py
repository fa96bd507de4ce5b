"""The platforms' own sample values, hashed by the macros in DuckDB."""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
REFERENCE = Path(os.environ.get("BOOMERANG_TEST_REFERENCE", HERE.parents[2] / "shared" / "reference"))
RECIPE_OF = {
    ("meta", "EMAIL"): "hash_email_plain",
    ("meta", "PHONE"): "hash_phone_digits",
    ("meta", "FN"): "hash_meta_name",
    ("meta", "LN"): "hash_meta_name",
    ("meta", "CT"): "hash_meta_city",
    ("meta", "ST"): "hash_meta_state",
    ("meta", "ZIP"): "hash_meta_postcode",
    ("meta", "COUNTRY"): "hash_meta_country",
    ("meta", "GEN"): "hash_meta_gender",
    ("meta", "DB (CAPI)"): "hash_meta_birth_date",
    ("google", "email"): "hash_email_gmail",
    ("google", "phone"): "hash_phone_e164",
    ("google", "givenName"): "hash_google_name",
    ("google", "familyName"): "hash_google_name",
    ("tiktok", "email"): "hash_email_plain",
    ("tiktok", "phone (+)"): "hash_phone_e164",
    ("tiktok", "phone (no +)"): "hash_phone_digits",
    ("tiktok", "MAID_SHA256"): "sha256_hex",
}
NO_ADDRESS = ("meta", "EMAIL (SDK mixin)")  # "test" is no e-mail address; only the SDK's own helper hashes it
COUNTRY_OF = {"374-93-828222": "AM", "M1 1AE": "GB"}  # every other sample is from the United States


def raws(vector: dict[str, Any]) -> list[str]:
    """The raw values of a vector: some list several in quotes, some only describe where the value stood."""
    raw = vector["raw"]
    if re.fullmatch(r"\(.*[a-z]{3}.*\)", raw):
        return [vector["normalised"]]
    return re.findall(r'"([^"]*)"', raw) or [raw.strip("'")]


def assert_reproduced(recipes: Any, vectors: list[dict[str, Any]]) -> None:
    samples: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for vector in vectors:
        for raw in raws(vector):
            samples[RECIPE_OF[vector["platform"], vector["key"]]][raw] = vector["sha256"]
    for recipe, expected in samples.items():
        got = recipes(recipe, [(raw, COUNTRY_OF.get(raw, "US"), None) for raw in expected])
        assert dict(zip(expected, got, strict=True)) == expected, recipe


def test_published_samples_are_reproduced(recipes):
    vectors = json.loads((HERE / "published_hashes.json").read_text(encoding="utf-8"))

    assert {vector["platform"] for vector in vectors} == {"meta", "google"}
    assert_reproduced(recipes, vectors)


def test_every_reference_vector_is_reproduced(recipes):
    file = REFERENCE / "hash-vectors.json"
    if not file.exists():
        pytest.skip(f"no {file.name}: set BOOMERANG_TEST_REFERENCE to its folder")
    known = {platform for platform, _ in RECIPE_OF}

    vectors = [v for v in json.loads(file.read_text(encoding="utf-8")) if v["platform"] in known]
    addresses = [v for v in vectors if (v["platform"], v["key"]) != NO_ADDRESS]

    assert {(v["platform"], v["key"]) for v in addresses} == set(RECIPE_OF)
    assert_reproduced(recipes, addresses)


def test_a_word_without_at_sign_is_never_hashed(recipes):
    assert recipes("hash_email_plain", ["  test  ", "..test.."]) == [None, None]


def test_dots_of_gmail_count_for_meta_and_not_for_google(recipes):
    dotted, plain = "j.doe@gmail.com", "jdoe@gmail.com"

    meta = recipes("hash_email_plain", [dotted, plain])
    google = recipes("hash_email_gmail", [dotted, plain])

    assert meta[0] != meta[1]
    assert google[0] == google[1] == meta[1]


def test_one_phone_has_a_hash_of_its_own_in_each_form(recipes):
    phone = ("(201) 555-0123", "US", None)

    hashes = {
        *recipes("hash_phone_digits", [phone]),
        *recipes("hash_phone_e164", [phone]),
        *recipes("sha256_hex", [phone]),
    }

    assert len(hashes) == 3
    assert None not in hashes
