"""The catalogue of audiences: reads a folder of definitions, finds everything that is wrong, and puts them in order.

Needs neither a build nor a connection. A definition with a problem is not in `audiences`, but is in `problems`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from audiences.conditions import Where, check_where, parse_where
from audiences.contracts import Schema, schema_from_contracts
from audiences.definition import NAME, Audience
from audiences.documents import Document, read_document
from audiences.errors import ConfigError
from audiences.names import hint
from audiences.ordering import circles, in_order, same_place
from audiences.platforms.base import no_options
from audiences.problems import Problem, of_config_error, of_document, of_validation, raise_problems
from audiences.splits import HELD_OUT

__all__ = [
    "Audience",
    "Catalog",
    "PlatformInfo",
    "Problem",
    "Schema",
    "check",
    "installed_platforms",
    "load_catalog",
    "raise_problems",
    "schema_from_contracts",
]


@dataclass(frozen=True)
class PlatformInfo:
    """What the checker needs to know of a platform: its accounts, the longest `keep_days`, what its lists take."""

    accounts: Collection[str] = ()
    max_keep_days: int | None = None
    options_wrong: Callable[[Mapping[str, Any]], Mapping[str, str]] = no_options


@dataclass(frozen=True)
class Catalog:
    """All definitions of a folder: the audiences by name, and what is wrong without looking outside the folder."""

    folder: Path
    audiences: Mapping[str, Audience]
    problems: tuple[Problem, ...]
    documents: Mapping[str, Document]

    def ordered(self) -> list[Audience]:
        """Every audience behind those that it excludes and those that come first in its group; else by name.

        Raises ConfigError when the catalogue has problems.
        """
        raise_problems(self.problems)
        return in_order(self.audiences)

    def audience(self, name: str) -> Audience:
        """The audience of that name. Raises ConfigError with the nearest right name when there is none."""
        if name not in self.audiences:
            raise_problems(problem for problem in self.problems if problem.file.stem == name)
            raise ConfigError(f"unknown audience {name}{hint(name, self.audiences)}", file=self.folder)
        return self.audiences[name]


def installed_platforms() -> tuple[str, ...]:
    """The names of the platforms that are installed, from the entry points `boomerang.platforms`."""
    return tuple(sorted({point.name for point in entry_points(group="boomerang.platforms")}))


def load_catalog(folder: Path) -> Catalog:
    """Read every `.yaml` and `.yml` file in `folder` and below it. A faulty file becomes problems, never an exception.

    Raises ConfigError when there is no such folder.
    """
    if not folder.is_dir():
        raise ConfigError("there is no such folder of definitions", file=folder)
    documents: dict[str, Document] = {}
    audiences: dict[str, Audience] = {}
    problems: list[Problem] = []
    for file in _files(folder):
        name = file.stem
        if name in documents:
            problems.append(Problem(file, 1, f"a second definition of {name}; the first is {documents[name].file}"))
            continue
        try:
            documents[name] = read_document(file)
        except ConfigError as error:
            problems.append(of_config_error(error, file))
            continue
        audience, found = _read_audience(name, documents[name])
        problems += found
        if audience is not None:
            audiences[name] = audience
    names = {file.stem for file in _files(folder)}
    problems += _between(audiences, documents, names)
    return Catalog(folder, audiences, tuple(sorted(problems)), documents)


def check(catalog: Catalog, schema: Schema, platforms: Mapping[str, PlatformInfo]) -> list[Problem]:
    """Everything wrong with the definitions: the catalogue's problems, and what does not fit columns or platforms.

    `platforms` has every platform that may be named, with its accounts. Sorted by file and line;
    empty when all is well.
    """
    problems = list(catalog.problems)
    for document in catalog.documents.values():
        problems += _of_segment(document, schema)
    for name, audience in catalog.audiences.items():
        document = catalog.documents[name]
        problems += _of_columns(audience, document, schema)
        problems += _against_platforms(audience, document, platforms)
    return sorted(problems)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in {".yaml", ".yml"} and path.is_file())


def _read_audience(name: str, document: Document) -> tuple[Audience | None, list[Problem]]:
    problems = [Problem(document.file, line, message) for line, message in document.repeated]
    if not isinstance(document.root.value, Mapping):
        return None, [*problems, Problem(document.file, 1, "must be a mapping that begins with label:")]
    if not NAME.fullmatch(name):
        why = "the file's name is the audience's: a-z, 0-9 and _, a letter first, such as lapsed_buyers.yaml"
        problems.append(Problem(document.file, 1, why))
    where, found = _read_where(document)
    problems += found
    plain: dict[str, Any] = {**document.root.plain(), "where": where}
    if "name" in plain:
        problems.append(of_document(document, ("name",), "unknown key name; the file's name is the audience's"))
    try:
        audience = Audience.model_validate({**plain, "name": name if NAME.fullmatch(name) else "unnamed"})
    except ValidationError as error:
        return None, [*problems, *of_validation(document, error)]
    return (None if problems else audience), problems


def _read_where(document: Document) -> tuple[Where | None, list[Problem]]:
    written = document.root.value.get("where") if isinstance(document.root.value, Mapping) else None
    if written is None:
        return None, []
    where, found = parse_where(written)
    return where, [Problem(document.file, line, message) for line, message in found]


def _between(
    audiences: Mapping[str, Audience], documents: Mapping[str, Document], names: set[str]
) -> Iterator[Problem]:
    for name, audience in audiences.items():
        for position, excluded in enumerate(audience.exclude):
            if excluded.kind == "audience" and excluded.name not in names:
                why = f"unknown audience {excluded.name} in exclude{hint(excluded.name, names - {name})}"
                yield of_document(documents[name], ("exclude", position), why)
    for first, second in same_place(audiences):
        why = f"priority {second.priority} of group {second.exclusive_group} is taken by {first.name}; write another"
        yield of_document(documents[second.name], ("priority",), why)
    for circle in circles(audiences):
        yield of_document(documents[circle.name], ("exclude",), f"exclusions go in a circle: {circle}")
    yield from _former_names(audiences, documents, names)
    yield from _same_labels(audiences, documents)
    yield from _shares_of_one_experiment(audiences, documents)


def _former_names(
    audiences: Mapping[str, Audience], documents: Mapping[str, Document], names: set[str]
) -> Iterator[Problem]:
    """One audience goes on with the lists and the experiment of a name."""
    heirs: dict[str, str] = {}
    for name, audience in audiences.items():
        for position, former in enumerate(audience.renamed_from):
            heir = heirs.setdefault(former, name)
            if former in names - {name}:
                why = f"{former} is an audience of its own: take it out of renamed_from, or remove that definition"
                yield of_document(documents[name], ("renamed_from", position), why)
            elif heir != name:
                why = (
                    f"{former} is in renamed_from of {heir} too, and only one audience goes on with its lists and its "
                    f"experiment: take it out here, or out of {heir} if that is the copy"
                )
                yield of_document(documents[name], ("renamed_from", position), why)


def _shares_of_one_experiment(
    audiences: Mapping[str, Audience], documents: Mapping[str, Document]
) -> Iterator[Problem]:
    """Audiences of one experiment draw the same people, so they must hold out the same share of them."""
    first: dict[str, Audience] = {}
    for name, audience in audiences.items():
        holdout = audience.holdout
        if holdout is None or holdout.scope == "audience":
            continue
        if holdout.scope == "group" and audience.exclusive_group is None:
            yield of_document(documents[name], ("holdout",), "holdout with scope group needs an exclusive_group")
            continue
        of_group = f"group {audience.exclusive_group}" if holdout.scope == "group" else "scope global"
        other = first.setdefault(of_group, audience)
        if other.holdout is not None and other.holdout.share != holdout.share:
            why = f"holdout is {_percent(holdout.share)}, and {other.name} of {of_group} has {_percent(other.holdout.share)}"
            yield of_document(documents[name], ("holdout",), f"{why}; one experiment has one share")


def _same_labels(audiences: Mapping[str, Audience], documents: Mapping[str, Document]) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for name, audience in audiences.items():
        other = owners.setdefault(audience.label.casefold(), name)
        if other != name:
            why = f"label {audience.label} is taken by {other}; the ad manager could not tell the lists apart"
            yield of_document(documents[name], ("label",), why)


def _of_segment(document: Document, schema: Schema) -> Iterator[Problem]:
    """An unknown segment, or what `where` says of columns that it has not: told even where other keys are wrong."""
    segment = document.root.value.get("segment") if isinstance(document.root.value, Mapping) else None
    if segment is None or not isinstance(segment.value, str):
        return
    if segment.value not in schema.segments:
        yield Problem(
            document.file, segment.line, f"unknown segment {segment.value}{hint(segment.value, schema.segments)}"
        )
        return
    where, _ = _read_where(document)
    if where is not None:
        for line, message in check_where(where, schema.columns_of(segment.value)):
            yield Problem(document.file, line, message)


def _of_columns(audience: Audience, document: Document, schema: Schema) -> Iterator[Problem]:
    for position, excluded in enumerate(audience.exclude):
        if excluded.kind == "segment" and excluded.name not in schema.segments:
            why = f"unknown segment {excluded.name} in exclude{hint(excluded.name, schema.segments)}"
            yield of_document(document, ("exclude", position), why)
    columns = schema.columns_of(audience.segment)
    split = audience.split_by
    if split is not None and audience.segment in schema.segments and split.column not in columns:
        why = f"unknown column {split.column} in split_by{hint(split.column, columns)}"
        yield of_document(document, ("split_by", "column"), why)
    if split is not None and split.rest == HELD_OUT:
        why = f"split_by.rest must not be {HELD_OUT}: that is the list of those held out; write another name, such as other"
        yield of_document(document, ("split_by", "rest"), why)


def _against_platforms(
    audience: Audience, document: Document, platforms: Mapping[str, PlatformInfo]
) -> Iterator[Problem]:
    for name, target in audience.platforms.items():
        path: Sequence[str] = ("platforms", name)
        if name not in platforms:
            yield of_document(document, tuple(path), f"unknown platform {name}{hint(name, platforms)}")
            continue
        known = platforms[name]
        if target.account not in known.accounts:
            why = f"the settings have no account {target.account} of {name}{hint(target.account, known.accounts)}"
            yield of_document(document, (*path, "account"), why)
        if "/" in target.account:
            why = f"account {target.account} must be named without /, which begins a split's value; rename it in the settings"
            yield of_document(document, (*path, "account"), why)
        for key, why in known.options_wrong(target.options).items():
            yield of_document(document, (*path, key), f"{key} of {name}: {why}")
        limit = known.max_keep_days
        if audience.keep_days is not None and limit is not None and audience.keep_days > limit:
            why = f"keep_days is {audience.keep_days}, and {name} keeps members at most {limit} days"
            yield of_document(document, ("keep_days",), why)


def _percent(share: float) -> str:
    """As a definition writes a share: 0.125 is 12.5%."""
    return f"{share * 100:g}%"
