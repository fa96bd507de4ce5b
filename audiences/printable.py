"""Text of the shop's data and of platforms, made fit to be shown: a name may hold what steers a terminal or a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control characters but for tab and line feed, and what breaks lines or turns the direction of writing."""


def printable(text: str) -> str:
    """The text with a space for everything that steers what shows it; lines stay lines."""
    return STEERING.sub(" ", text)


def one_line(text: str) -> str:
    """`printable`, and on one line."""
    return printable(text).replace("\n", " ")


def markdown_text(text: str) -> str:
    """One line of Markdown: no tags come of it. Backticks stay, for sentences of ours name commands with them."""
    return one_line(text).replace("&", "&amp;").replace("<", "&lt;")


def markdown_name(name: str) -> str:
    """A name as it is, among text: neither tags nor emphasis come of it."""
    return re.sub(r"([\\`*\[\]~])", r"\\\1", markdown_text(name))


def markdown_code(name: str) -> str:
    """A name as code."""
    line = one_line(name)
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    room = " " if longest or line != line.strip() else ""
    return f"{fence}{room}{line}{room}{fence}"


def markdown_row(cells: Iterable[str]) -> str:
    """One row of a Markdown table; pipes in the cells do not part them."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[str] = ()) -> list[str]:
    """The lines of a Markdown table, its cells Markdown already; the columns `numbers` stand to the right."""
    rule = "| " + " | ".join("---:" if column in numbers else "---" for column in columns) + " |"
    return [markdown_row(columns), rule, *(markdown_row(row) for row in rows)]
