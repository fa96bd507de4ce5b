"""Audiences that share an experiment hold out the same share: else raising one would lower another."""

import pytest

AUDIENCE = """\
label: {label}
owner: growth@example.com
segment: lapsed_buyers
platforms: {{meta: {{account: main}}}}
{more}
"""
LINE = 5


@pytest.fixture
def define(write):
    def define(name, *more):
        write(f"{name}.yaml", AUDIENCE.format(label=name, more="\n".join(more)))

    return define


def test_one_global_experiment_has_one_share(define, problems):
    define("first", "holdout: {share: 10%, scope: global}")
    define("second", "holdout: {share: 20%, scope: global}")
    assert problems() == [
        f"second.yaml:{LINE}: holdout is 20%, and first of scope global has 10%; one experiment has one share"
    ]


def test_one_groups_experiment_has_one_share(define, problems):
    define("first", "holdout: {share: 10%, scope: group}", "exclusive_group: winback", "priority: 1")
    define("second", "holdout: {share: 12.5%, scope: group}", "exclusive_group: winback", "priority: 2")
    assert problems() == [
        f"second.yaml:{LINE}: holdout is 12.5%, and first of group winback has 10%; one experiment has one share"
    ]


@pytest.mark.parametrize(
    "other",
    [
        ("holdout: {share: 10%, scope: group}", "exclusive_group: winback", "priority: 2"),
        ("holdout: {share: 30%, scope: group}", "exclusive_group: others", "priority: 2"),
        ("holdout: 30%", "exclusive_group: winback", "priority: 2"),
        ("holdout: {share: 30%, scope: global}", "exclusive_group: winback", "priority: 2"),
        ("exclusive_group: winback", "priority: 2"),
    ],
    ids=["same share", "another group", "an experiment of its own", "the whole programme's", "no holdout"],
)
def test_other_experiments_have_shares_of_their_own(define, problems, other):
    define("first", "holdout: {share: 10%, scope: group}", "exclusive_group: winback", "priority: 1")
    define("second", *other)
    assert problems() == []


def test_a_groups_experiment_needs_a_group(define, problems):
    define("first", "holdout: {share: 10%, scope: group}")
    assert problems() == [f"first.yaml:{LINE}: holdout with scope group needs an exclusive_group"]


def test_a_paused_audience_counts_too_because_its_people_stay_on_the_list(define, problems):
    define("first", "holdout: {share: 10%, scope: global}", "paused: true")
    define("second", "holdout: {share: 20%, scope: global}")
    assert len(problems()) == 1
