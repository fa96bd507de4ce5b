"""An account of the platform `file` in a test's folder, and what somebody finds there who opens the files."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from audiences.domain import HashRow, ListId
from audiences.platforms.base import Batch, RemoteList
from audiences.platforms.file import Files
from audiences.platforms.file_account import read_account

PLAIN = {"google_region": "US", "google_postcode": "94045"}


class Desk:
    """One folder of lists."""

    def __init__(self, root, template="meta", **settings):
        self.root, self.settings = root, {"template": template, "folder": str(root), **settings}
        self.now = datetime(2026, 11, 23, 9, tzinfo=UTC)

    def open(self, **more):
        return Files(read_account({**self.settings, **more}), clock=lambda: self.now)

    def remote(self, **values):
        wanted = {"list_id": ListId("lapsed@file:upload"), "name": "Lapsed buyers", "ledger_id": "ledger1"}
        return RemoteList(**{**wanted, "environment": "demo", **values})

    def hashed(self, text):
        return hashlib.sha256(text.encode()).hexdigest()

    def row(self, name, account=None, **instead):
        """A full row of somebody; by keyword other values of some fields, '' for none."""
        fields = (account or self.open()).fields
        values = {field.name: PLAIN.get(field.column) or self.hashed(f"{name} {field.name}") for field in fields}
        return HashRow(",".join({**values, **instead}.values()))

    def batch(self, *rows):
        return Batch(rows, 1)

    def filled(self, *names):
        """A list with these people on it, and its files made; its id."""
        account = self.open()
        list_id = account.ensure(self.remote())
        account.add(list_id, self.batch(*map(self.row, names)))
        account.close()
        return list_id

    @property
    def folder(self):
        """The folder of the only list."""
        (record,) = self.root.glob("*/list.json")
        return record.parent

    def lines(self, name="members.csv"):
        """The lines of a file of the only list, without the header."""
        return (self.folder / name).read_text().splitlines()[1:]

    def changes(self, kind):
        """What each run changed, in the order of the runs."""
        files = sorted((self.folder / "changes").glob(f"*-{kind}.csv"))
        return [file.read_text().splitlines()[1:] for file in files]
