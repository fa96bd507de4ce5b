"""What people read in Prefect, as Markdown: the build, the plan and the result. Counts and names only, of nobody.

Everything goes through the redaction of the log once more, because Prefect keeps artifacts for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prefect.artifacts import create_markdown_artifact

from audiences.dbt_run import NodeResult
from audiences.log import redact
from audiences.printable import markdown_name, markdown_table, markdown_text
from audiences.sync.apply import ListResult
from audiences.sync.confirm import ListConfirmation
from audiences.sync.drift import span
from audiences.sync.plan_record import Plan

SLOWEST = 10


def publish(subject: str, environment: str, markdown: str, *, flow: str = "daily") -> None:
    """Keep the text under `<flow>-<subject>-<environment>`; Prefect shows the newest and all earlier ones of the key."""
    key = f"{flow}-{subject}-{environment}".replace("_", "-")
    create_markdown_artifact(redact(markdown), key=key, description=f"The {subject} of `{flow}` in {environment}")


def build_text(nodes: Sequence[NodeResult]) -> str:
    """Every kind with its count and states, what failed and why, and what took longest."""
    kinds = sorted({node.kind for node in nodes})
    counts = [
        (kind, sum(node.kind == kind for node in nodes), _counted(node.status for node in nodes if node.kind == kind))
        for kind in kinds
    ]
    broken = [(node.name, node.status, node.message) for node in nodes if node.is_broken and node.status != "skipped"]
    slowest = sorted(nodes, key=lambda node: (-node.seconds, node.name))[:SLOWEST]
    parts = ["# Build", table(("kind", "count", "states"), counts)]
    if broken:
        parts += ["## Failed: nothing was published", table(("node", "state", "why"), broken)]
    parts += ["## Slowest", table(("node", "seconds"), [(node.name, f"{node.seconds:.2f}") for node in slowest])]
    return "\n\n".join(parts)


def plan_text(plan: Plan) -> str:
    """Every list with its members and changes, what a guard holds and why, and who was left out."""
    changes = [
        (
            item.list, item.members, item.adds, item.updates, item.removes, item.renews, item.unchanged,
            _reasons(item.guard.held), "; ".join(item.guard.reasons),
        )
        for item in plan.lists
    ]  # fmt: skip
    columns = ("list", "members", "add", "update", "remove", "renew", "unchanged", "held", "why")
    dropped = [
        (item.list, reason, count)
        for item in plan.lists
        for reason, count in sorted(item.dropped.items(), key=lambda entry: (-entry[1], entry[0]))
    ]
    parts = [
        f"# Plan {plan.plan_id}",
        f"As of {plan.as_of:%Y-%m-%d %H:%M} UTC, build {plan.build_id}. Counts are people.",
        table(columns, changes),
    ]
    if dropped:
        parts += ["## Left out", table(("list", "reason", "people"), dropped)]
    return "\n\n".join(parts)


def result_text(results: Sequence[ListResult]) -> str:
    """Every list with what became of it, and for held ones the command that lets them go."""
    rows = [
        (item.list, item.state, item.sent, item.received, item.invalid, item.requests, item.message) for item in results
    ]
    parts = [
        "# Result",
        f"{_counted(item.state for item in results) or 'no list'}. Counts are upload rows: a person has one or more.",
        table(("list", "outcome", "rows sent", "received", "invalid", "requests", "why"), rows),
    ]
    held = [item.list for item in results if item.state == "held"]
    if held:
        commands = "\n".join(f"boomerang release {name} --why '...'" for name in held)
        parts.append(f"Look at `boomerang status`; to let held changes go with the next run:\n\n```\n{commands}\n```")
    return "\n\n".join(parts)


def truth_text(results: Sequence[ListConfirmation]) -> str:
    """Every list with what its platform said: who is confirmed now, what failed, its size and its state there."""
    rows = [
        (
            item.list, item.state, item.confirmed, item.removed, item.sent_again, item.working,
            span(item.size_lower, item.size_upper), "" if item.match_rate is None else f"{item.match_rate:.0%}",
            item.message,
        )
        for item in results
    ]  # fmt: skip
    columns = (
        "list", "outcome", "confirmed now", "removals confirmed", "to send again", "requests at work", "size there", "match",
        "note",
    )  # fmt: skip
    parts = [
        "# What the platforms say",
        f"{_counted(item.state for item in results) or 'no list'}. Counts are people; sizes are rounded and late.",
        table(columns, rows),
        "`boomerang status` says how far the truth goes for each list, and what to do.",
    ]
    return "\n\n".join(parts)


def _counted(states: Iterable[str]) -> str:
    found = list(states)
    return ", ".join(f"{found.count(state)} {state}" for state in sorted(set(found)))


def _reasons(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as a Markdown table; the first column is names."""
    cells = [(markdown_name(str(row[0])), *(_cell(value) for value in row[1:])) for row in rows]
    return "\n".join(markdown_table(columns, cells))


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else markdown_text(str(value))
