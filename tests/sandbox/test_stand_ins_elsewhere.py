"""A stand-in may come with another package, found by its entry point."""

from __future__ import annotations

import os

import httpx
import pytest

from audiences.sandbox.server import Sandbox

MODULE = """
from fastapi import Response


class Board:
    name = "board"

    def __init__(self, context):
        self._context, self._greeting = context, "hello"

    async def answer(self, request, path):
        fault = self._context.faults.strike("board", "read", writing=False, body=b"")
        return Response(f"{self._greeting} {path}", 500 if fault else 200)

    def control(self, values):
        self._greeting = values["greeting"]

    def described(self):
        return {"greeting": self._greeting}
"""


@pytest.fixture
def other_package(tmp_path, monkeypatch):
    """An installed package `boards` with a stand-in, as the sandbox's process sees it."""
    (tmp_path / "boards.py").write_text(MODULE)
    about = tmp_path / "boards-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: boards\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[boomerang.sandbox]\nboard = boards:Board\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))


def test_a_stand_in_of_another_package_answers_is_controlled_and_fails_on_demand(other_package):
    with Sandbox() as sandbox:
        endpoint = sandbox.endpoint("board")
        before = httpx.get(f"{endpoint}/ann", trust_env=False)
        sandbox.control(
            platform="board", believe={"greeting": "bye"}, faults=[{"do": "server_error", "platform": "board"}]
        )
        during, after = (httpx.get(f"{endpoint}/ann", trust_env=False) for _ in range(2))
        lists = sandbox.inspect("board").lists()
    assert (before.text, after.text, lists) == ("hello ann", "bye ann", [])
    assert (before.status_code, during.status_code, after.status_code) == (200, 500, 200)
