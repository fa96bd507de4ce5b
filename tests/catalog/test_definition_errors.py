"""Everything that can be wrong in one definition: the line, what is wrong, and what was probably meant."""

import pytest

GOOD = """\
label: Lapsed buyers
owner: growth@example.com
segment: lapsed_buyers
platforms:
  meta: {account: main}
"""
ONE_MORE_LINE = 6  # the number of the line that follows GOOD


def test_a_definition_of_four_keys_has_no_problem(write, problems):
    write("lapsed.yaml", GOOD)

    assert problems() == []


@pytest.mark.parametrize(
    ("added", "message"),
    [
        # keys
        ("ownr: me", "unknown key ownr; did you mean owner?"),
        ("colour: red", "unknown key colour; there are active, arms, campaign, "),
        ("name: lapsed", "unknown key name; the file's name is the audience's"),
        ("label: Twice", "label is written twice, first on line 1"),
        ("guards: {max_shrnk: 50%}", "unknown key guards.max_shrnk; did you mean max_shrink?"),
        ("campaign: {goal: g, offer: {knd: gift}}", "unknown key campaign.offer.knd; did you mean kind?"),
        ("active: {form: 2026-11-20}", "unknown key active.form; did you mean from?"),
        # shares
        ("holdout: -10%", "holdout must not be negative, and -10% is"),
        ("holdout: 120%", "holdout must be at most 100%, and 120% is more"),
        ("holdout: 100%", "holdout must be less than 100%, or nobody is left to send"),
        ("holdout: 20", "holdout must carry a percent sign: write 20%"),
        ("holdout: a tenth", "holdout must be a percentage such as 10%, or a number such as 0.1"),
        ("holdout: .nan", "holdout must not be negative, and nan is"),
        ("holdout: {share: 10%, scope: world}", "holdout.scope must be audience, group or global, not world"),
        ("arms: {a: 60%, b: 60%}", "arms must add up to at most 100%, not to 120%"),
        ("arms: {holdout: 10%}", "arms must name at least one arm beside holdout"),
        ("arms: {A b: 10%}", "arms.A b must be a name of a-z, 0-9 and _ that begins with a letter"),
        ("arms: {}", "arms must not be empty"),
        ("push_exclusion: true", "push_exclusion needs a holdout: nobody is held out"),
        ("guards: {max_growth: 300}", "guards.max_growth must carry a percent sign: write 300%"),
        ("guards: {max_shrink: 300%}", "guards.max_shrink must be at most 100%, and 300% is more"),
        # types
        ("priority: high", "priority must be a whole number, not high"),
        ("priority: '20'", "priority must be a whole number, not 20"),
        ("paused: yes", "paused must be true or false, not yes"),
        ("description: 2026", "description must be text (a number needs quotes), not 2026"),
        ("exclude: segment:recent_buyers", "exclude must be a list such as [a, b], not segment:recent_buyers"),
        ("guards: 50%", "guards must be a mapping such as {key: value}, not 50%"),
        ("campaign: {goal: g, offer: {kind: gift, code: 2026}}", "campaign.offer.code must be text (a number needs"),
        ("campaign: {goal: g, offer: {depth: 5}}", "campaign.offer.kind is missing; write it"),
        ("campaign: {goal: g, offer: {kind: amount, depth: 5%}}", "campaign.offer.depth must be a positive amount"),
        ("keep_days: 0", "keep_days must be at least 1, not 0"),
        ("max_days_in: 2.5", "max_days_in must be a whole number, not 2.5"),
        (
            "split_by: {column: country, rest: holdout}",
            "split_by.rest must not be holdout: that is the list of those held",
        ),
        ("split_by: {column: country, rest: the rest}", "split_by.rest must be a name of a-z, 0-9 and _"),
        # words
        ("role: exclud", "role must be target, exclude or seed, not exclud; did you mean exclude?"),
        ("exclusive_group: retargeting", "exclusive_group needs a priority: within a group the lowest number wins"),
        ("exclude: [recent_buyers]", "exclude.1 must name segment:<name> or audience:<name>"),
        # dates
        ("active: {from: 2026-02-30}", "active.from must be a day such as 2026-11-30, not 2026-02-30"),
        ("active: {from: 30.11.2026}", "active.from must be a day such as 2026-11-30, not 30.11.2026"),
        ("active: {from: 2026-11-30, to: 2026-11-20}", "active.to must not be before from, 2026-11-30"),
        # what there is
        ("exclude: [segment:recent_buyer]", "unknown segment recent_buyer in exclude; did you mean recent_buyers?"),
        ("exclude: [audience:nobody]", "unknown audience nobody in exclude; there are none"),
        ("split_by: {column: contry}", "unknown column contry in split_by; did you mean country?"),
    ],
)
def test_a_wrong_line_is_named(write, problems, added, message):
    write("lapsed.yaml", GOOD + added + "\n")

    [found] = problems()

    assert found.startswith(f"lapsed.yaml:{ONE_MORE_LINE}: {message}")


