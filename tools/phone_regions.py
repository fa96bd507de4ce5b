"""Writes `dbt/macros/recipes/phone_facts.sql`: the numbering facts that the macro `phone_e164` reads.

The facts (calling codes, trunk and international prefixes, shapes of national numbers) come from the metadata of
libphonenumber as the package `phonenumbers` carries it (Apache-2.0).

    python tools/phone_regions.py            # write the file anew after an update of phonenumbers
    python tools/phone_regions.py --check    # exit 1 when the file is not what this script writes
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import phonenumbers
from phonenumbers import PhoneMetadata

TARGET = Path(__file__).parents[1] / "dbt" / "macros" / "recipes" / "phone_facts.sql"
USUAL_PREFIX = "00"
HEAD = "{{# Written by tools/phone_regions.py from phonenumbers {version}; do not edit. #}}\n"
MACRO = """
{{# {says} #}}
{{% macro {name}() -%}}
{{%- do return({body}) -%}}
{{%- endmacro %}}
"""


def metadata() -> dict[str, PhoneMetadata]:
    """Region to its metadata, for every region that libphonenumber knows."""
    found = {region: PhoneMetadata.metadata_for_region(region) for region in sorted(phonenumbers.SUPPORTED_REGIONS)}
    return {region: facts for region, facts in found.items() if facts is not None}


def metadata_of_no_region() -> list[PhoneMetadata]:
    """Metadata of the calling codes that belong to no region, such as +800."""
    codes = sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
    found = [PhoneMetadata.metadata_for_nongeo_region(code) for code in codes]
    return [facts for facts in found if facts is not None]


def regions() -> dict[str, tuple[str, int, str]]:
    """Region to its calling code, the digits of its longest mobile number and the area code left out, if any."""
    local = local_areas()
    return {
        region: (str(facts.country_code), longest_mobile(facts), local.get(region, ("", ""))[0])
        for region, facts in metadata().items()
    }


def longest_mobile(facts: PhoneMetadata) -> int:
    """Digits of a region's longest national mobile number, 0 where it has none."""
    return max(facts.mobile.possible_length) if facts.mobile else 0


def number_shapes() -> dict[str, str]:
    """Calling code to a pattern of its national numbers, over all its regions."""
    shapes: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for facts in [*metadata().values(), *metadata_of_no_region()]:
        if facts.general_desc:
            shapes[str(facts.country_code)][str(facts.general_desc.national_number_pattern)] = None
    return {code: "|".join(patterns) for code, patterns in sorted(shapes.items())}


def trunk_pattern(facts: PhoneMetadata) -> str:
    """What is dialled before a national number inside the country, empty where nothing is; a group in it is kept."""
    parsing = facts.national_prefix_for_parsing or ""
    if facts.national_prefix is None and facts.national_prefix_transform_rule == r"\1":
        return parsing
    return (facts.national_prefix or "") if re.search(r"[($]", parsing) else parsing


def trunk_prefixes() -> dict[str, str]:
    """Trunk pattern to the calling codes that have it; the longest pattern where regions of a code differ."""
    trunks: dict[str, str] = {}
    for facts in metadata().values():
        code, trunk = str(facts.country_code), trunk_pattern(facts)
        if len(trunk) > len(trunks.get(code, "")):
            trunks[code] = trunk
    return inverted(trunks)


def international_prefixes() -> dict[str, str]:
    """International prefix (a pattern) to the regions that dial it, where it is not the usual 00."""
    prefixes = {region: str(facts.international_prefix) for region, facts in metadata().items()}
    return inverted({region: prefix for region, prefix in prefixes.items() if prefix != USUAL_PREFIX})


def local_areas() -> dict[str, tuple[str, str]]:
    """Region to (area code, pattern of a number given without it), where an area code goes without saying."""
    areas = {}
    for region, facts in metadata().items():
        area = re.fullmatch(r"(\d+)\\1", facts.national_prefix_transform_rule or "")
        local = re.match(r"\(([^()]*)\)\$", facts.national_prefix_for_parsing or "")
        if area and local:
            areas[region] = (area[1], local[1])
    return areas


def local_shapes() -> dict[str, str]:
    """Calling code and area code to the pattern of the local number behind them."""
    facts = metadata()
    return {f"{facts[region].country_code}{area}": shape for region, (area, shape) in local_areas().items()}


def argentine_areas() -> str:
    """Pattern of Argentina's area codes, behind which 15 marks a mobile number in national form."""
    return str(metadata()["AR"].national_prefix_for_parsing).removeprefix("0?(?:(").removesuffix(")15)?")


def inverted(pairs: Mapping[str, str]) -> dict[str, str]:
    """Value to its keys with a bar between them, both sorted."""
    keys: defaultdict[str, list[str]] = defaultdict(list)
    for key, value in sorted(pairs.items()):
        keys[value].append(key)
    return {value: "|".join(keys[value]) for value in sorted(keys)}


def literal(value: object) -> str:
    """A text, number, tuple or dict as a literal of Jinja, one key of a dict a line."""
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f"  {literal(key)}: {literal(item)}" for key, item in value.items()) + "\n}"
    if isinstance(value, tuple):
        return "(" + ", ".join(literal(item) for item in value) + ")"
    return "'" + value.replace("\\", "\\\\") + "'" if isinstance(value, str) else str(value)


def macros() -> list[tuple[str, object, str]]:
    """Name, value and description of every macro of the file."""
    return [
        ("phone_regions", regions(), "Region: calling code, digits of its longest mobile number, area code left out."),
        ("phone_shapes", number_shapes(), "Calling code: pattern of a national number."),
        ("phone_trunks", trunk_prefixes(), "What is dialled first inside the country: calling codes."),
        ("phone_exits", international_prefixes(), "What is dialled before a calling code, if not 00: regions."),
        ("phone_local_shapes", local_shapes(), "Calling code and area left out: pattern of the rest."),
        ("phone_argentine_areas", argentine_areas(), "Area codes of Argentina; 15 behind one is a mobile number."),
    ]


def render() -> str:
    """The whole file."""
    head = HEAD.format(version=phonenumbers.__version__)
    return head + "".join(MACRO.format(name=name, body=literal(body), says=says) for name, body, says in macros())


def main() -> int:
    """Write the file, or compare it; gives the exit code."""
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.read_text(encoding="utf-8") == render() else 1
    TARGET.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
