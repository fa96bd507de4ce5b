"""What a platform is on an account of the settings: its fields may depend on the account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from audiences.platforms.base import Field, PlatformKind
from audiences.platforms.registry import kind_for, kind_of, platform_names
from audiences.settings import Settings

Account = tuple[str, str]
"""Platform and account, as the settings name them."""


def kind_in(settings: Settings, platform: str, account: str) -> PlatformKind:
    """The platform as this account has it; of an account that is not in the settings any more, as it is in general.

    Raises ConfigError when the platform is not installed, or the account lacks what its fields depend on.
    """
    if not is_set(settings, platform, account):
        return kind_of(platform)
    return kind_for(platform, settings.limits_account(platform, account))


def is_set(settings: Settings, platform: str, account: str) -> bool:
    """Whether the settings have such an account."""
    return platform in settings.platforms and account in settings.platforms[platform].accounts


def fields_in(settings: Settings, platform: str, account: str) -> tuple[Field, ...] | None:
    """What stands where in the upload rows of an account; None where nothing tells any more.

    That is so when the platform is not installed, and when its fields depend on an account that is not in the settings.
    """
    if platform not in platform_names():
        return None
    kind = kind_in(settings, platform, account)
    return kind.fields or None


def by_rows(settings: Settings, accounts: Iterable[Account]) -> list[tuple[PlatformKind, frozenset[Account]]]:
    """The accounts of each platform that take the same upload rows for the same consents, in the order of their names.

    Their people need to be made only once. The kind is the one of the first account: of the others, numbers may differ.
    """
    groups: dict[tuple[object, ...], list[Account]] = defaultdict(list)
    for platform, account in sorted(set(accounts)):
        kind = kind_in(settings, platform, account)
        groups[platform, kind.fields, kind.purposes].append((platform, account))
    return [(kind_in(settings, *same[0]), frozenset(same)) for same in groups.values()]
