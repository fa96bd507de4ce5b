"""Audiences that got another name, and their lists in the ledger, which have the former one until a plan with it is applied.

A plan is a look: it reads the ledger as if the lists had their new name, and leaves it as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import duckdb

from audiences.catalog import Audience, Catalog, load_catalog, raise_problems
from audiences.errors import ConfigError
from audiences.ledger import Ledger
from audiences.problems import of_document
from audiences.settings import Settings
from audiences.sql import statements


def former_names(connection: duckdb.DuckDBPyConnection, audiences: Iterable[Audience]) -> dict[str, str]:
    """The audiences whose lists still have a former name of theirs, each with that name."""
    found: dict[str, str] = {}
    for audience in audiences:
        if not audience.renamed_from or has_lists(connection, audience.name):
            continue
        for former in reversed(audience.renamed_from):
            if former not in found.values() and has_lists(connection, former):
                found[audience.name] = former
                break
    return found


def refuse_clashes(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """Raise ConfigError where a definition's names do not go with the names that the ledger knows."""
    named = statements("renames")
    active = {row[0] for row in connection.execute(named["active"]).fetchall()}
    heirs = dict(connection.execute(named["heirs"]).fetchall())
    problems = []
    for name, audience in catalog.audiences.items():
        document, is_known = catalog.documents[name], has_lists(connection, name)
        for position, former in enumerate(audience.renamed_from):
            if is_known and former in active - {name}:
                problems.append(of_document(document, ("renamed_from", position), _has_own(name, former)))
        heir = None if is_known else heirs.get(name)
        if heir in active - set(audience.renamed_from) - set(catalog.audiences):
            problems.append(of_document(document, (), _had_before(name, str(heir))))
    raise_problems(problems)


def _has_own(name: str, former: str) -> str:
    return (
        f"{name} had lists of its own already, so those of {former} cannot get its name: give the file a name that no list "
        f"ever had, or take {former} out of renamed_from (then the lists of {former} are emptied once they are released)"
    )


def _had_before(name: str, heir: str) -> str:
    return (
        f"{heir} was called {name} before, and has no definition any more: write `renamed_from: [{name}, {heir}]`, so that its "
        f"lists and its experiment go on, or, if {name} is to be a new audience, put the definition of {heir} back"
    )


def has_lists(connection: duckdb.DuckDBPyConnection, audience: str) -> bool:
    """Whether the ledger has lists of an audience of that name."""
    return connection.execute(statements("renames")["has_lists"], {"audience": audience}).fetchone() is not None


def names_by_former(settings: Settings, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The names that audiences have in the definitions, by the names that their lists still have in the ledger."""
    try:
        audiences = load_catalog(settings.definitions).audiences.values()
    except ConfigError:
        return {}
    return {former: name for name, former in former_names(connection, audiences).items()}


def take_over(connection: duckdb.DuckDBPyConnection, audience: str, former: str, plan_id: str = "") -> None:
    """Give the lists of an audience the name that it has now, with all that is known of them. Call it inside a transaction."""
    _move(connection, former, audience, plan_id)
    for statement in statements("renames")["move_rest"].split(";"):
        connection.execute(statement, {"audience": audience, "former": former})


def name_lists(connection: duckdb.DuckDBPyConnection, audiences: Iterable[Audience]) -> None:
    """Give every list the name that its audience has now. For looking: call it inside a transaction that is rolled back."""
    for name, former in former_names(connection, audiences).items():
        take_over(connection, name, former)


@contextmanager
def looked_at(connection: duckdb.DuckDBPyConnection, names: Mapping[str, str], plan_id: str) -> Iterator[None]:
    """Let a plan be made as if these lists had their new name; then all but the plan's own rows is as before.

    What has the new name already, of plans that were looked at only, is put aside meanwhile. Permits are not moved. Call it
    inside a transaction.

    Args:
        connection: the ledger's.
        names: of audiences, each with the former one.
        plan_id: of the plan that is being made.
    """
    for name, former in names.items():
        _move(connection, name, _aside(name), plan_id)
        _move(connection, former, name, plan_id)
    yield
    for name, former in names.items():
        _move(connection, name, former, plan_id)
        _move(connection, _aside(name), name, plan_id)


@contextmanager
def as_named(ledger: Ledger, audiences: Iterable[Audience]) -> Iterator[None]:
    """Read the ledger as if every list had the name that its audience has now; whatever the block writes is undone."""
    ledger.connection.begin()
    try:
        name_lists(ledger.connection, audiences)
        yield
    finally:
        ledger.connection.rollback()


def _aside(name: str) -> str:
    """No audience can have such a name."""
    return f"{name} "


def _move(connection: duckdb.DuckDBPyConnection, former: str, name: str, plan_id: str) -> None:
    named, names = statements("renames"), {"audience": name, "former": former}
    for statement in named["move"].split(";"):
        connection.execute(statement, names)
    for statement in named["move_plans"].split(";"):
        connection.execute(statement, {**names, "plan_id": plan_id})
