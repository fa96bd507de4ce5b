"""Several definitions together: exclusions, groups and priorities, labels."""

import pytest

from audiences.catalog import load_catalog
from audiences.errors import ConfigError


def definition(label: str, *lines: str) -> str:
    head = [f"label: {label}", "owner: growth", "segment: lapsed_buyers", "platforms: {meta: {account: main}}"]
    return "\n".join([*head, *lines]) + "\n"


def test_an_audience_comes_behind_those_that_it_excludes(write, folder):
    write("a.yaml", definition("A", "exclude: [audience:b, segment:recent_buyers]"))
    write("b.yaml", definition("B", "exclude: [audience:c]"))
    write("c.yaml", definition("C"))

    assert [audience.name for audience in load_catalog(folder).ordered()] == ["c", "b", "a"]


def test_within_a_group_the_lowest_priority_number_comes_first(write, folder):
    write("a.yaml", definition("A", "exclusive_group: winback", "priority: 30"))
    write("b.yaml", definition("B", "exclusive_group: winback", "priority: 10"))
    write("c.yaml", definition("C", "exclusive_group: welcome", "priority: 20"))
    write("d.yaml", definition("D", "exclude: [audience:a]"))

    assert [audience.name for audience in load_catalog(folder).ordered()] == ["c", "b", "a", "d"]


def test_exclusions_in_a_circle_are_shown_the_way_round(write, problems):
    write("a.yaml", definition("A", "exclude: [audience:b]"))
    write("b.yaml", definition("B", "exclude: [audience:c]"))
    write("c.yaml", definition("C", "exclude: [audience:a]"))

    [found] = problems()

    assert found.startswith(("a.yaml:5", "b.yaml:5", "c.yaml:5"))
    assert found.partition("circle: ")[2] in {
        "a excludes b excludes c excludes a",
        "b excludes c excludes a excludes b",
        "c excludes a excludes b excludes c",
    }


def test_two_circles_are_two_problems(write, problems):
    for one, other in ("ab", "ba", "cd", "dc"):
        write(f"{one}.yaml", definition(one, f"exclude: [audience:{other}]"))

    assert len(problems()) == 2


def test_an_audience_that_excludes_itself_is_a_circle(write, problems):
    write("a.yaml", definition("A", "exclude: [audience:a]"))

    assert problems() == ["a.yaml:5: exclusions go in a circle: a excludes a"]


def test_to_exclude_a_later_one_of_the_own_group_is_a_circle_too(write, problems):
    write("a.yaml", definition("A", "exclusive_group: g", "priority: 1", "exclude: [audience:b]"))
    write("b.yaml", definition("B", "exclusive_group: g", "priority: 2"))

    assert problems() == ["a.yaml:7: exclusions go in a circle: a excludes b comes after a"]


def test_two_audiences_cannot_have_one_place_in_a_group(write, problems):
    write("a.yaml", definition("A", "exclusive_group: g", "priority: 1"))
    write("b.yaml", definition("B", "priority: 1", "exclusive_group: g"))
    write("c.yaml", definition("C", "priority: 1", "exclusive_group: other"))

    assert problems() == ["b.yaml:5: priority 1 of group g is taken by a; write another"]


def test_two_audiences_cannot_have_one_label(write, problems):
    write("a.yaml", definition("Lapsed"))
    write("b.yaml", definition("lapsed"))

    assert problems() == ["b.yaml:1: label lapsed is taken by a; the ad manager could not tell the lists apart"]


def test_an_unknown_audience_has_its_nearest_name(write, problems):
    write("lapsed_buyers.yaml", definition("A"))
    write("b.yaml", definition("B", "exclude:", "  - segment:recent_buyers", "  - audience:lapsed_byers"))

    assert problems() == ["b.yaml:7: unknown audience lapsed_byers in exclude; did you mean lapsed_buyers?"]


def test_an_audience_whose_file_is_wrong_is_still_known_to_others(write, problems):
    write("a.yaml", definition("A", "holdout: -1%"))
    write("b.yaml", definition("B", "exclude: [audience:a]"))

    assert problems() == ["a.yaml:5: holdout must not be negative, and -1% is"]


def test_a_catalogue_with_problems_has_no_order(write, folder):
    write("a.yaml", definition("A", "holdout: -1%"))
    write("b.yaml", definition("B", "role: targt"))

    with pytest.raises(ConfigError) as caught:
        load_catalog(folder).ordered()

    first, *listed = str(caught.value).splitlines()
    assert first == "2 problems in the audience definitions:"
    assert [line.strip().removeprefix(str(folder))[:10] for line in listed] == ["/a.yaml:5:", "/b.yaml:5:"]
