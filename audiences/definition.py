"""What an audience is: every key of a definition with its type and default.

Reading a mapping gives an `Audience`, or everything that is wrong with it as pydantic's errors, which `problems` turns
into lines and words. Shares are numbers here: 10% is 0.1.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SkipValidation,
    ValidationInfo,
    field_serializer,
    field_validator,
    model_validator,
)

from audiences.conditions import Where, plain_where
from audiences.shares import Ratio, Share, read_share

NAME = re.compile(r"[a-z][a-z0-9_]*")
_OWNER = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[A-Za-z][\w .&/-]*")


def _read_name(value: Any) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError("must be a name of a-z, 0-9 and _ that begins with a letter")
    return value


def _read_names(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Name = Annotated[str, BeforeValidator(_read_name)]
Text = Annotated[str, Field(min_length=1)]
Days = Annotated[int, Field(ge=1, le=36_500)]
Role = Literal["target", "exclude", "seed"]


class Part(BaseModel):
    """Base of all parts: frozen, strict about types, no unknown keys."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Exclusion(Part):
    """Whom to leave out: the customers of a segment, or the members of another audience."""

    kind: Literal["segment", "audience"]
    name: str

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, written: Any) -> Any:
        kind, _, name = written.partition(":") if isinstance(written, str) else ("", "", "")
        if kind not in {"segment", "audience"} or not name.strip():
            raise ValueError("must name segment:<name> or audience:<name>")
        return {"kind": kind, "name": name.strip()}

    def __str__(self) -> str:
        """As a definition writes it."""
        return f"{self.kind}:{self.name}"


class Holdout(Part):
    """The share of the audience that is never sent, for measuring; `scope` says which experiment draws it."""

    share: Share
    scope: Literal["audience", "group", "global"] = "audience"

    @model_validator(mode="before")
    @classmethod
    def _may_be_a_bare_share(cls, written: Any) -> Any:
        return written if isinstance(written, dict) else {"share": written}

    @field_validator("share")
    @classmethod
    def _leaves_somebody(cls, share: float) -> float:
        if share >= 1:
            raise ValueError("must be less than 100%, or nobody is left to send")
        return share


class Active(Part):
    """The days, both inclusive and in the shop's time zone, on which the audience has members."""

    from_: Annotated[dt.date | None, Field(alias="from")] = None
    to: dt.date | None = None
    warm_up_days: Annotated[int, Field(ge=0, le=90)] = 0

    @field_validator("to")
    @classmethod
    def _ends_after_it_began(cls, to: dt.date | None, info: ValidationInfo) -> dt.date | None:
        begin = info.data.get("from_")
        if to is not None and begin is not None and to < begin:
            raise ValueError(f"must not be before from, {begin}")
        return to


class Offer(Part):
    """What the ad promises. `depth` is a share for `percent`, an amount of the shop's currency for `amount`."""

    kind: Literal["none", "percent", "amount", "free_shipping", "gift", "bundle", "early_access"]
    depth: float | None = None
    code: Text | None = None
    ends: dt.date | None = None

    @field_validator("depth", mode="before")
    @classmethod
    def _fits_the_kind(cls, depth: Any, info: ValidationInfo) -> float | None:
        if depth is None:
            return None
        if info.data.get("kind") == "percent":
            return read_share(depth)
        if isinstance(depth, bool) or not isinstance(depth, int | float) or not depth > 0:
            raise ValueError("must be a positive amount such as 5, or a percentage with kind: percent")
        return float(depth)


class Campaign(Part):
    """For people only: what the campaign wants, promises and says. None of it is sent to a platform."""

    goal: Text
    offer: Offer | None = None
    message: Text | None = None


class Split(Part):
    """One list per value of `column`: the largest values get their own, the others share the list `rest`, or none."""

    column: Text
    max_lists: Annotated[int, Field(ge=1, le=1000)] = 20
    min_members: Annotated[int, Field(ge=1)] = 500
    rest: Name | None = "other"


class Target(Part):
    """An account of a platform, by its name in the settings; whatever else is written is for that platform's lists."""

    model_config = ConfigDict(extra="allow")

    account: Text

    @property
    def options(self) -> dict[str, Any]:
        """What the platform is to know of its lists; the platform says which keys and values there are."""
        return dict(self.model_extra or {})


class Guards(Part):
    """Limits beyond which changes are held until released; what is not written has the engine's default."""

    max_shrink: Share | None = None
    max_growth: Ratio | None = None
    max_updates: Share | None = None
    max_coverage_fall: Share | None = None
    max_consent_loss: Share | None = None
    min_members: Annotated[int, Field(ge=0)] | None = None


class Audience(Part):
    """One definition. `name` is the file's stem."""

    name: Name
    label: Annotated[str, Field(min_length=1, max_length=100)]
    owner: str
    segment: Text
    platforms: Annotated[dict[str, Target], Field(min_length=1)]
    description: str = ""
    role: Role = "target"
    where: Annotated[Where | None, SkipValidation] = None
    exclude: tuple[Exclusion, ...] = ()
    priority: int | None = None
    exclusive_group: Name | None = None
    holdout: Holdout | None = None
    arms: Annotated[dict[Name, Share], Field(min_length=1)] | None = None
    push_exclusion: bool = False
    active: Active | None = None
    max_days_in: Days | None = None
    rest_days: Days | None = None
    campaign: Campaign | None = None
    split_by: Split | None = None
    keep_days: Days | None = None
    guards: Guards = Guards()
    paused: bool = False
    renamed_from: Annotated[tuple[Name, ...], BeforeValidator(_read_names)] = ()
    """Names that the audience had before, the first one first: its lists and its experiment are kept."""

    @property
    def accounts(self) -> list[tuple[str, str]]:
        """Platform and account of everywhere that its lists are."""
        return [(platform, target.account) for platform, target in self.platforms.items()]

    @property
    def has_several_lists(self) -> bool:
        """Whether each of its lists has a split value: without members it has no list at all."""
        return self.split_by is not None or bool(self.arms)

    @field_validator("owner")
    @classmethod
    def _can_be_asked(cls, owner: str) -> str:
        if not _OWNER.fullmatch(owner):
            raise ValueError("must be an e-mail address or a team's name")
        return owner

    @field_validator("exclusive_group")
    @classmethod
    def _has_a_place_in_its_group(cls, group: str | None, info: ValidationInfo) -> str | None:
        if group is not None and "priority" in info.data and info.data["priority"] is None:
            raise ValueError("needs a priority: within a group the lowest number wins")
        return group

    @field_validator("arms")
    @classmethod
    def _share_the_audience(cls, arms: dict[str, float] | None, info: ValidationInfo) -> dict[str, float] | None:
        if arms is None:
            return None
        if info.data.get("holdout") is not None:
            raise ValueError("and holdout exclude each other; write holdout as one of the arms")
        if set(arms) == {"holdout"}:
            raise ValueError("must name at least one arm beside holdout")
        if sum(arms.values()) > 1 + 1e-9:
            raise ValueError(f"must add up to at most 100%, not to {sum(arms.values()) * 100:g}%")
        return arms

    @field_validator("push_exclusion")
    @classmethod
    def _holds_somebody_out(cls, push: bool, info: ValidationInfo) -> bool:  # noqa: FBT001
        held = info.data.get("holdout") is not None or "holdout" in (info.data.get("arms") or {})
        if push and not held and {"holdout", "arms"} <= info.data.keys():
            raise ValueError("needs a holdout: nobody is held out")
        return push

    @field_serializer("where")
    def _as_written(self, where: Where | None) -> Any:
        return None if where is None else plain_where(where)
