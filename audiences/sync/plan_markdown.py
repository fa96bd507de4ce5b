"""A plan as Markdown, fit for a pull request: a line of sums, a table of lists, and what wants a look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from zoneinfo import ZoneInfo

from audiences.amounts import amount
from audiences.printable import markdown_code, markdown_name, markdown_table, markdown_text
from audiences.sync.plan_record import ListPlan, Plan

KILO = 1000.0
COUNTS = ("members", "add", "update", "remove", "renew", "unchanged", "requests")


def as_markdown(plan: Plan, timezone: str = "UTC") -> str:
    """The plan as one Markdown document, its as_of by the shop's clock. Whatever a name holds, it is shown as it is."""
    return (
        "\n".join([*_head(plan, timezone), "", *_table(plan.lists), *_looks(plan.lists), *_dropped(plan.lists)]) + "\n"
    )


def _head(plan: Plan, timezone: str) -> Iterator[str]:
    lists = plan.lists
    changed = [one for one in lists if one.changes > one.held_changes]
    held = sum(one.held_changes for one in lists)
    as_of = plan.as_of.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone))
    yield f"## Plan `{plan.plan_id}`"
    yield ""
    yield (
        f"As of {as_of:%Y-%m-%d %H:%M} ({timezone}), build `{plan.build_id}`. {_changing(len(changed), len(lists))}: "
        f"**{sum(one.going('add') for one in lists):,}** added, **{sum(one.going('update') for one in lists):,}** updated, "
        f"**{sum(one.going('remove') for one in lists):,}** removed, **{sum(one.renews for one in lists):,}** renewed, in "
        f"{amount(sum(one.requests for one in lists), 'request')} ({size(sum(one.bytes for one in lists))})"
        f"{f'; **{held:,}** held' if held else ''}."
    )


def _changing(changed: int, lists: int) -> str:
    return f"{changed:,} of {amount(lists, 'list')} {'changes' if 1 in (changed, lists) else 'change'}"


def _table(lists: Iterable[ListPlan]) -> Iterator[str]:
    yield from markdown_table(("list", *COUNTS, "guard"), [_row(one) for one in lists], numbers=COUNTS)


def _row(one: ListPlan) -> tuple[str, ...]:
    numbers = (one.members, one.adds, one.updates, one.removes, one.renews, one.unchanged, one.requests)
    verdict = f"**held**: {_counts(one.guard.held)}" if one.guard.held else "ok"
    return (markdown_name(one.list), *(f"{number:,}" for number in numbers), verdict)


def _looks(lists: Iterable[ListPlan]) -> Iterator[str]:
    """What a reader should look at: what is held and why, what waits, and what is about to happen to a list."""
    sentences = [
        f"- {markdown_code(one.list)}: {markdown_text(sentence)}."
        for one in lists
        for sentence in (*(f"held, because {reason}" for reason in one.guard.reasons), *one.notes)
    ]
    if sentences:
        yield from ("", "### To look at", "", *sentences)


def _dropped(lists: Iterable[ListPlan]) -> Iterator[str]:
    counted = [one for one in lists if one.dropped]
    if counted:
        yield from ("", "<details><summary>Who falls out, and why</summary>", "")
        for one in counted:
            yield f"- {markdown_code(one.list)}: {_counts(one.dropped)}"
        yield from ("", "</details>")


def _counts(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{count:,} {markdown_text(name)}" for name, count in ordered)


def size(count: int) -> str:
    """A number of bytes for people: `5.9 MB`."""
    number, units = float(count), ["bytes", "kB", "MB", "GB", "TB"]
    while number >= KILO and len(units) > 1:
        number, units = number / KILO, units[1:]
    return f"{number:,.0f} {units[0]}" if units[0] == "bytes" else f"{number:,.1f} {units[0]}"
