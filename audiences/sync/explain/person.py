"""Who is meant by an id, an e-mail or a phone, and what the published build says of them whatever the audience.

What was typed is looked up and forgotten: it is in no message, no exception and no result.
"""

from __future__ import annotations

from typing import Any

import duckdb
from sqlglot import exp

from audiences.addresses import Contact, read_contact
from audiences.attached_build import BUILD
from audiences.errors import DataError
from audiences.sql import render, statements
from audiences.sync.explain.story import ArmEntry, Erasure, GateAnswer, Identifiers, Reference, SegmentRow

MOST_CUSTOMERS = 10
MOST_REFERENCES = 12
MOST_ROWS = 5  # of one segment
HIDDEN = "(an address: hidden)"
ASKED = "(the one asked for)"


def find_customers(connection: duckdb.DuckDBPyConnection, typed: str, *countries: str | None) -> list[str]:
    """The customer ids that an id (or twelve signs of its beginning), a shop's reference, an e-mail or a phone belongs to.

    Args:
        connection: with the published build attached.
        typed: as somebody typed it.
        countries: where a phone without plus may have been dialled, the likeliest first.

    Raises:
        DataError: nobody, or too many; without what was typed.
    """
    text = typed.strip().encode("utf-8", "replace").decode()
    named = statements("whom")
    rows = connection.execute(named["by_name"], {"text": text}).fetchall()
    contact = read_contact(text, *countries)
    if contact is not None:
        rows += connection.execute(named[f"by_{contact.kind}"], {"hash": contact.canonical}).fetchall()
    found = sorted({str(row[0]) for row in rows})
    if text and 0 < len(found) <= MOST_CUSTOMERS:
        return found
    if found:
        raise DataError(f"that fits {len(found):,} customers: give more of the id")
    _refuse_forgotten(connection, text, contact)
    what = {None: "id or reference", "email": "e-mail", "phone": "phone"}[contact.kind if contact else None]
    raise DataError(
        f"nobody is known by that {what}: not in the newest build, or an address or a number that several accounts share. "
        "Try the id, or twelve signs of its beginning; give a phone with plus and calling code, or with --country"
    )


def _refuse_forgotten(connection: duckdb.DuckDBPyConnection, text: str, contact: Contact | None) -> None:
    """Say since when somebody is forgotten whom the build does not have any more."""
    named = statements("explain")
    found = connection.execute(named["forgotten_id"], {"text": text}).fetchone()
    what = "id"
    if contact is not None:
        found = connection.execute(named["forgotten"], {"kind": contact.kind, "hash": contact.canonical}).fetchone()
        what = {"email": "e-mail", "phone": "phone"}[contact.kind]
    if found is not None and found[0] is not None:
        raise DataError(
            f"nobody of the newest build has that {what}; it was asked to be forgotten on {found[0]:%Y-%m-%d}"
        )


def references_of(
    connection: duckdb.DuckDBPyConnection, customer_id: str, typed: str, country: str
) -> tuple[list[Reference], int]:
    """The newest references that became the customer, and how many there are.

    An address among them is hidden, and so is what was typed to name the customer.
    """
    named = statements("explain")
    rows = connection.execute(named["references"], {"customer_id": customer_id, "most": MOST_REFERENCES}).fetchall()
    own = {value for row in _rows(connection, "own_hashes", customer_id) for value in row if value}
    shown = [
        Reference(row[0], row[1], ASKED if row[2] == typed.strip() else _shown(row[2], own, country), row[3])
        for row in rows
    ]
    return shown, int(_rows(connection, "reference_count", customer_id)[0][0])


def _shown(reference: str, own: set[str], country: str) -> str:
    contact = read_contact(reference, country)
    is_own = contact is not None and not own.isdisjoint(contact.hashes.values())
    return HIDDEN if is_own or "@" in reference else reference


def segments_of(connection: duckdb.DuckDBPyConnection, customer_id: str) -> list[SegmentRow]:
    """The customer's rows in every published segment."""
    found = []
    for (table,) in connection.execute(statements("explain")["segments"]).fetchall():
        query = (
            exp.select("qualified_at", "reason")
            .from_(exp.table_(table, db="segments", catalog=BUILD, quoted=True))
            .where(exp.EQ(this=exp.column("customer_id"), expression=exp.Literal.string(customer_id)))
            .order_by("qualified_at desc", "reason")
            .limit(MOST_ROWS)
        )
        rows = connection.execute(render(query)).fetchall()
        found += [SegmentRow(str(table).removeprefix("seg_"), row[0], row[1]) for row in rows]
    return found


def gate_of(connection: duckdb.DuckDBPyConnection, customer_id: str) -> list[GateAnswer]:
    """What the gate says for each purpose; empty for somebody whom it has never heard of."""
    return [GateAnswer(*row) for row in _rows(connection, "gate", customer_id)]


def identifiers_of(connection: duckdb.DuckDBPyConnection, customer_id: str) -> Identifiers:
    """How many identifiers of which kind the customer has."""
    return Identifiers(*_rows(connection, "identifiers", customer_id)[0])


def erasures_of(connection: duckdb.DuckDBPyConnection, customer_id: str) -> list[Erasure]:
    """When one of the customer's addresses was asked to be forgotten."""
    return [Erasure(*row) for row in _rows(connection, "erasures", customer_id)]


def entries_of(connection: duckdb.DuckDBPyConnection) -> list[ArmEntry]:
    """The experiments that the customer of the temporary table `explained` entered, first to last."""
    return [ArmEntry(*row) for row in connection.execute(statements("explain")["entries"]).fetchall()]


def _rows(connection: duckdb.DuckDBPyConnection, name: str, customer_id: str) -> list[tuple[Any, ...]]:
    return connection.execute(statements("explain")[name], {"customer_id": customer_id}).fetchall()
