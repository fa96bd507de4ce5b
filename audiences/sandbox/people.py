"""Who is behind the identifiers: ad platforms match people, not hashes, and so does the sandbox.

Identifiers seen in one row belong to one person, and rows that share an identifier are the same person. A registered
population decides instead, where there is one. A registered person has a negative number, a learnt one a positive.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

Identifiers = tuple[str, ...]
"""The hashes of one row that point to a person by themselves (e-mail, phone), without empty ones."""


class People:
    """The people of one sandbox, over a connection whose transactions the caller opens and ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find(self, hashes: Iterable[str]) -> dict[str, int]:
        """The person of each of the hashes that is known."""
        query = (
            "select i.hash, coalesce(o.new, i.person) from json_each(?) j cross join identifiers i on i.hash = j.value"
            " left join joined o on o.old = i.person"
        )
        return dict(self._connection.execute(query, [json.dumps(list(set(hashes)))]).fetchall())

    def learn(self, rows: Sequence[Identifiers]) -> list[tuple[int, ...]]:
        """Say whose each row is, making and joining people as the rows demand; several only if all are registered."""
        circle = _Circle(self.find(h for row in rows for h in row), self._last("learnt"))
        owners = [circle.owners(row) for row in rows]
        self._keep_last("learnt", circle.last)
        self._join(circle.joined)
        self._connection.executemany(
            "insert into identifiers (hash, person) values (?, ?)",
            sorted((found, circle.root(person)) for found, person in circle.new.items()),
        )
        return [tuple({circle.root(person): None for person in row}) for row in owners]

    def register(self, people: Sequence[Sequence[str]]) -> None:
        """Make the given groups of hashes people who stay apart whatever a row says, and whatever was learnt."""
        first = self._last("registered") - 1
        self._keep_last("registered", first - len(people))
        self._connection.executemany(
            "insert or replace into identifiers (hash, person) values (?, ?)",
            [(found, first - number) for number, person in enumerate(people) for found in person],
        )
        self._own_anew()

    def add(self, list_number: int, rows: Sequence[tuple[Identifiers, str]]) -> None:
        """Put the people behind the rows on the list. A row is its identifiers and its whole text."""
        owners = self.learn([identifiers for identifiers, _ in rows])
        self._connection.executemany(
            "insert or ignore into list_rows (list, person, identifiers, row) values (?, ?, ?, ?)",
            [
                (list_number, person, ",".join(identifiers), text)
                for (identifiers, text), people in zip(rows, owners, strict=True)
                for person in people
            ],
        )

    def remove(self, list_number: int, rows: Sequence[tuple[Identifiers, str]]) -> None:
        """Take the people behind any identifier of the rows off the list; who is not on it is no error."""
        found = self.find(h for identifiers, _ in rows for h in identifiers)
        self._connection.executemany(
            "delete from list_rows where list = ? and person = ?",
            [(list_number, person) for person in set(found.values())],
        )

    def on(self, list_number: int) -> list[list[str]]:
        """The identifying hashes received of each person on the list, sorted; one inner list a person."""
        query = "select person, identifiers from list_rows where list = ? order by person"
        held: dict[int, set[str]] = {}
        for person, identifiers in self._connection.execute(query, [list_number]):
            held.setdefault(person, set()).update(identifiers.split(","))
        return sorted(sorted(hashes) for hashes in held.values())

    def rows_on(self, list_number: int) -> list[str]:
        """The received rows, as sent, of the people on the list, sorted, each once."""
        query = "select distinct row from list_rows where list = ? order by row"
        return [row for (row,) in self._connection.execute(query, [list_number])]

    def count(self, list_number: int) -> int:
        """How many people are on the list."""
        query = "select count(distinct person) from list_rows where list = ?"
        return int(self._connection.execute(query, [list_number]).fetchone()[0])

    def clear(self, list_number: int) -> None:
        """Empty the list."""
        self._connection.execute("delete from list_rows where list = ?", [list_number])

    def _own_anew(self) -> None:
        """Give every row on every list to the people whose it is now."""
        held: dict[int, list[tuple[Identifiers, str]]] = {}
        query = "select distinct list, identifiers, row from list_rows order by list, row"
        for list_number, identifiers, row in self._connection.execute(query).fetchall():
            held.setdefault(list_number, []).append((tuple(identifiers.split(",")), row))
        for list_number, rows in held.items():
            self.clear(list_number)
            self.add(list_number, rows)

    def _last(self, kind: str) -> int:
        """The number given last to a learnt (counting up from 1) or registered (down from -1) person."""
        found = self._connection.execute("select last from person_numbers where kind = ?", [kind]).fetchone()
        return int(found[0]) if found else 0

    def _keep_last(self, kind: str, last: int) -> None:
        self._connection.execute("insert or replace into person_numbers (kind, last) values (?, ?)", [kind, last])

    def _join(self, joined: dict[int, int]) -> None:
        for old, new in joined.items():
            self._connection.execute("update joined set new = ? where new = ?", [new, old])
            self._connection.execute("insert into joined (old, new) values (?, ?)", [old, new])
            self._connection.execute(
                "update or replace list_rows set person = ? where list in (select id from lists) and person = ?",
                [new, old],
            )


class _Circle:
    """Union-find over the people of one batch: what is known, what is new, who turned out to be the same."""

    def __init__(self, known: dict[str, int], last: int) -> None:
        self._known, self.last = known, last
        self._parents: dict[int, int] = {}
        self.new: dict[str, int] = {}

    @property
    def joined(self) -> dict[int, int]:
        """Each person who ended, with the one who stays."""
        return {old: self.root(old) for old in self._parents}

    def root(self, person: int) -> int:
        """The person who stays in the place of the given one."""
        while person in self._parents:
            person = self._parents[person]
        return person

    def owners(self, row: Identifiers) -> tuple[int, ...]:
        """The people of the row, after joining those whom it shows to be one."""
        found = {self.root(self._known[h]) for h in row if h in self._known}
        if not found:
            return self._stranger(row)
        registered = sorted(person for person in found if person < 0)
        learnt = sorted(person for person in found if person > 0)
        stays = registered[-1] if registered else learnt[0]
        self._parents.update({person: stays for person in learnt if person != stays})
        self._assign(row, stays)
        return tuple(registered) or (stays,)

    def _stranger(self, row: Identifiers) -> tuple[int, ...]:
        if not row:
            return ()
        self.last += 1
        self._assign(row, self.last)
        return (self.last,)

    def _assign(self, row: Identifiers, person: int) -> None:
        for unknown in row:
            if unknown not in self._known:
                self._known[unknown] = self.new[unknown] = person