@pytest.mark.parametrize(
    ("key", "advice"),
    [
        ("label", "write what marketers and the ad manager shall see"),
        ("owner", "write who answers for this audience, such as growth@example.com"),
        ("segment", "write which segment it takes, such as lapsed_buyers"),
    ],
)
def test_a_missing_key_is_asked_for(write, problems, key, advice):
    write("lapsed.yaml", "".join(line for line in GOOD.splitlines(keepends=True) if not line.startswith(key)))

    assert problems() == [f"lapsed.yaml:1: {key} is missing; {advice}"]


def test_an_audience_that_goes_nowhere_is_refused(write, problems):
    write("absent.yaml", GOOD[: GOOD.index("platforms")])
    write("empty.yaml", GOOD.replace("platforms:\n  meta: {account: main}", "platforms: {}"))

    assert problems() == [
        "absent.yaml:1: platforms is missing; write where it goes, such as meta: {account: main}",
        "empty.yaml:4: platforms must not be empty",
    ]


def test_an_owner_is_an_address_or_a_team_and_never_repeated_in_the_message(write, problems):
    write("address.yaml", GOOD.replace("Lapsed", "A"))
    write("team.yaml", GOOD.replace("Lapsed", "B").replace("growth@example.com", "Growth team"))
    write("broken.yaml", GOOD.replace("Lapsed", "C").replace("growth@example.com", "'@jane.doe@@'"))
    write("number.yaml", GOOD.replace("Lapsed", "D").replace("growth@example.com", "4915112345678"))

    assert problems() == [
        "broken.yaml:2: owner must be an e-mail address or a team's name",
        "number.yaml:2: owner must be text (a number needs quotes)",
    ]


def test_an_unknown_segment_has_its_nearest_name(write, problems):
    write("lapsed.yaml", GOOD.replace("segment: lapsed_buyers", "segment: lapsed_byers"))

    assert problems() == ["lapsed.yaml:3: unknown segment lapsed_byers; did you mean lapsed_buyers?"]


def test_an_unknown_platform_or_account_has_its_nearest_name(write, problems):
    write("lapsed.yaml", GOOD + "  gogle: {account: main}\n  google: {account: mian}\n")

    assert problems() == [
        "lapsed.yaml:6: unknown platform gogle; did you mean google?",
        "lapsed.yaml:7: the settings have no account mian of google; did you mean main?",
    ]


def test_what_is_said_of_lists_at_one_platform_is_checked_by_that_platform(write, problems):
    write("lapsed.yaml", GOOD.replace("{account: main}", "{account: main, labels: [AT_RISKS]}"))
    write("other.yaml", GOOD.replace("Lapsed", "B") + "  google: {account: main, labels: [AT_RISK]}\n")

    assert problems() == [
        "lapsed.yaml:5: labels of meta: Meta has no label AT_RISKS; did you mean AT_RISK?",
        "other.yaml:6: labels of google: there is no such key here: only account",
    ]


def test_an_accounts_name_cannot_be_taken_for_a_splits_value(write, problems):
    write("lapsed.yaml", GOOD.replace("{account: main}", "{account: main/Amps}"))

    assert any("lapsed.yaml:5: account main/Amps must be named without /" in found for found in problems())


def test_keep_days_stay_within_what_the_platform_keeps(write, problems):
    write("lapsed.yaml", GOOD + "  google: {account: main}\nkeep_days: 541\n")

    assert problems() == ["lapsed.yaml:7: keep_days is 541, and google keeps members at most 540 days"]


def test_holdout_and_arms_exclude_each_other(write, problems):
    write("lapsed.yaml", GOOD + "holdout: 10%\narms: {a: 50%, b: 50%}\n")

    assert problems() == ["lapsed.yaml:7: arms and holdout exclude each other; write holdout as one of the arms"]


def test_every_problem_of_every_file_is_told_at_once(write, problems):
    write("one.yaml", GOOD + "ownr: me\nholdout: -1%\nwhere: {order_cuont: 2}\n")
    write("two.yaml", "label: [")

    assert [found.split(": ")[0] for found in problems()] == ["one.yaml:6", "one.yaml:7", "one.yaml:8", "two.yaml:1"]


@pytest.mark.parametrize("name", ["Lapsed.yaml", "lapsed-buyers.yaml", "2_lapsed.yml"])
def test_the_files_name_must_do_as_a_name(write, problems, name):
    write(name, GOOD)

    [found] = problems()

    assert found.startswith(f"{name}:1: the file's name is the audience's: a-z, 0-9 and _, a letter first")
