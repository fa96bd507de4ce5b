"""Labels of an audience at Meta: told when the list is made, changed when the definition changes, else left alone."""

from __future__ import annotations

import pytest

from audiences.platforms.meta_labels import options_wrong


@pytest.fixture
def labels_at_meta(meta):
    return lambda external_id: meta._wire.get(external_id, fields="audience_labels")["audience_labels"]


@pytest.fixture
def labelled(remote):
    """What the ledger wants, with these labels; none at all where the definition says nothing."""
    return lambda *labels, **more: remote(options={"labels": list(labels)} if labels else {}, **more)


def test_a_new_list_has_its_labels(meta, labelled, labels_at_meta):
    external_id = meta.ensure(labelled("AT_RISK", "DISENGAGED"))
    assert labels_at_meta(external_id) == ["AT_RISK", "DISENGAGED"]


def test_other_labels_are_told_and_the_same_ones_are_not(meta, labelled, labels_at_meta, sandbox):
    external_id = meta.ensure(labelled("AT_RISK"))
    assert meta.ensure(labelled("RECENT_PURCHASERS", external_id=external_id)) == external_id
    assert labels_at_meta(external_id) == ["RECENT_PURCHASERS"]
    sandbox.control(reset_requests=True)
    meta.ensure(labelled("RECENT_PURCHASERS", external_id=external_id))
    assert {entry["kind"] for entry in sandbox.inspect("meta").requests()["counts"]} == {"read_list"}


def test_what_somebody_set_by_hand_stays_where_the_definition_says_nothing(meta, labelled, labels_at_meta):
    external_id = meta.ensure(labelled("AT_RISK"))
    meta.ensure(labelled(external_id=external_id))
    assert labels_at_meta(external_id) == ["AT_RISK"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"labels": ["AT_RISKS"]}, {"labels": "Meta has no label AT_RISKS; did you mean AT_RISK?"}),
        ({"labels": "AT_RISK"}, {"labels": "write a list, such as [AT_RISK]"}),
        ({"label": ["AT_RISK"]}, {"label": "there is no such key here; did you mean labels?"}),
        ({"labels": ["AT_RISK", "OTHER_1"]}, {}),
    ],
)
def test_wrong_options_are_named_with_the_nearest_right_one(options, said):
    assert options_wrong(options) == said
