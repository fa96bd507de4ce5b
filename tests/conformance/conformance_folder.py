"""The other end of a platform that is a folder of files, asked as the sandbox is asked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from audiences.platforms.registry import open_platform


class Folder:
    """The folder of one account. What is on a list is read from its upload-ready file."""

    def __init__(self, settings):
        self.settings, self.root = settings, Path(settings["folder"])

    def endpoint(self, platform):
        return None

    def inspect(self, platform):
        return self

    def lists(self):
        """The lists as somebody finds them who asks for their status and opens the files."""
        return [self._shown(file.parent, json.loads(file.read_text())) for file in self.root.glob("*/list.json")]

    def control(self, *, platform, believe):
        for name in believe["lists"]:
            shutil.rmtree(self.root / name.rpartition(".")[0])

    def _shown(self, folder, record):
        list_id = f"{folder.name}.{record['sign']}"
        another = open_platform("file", endpoint=None, account=self.settings)
        another.status(list_id)
        another.close()
        people = len((folder / "members.csv").read_text().splitlines()) - 1
        return {"id": list_id, "account": str(self.root), "people": people}
