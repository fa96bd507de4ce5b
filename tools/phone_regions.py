"""Writes `dbt/macros/recipes/phone_facts.sql`: the numbering facts that the macro `phone_e164` reads.

The facts (calling codes, trunk and international prefixes, shapes of national numbers) come from the metadata of
libphonenumber as the package `phonenumbers` carries it (Apache-2.0). The package is needed here and in tests only.

    python tools/phone_regions.py            # write the file anew after an update of phonenumbers
    python tools/phone_regions.py --check    # exit 1 when the file is not what this script writes
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

import phonenumbers
from phonenumbers import PhoneMetadata

TARGET = Path(__file__).parents[1] / "dbt" / "macros" / "recipes" / "phone_facts.sql"
USUAL_IDD = "00"
MACRO = "{{% macro {name}() -%}}\n{{%- do return({body}) -%}}\n{{%- endmacro %}}\n"


def metadata() -> dict[str, PhoneMetadata]:
    """Region to its metadata, for every region that libphonenumber knows."""
    return {region: PhoneMetadata.metadata_for_region(region) for region in sorted(phonenumbers.SUPPORTED_REGIONS)}


def calling_codes() -> dict[str, list[str]]:
    """Calling code to the regions that use it, both sorted."""
    codes: defaultdict[str, list[str]] = defaultdict(list)
    for region, facts in metadata().items():
        codes[str(facts.country_code)].append(region)
    return dict(sorted(codes.items()))


def number_shapes() -> dict[str, str]:
    """Calling code to a pattern of its national numbers, numbers that belong to no region (+800 and so on) among them."""
    shapes: defaultdict[str, list[str]] = defaultdict(list)
    everywhere = [PhoneMetadata.metadata_for_nongeo_region(code) for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS]
    for facts in [*metadata().values(), *everywhere]:
        pattern = facts.general_desc.national_number_pattern
        if pattern not in shapes[str(facts.country_code)]:
            shapes[str(facts.country_code)].append(pattern)
    return {code: "|".join(patterns) for code, patterns in sorted(shapes.items())}


def trunk_pattern(facts: PhoneMetadata) -> str | None:
    """What is dialled before a national number inside the country, as a pattern; None where nothing is."""
    parsing = facts.national_prefix_for_parsing or ""
    if parsing and not re.search(r"[($]", parsing):
        return parsing
    if facts.national_prefix is None and facts.national_prefix_transform_rule == r"\1":
        return re.match(r"\d*", parsing)[0] or None
    return facts.national_prefix


def trunk_prefixes() -> dict[str, list[str]]:
    """Trunk pattern to the calling codes that have it."""
    prefixes: defaultdict[str, set[str]] = defaultdict(set)
    for facts in metadata().values():
        if trunk := trunk_pattern(facts):
            prefixes[trunk].add(str(facts.country_code))
    return {trunk: sorted(codes) for trunk, codes in sorted(prefixes.items())}


def international_prefixes() -> dict[str, list[str]]:
    """International prefix (a pattern) to the regions that dial it, where it is not the usual 00."""
    prefixes: defaultdict[str, list[str]] = defaultdict(list)
    for region, facts in metadata().items():
        if facts.international_prefix != USUAL_IDD:
            prefixes[facts.international_prefix].append(region)
    return dict(sorted(prefixes.items()))


def local_areas() -> dict[str, tuple[str, str]]:
    """Region to (area code, pattern of a number given without it), where an area code goes without saying."""
    areas = {}
    for region, facts in metadata().items():
        area = re.fullmatch(r"(\d+)\\1", facts.national_prefix_transform_rule or "")
        local = re.match(r"\(([^()]*)\)\$", facts.national_prefix_for_parsing or "")
        if area and local:
            areas[region] = (area[1], local[1])
    return areas


def mobile_lengths() -> dict[int, list[str]]:
    """Length of the longest mobile number, in digits, to the regions that have it."""
    lengths: defaultdict[int, list[str]] = defaultdict(list)
    for region, facts in metadata().items():
        if facts.mobile:
            lengths[max(facts.mobile.possible_length)].append(region)
    return dict(sorted(lengths.items()))


def argentine_areas() -> str:
    """Pattern of Argentina's area codes, after which 15 marks a mobile number in national form."""
    parsing = metadata()["AR"].national_prefix_for_parsing
    return parsing.removeprefix("0?(?:(").removesuffix(")15)?")


def quoted(value: object) -> str:
    """A value as a literal of Jinja."""
    return "'" + str(value).replace("\\", "\\\\") + "'"


def mapping(pairs: dict[str, list[str]]) -> str:
    """A dict of lists as a literal of Jinja, one key a line."""
    lines = [f"  {quoted(key)}: {quoted(' '.join(values))}.split()," for key, values in pairs.items()]
    return "{\n" + "\n".join(lines) + "\n}"


def one_of(pairs: dict[str, str]) -> str:
    """Patterns by prefix as one pattern."""
    return "|".join(f"{key}(?:{pattern})" for key, pattern in pairs.items())


def main() -> int:
    """Write the file, or compare it."""
    text = render()
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


def render() -> str:
    """The whole file."""
    local = local_areas()
    trunks = trunk_prefixes()
    trunk = "|".join(f"({'|'.join(codes)})(?:{pattern})" for pattern, codes in trunks.items())
    idd = "|".join(f"(?:{'|'.join(regions)})(?:{prefix})" for prefix, regions in international_prefixes().items())
    bodies = {
        "phone_calling_codes": mapping(calling_codes()),
        "phone_longest_mobiles": mapping({str(k): v for k, v in mobile_lengths().items()}),
        "phone_local_areas": mapping({area: [r for r in local if local[r][0] == area] for area, _ in local.values()}),
        "phone_local_pattern": quoted(f"^(?:{one_of({region: shape for region, (_, shape) in local.items()})})$"),
        "phone_idd_pattern": quoted(f"^(?:{idd})"),
        "phone_trunk_pattern": quoted(f"^\\+(?:{trunk})"),
        "phone_trunk_replacement": quoted("+" + "".join(f"\\{n + 1}" for n in range(len(trunks)))),
        "phone_argentine_areas": quoted(argentine_areas()),
        "phone_pattern": quoted(f"^\\+(?:{one_of(number_shapes())})$"),
    }
    head = f"{{# Written by tools/phone_regions.py from phonenumbers {phonenumbers.__version__}; do not edit. #}}\n"
    return head + "\n" + "\n".join(MACRO.format(name=name, body=body) for name, body in bodies.items())


if __name__ == "__main__":
    sys.exit(main())
