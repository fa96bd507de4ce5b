"""Audience labels: Meta is told what the people of a list are to the shop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from audiences.names import hint
from audiences.platforms.base import RemoteList

LABELS = (
    "APP_USERS", "AT_RISK", "CART_ABANDONERS", "DISENGAGED", "DISQUALIFIED_LEADS", "ENGAGED_USERS", "GENERAL_CUSTOMERS",
    "HIGH_VALUE_CUSTOMERS", "LOW_VALUE_CUSTOMERS", "OTHER_1", "OTHER_2", "OTHER_3", "QUALIFIED_LEADS", "RECENT_PURCHASERS",
    "TRIAL_USERS",
)  # fmt: skip
"""As the SDK has them; `docs/platforms/meta.md` says what they do."""


def options_wrong(options: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the options of a list, by key."""
    wrong = {key: f"there is no such key here{hint(key, ('labels',))}" for key in options if key != "labels"}
    labels = options.get("labels", [])
    if not isinstance(labels, list | tuple):
        return wrong | {"labels": "write a list, such as [AT_RISK]"}
    for label in labels:
        if label not in LABELS:
            return wrong | {"labels": f"Meta has no label {label}{hint(str(label), LABELS)}"}
    return wrong


def labels_of(remote: RemoteList) -> frozenset[str] | None:
    """What the definition says the people of a list are; None where it says nothing, and what stands there stays."""
    labels = remote.options.get("labels")
    return None if labels is None else frozenset(labels)


def label_params(remote: RemoteList) -> dict[str, str]:
    """What a request that makes or changes the list says of its labels."""
    labels = labels_of(remote)
    return {} if labels is None else {"audience_labels": json.dumps(sorted(labels))}
