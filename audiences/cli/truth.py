"""Commands around the truth of lists: confirm, status, rebuild."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from audiences.amounts import amount
from audiences.cli.app import AsJson, Config, Names, app, note, print_json, say
from audiences.cli.lists import print_plan, print_result
from audiences.cli.progress import progress
from audiences.cli.tables import local, print_table, reasons
from audiences.errors import Busy, ConfigError, gravest

if TYPE_CHECKING:
    from datetime import datetime

    from audiences.sync.confirm import ListConfirmation
    from audiences.sync.list_state import ListState
    from audiences.sync.rebuild import Rebuilt

PATIENCE = 5.0  # seconds that a look waits for a sync to end
HOURS_OF_TWO_DAYS = 48
A_MINUTE = timedelta(minutes=1)
OUTCOMES = {
    "failed": "not answered",
    "gone": "deleted there",
    "moved": "replaced meanwhile",
    "unset": "account not in the settings",
}


@app.command()
def confirm(audiences: Names = None, config: Config = None, *, as_json: AsJson = False) -> None:
    """Ask the platforms what they processed, how large the lists are there, and whether they are in order.

    Example: boomerang confirm
    """
    from audiences.settings import load_settings
    from audiences.sync.confirm import confirm_lists

    settings = load_settings(config)
    with progress("asking"):
        found = confirm_lists(settings, audiences or ())
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        _print_confirmed(found, settings.shop.timezone)
    code = gravest([one.exit_code for one in found])
    if code:
        raise typer.Exit(code)


def _print_confirmed(found: Sequence[ListConfirmation], zone: str) -> None:
    if not found:
        note("There is no list at any platform yet: `boomerang sync` makes them.")
        return
    rows = [
        (
            one.list, OUTCOMES.get(one.state, one.state), one.confirmed, one.removed, one.sent_again, one.working, _size(one),
            _share(one.match_rate), one.message,
        )
        for one in found
    ]  # fmt: skip
    columns = (
        "list", "outcome", "confirmed now", "removals confirmed", "to send again", "requests at work", "size there", "match",
        "note",
    )  # fmt: skip
    print_table("What the platforms say", columns, rows)
    for one in found:
        if one.ask_again_at is not None:
            say(f"{one.list}: {_too_early(one, zone)}")


def _too_early(one: ListConfirmation, zone: str) -> str:
    """When to ask again about what the platform takes its time for."""
    requests = amount(one.early, "request was", "requests were")
    since = local(one.ask_again_at, zone)
    return f"{requests} accepted too lately to be asked about. Run `boomerang confirm` again from {since} ({zone}) on."


@app.command()
def status(config: Config = None, *, as_json: AsJson = False) -> None:
    """Show how far the truth goes for each list, what is held or drifts, and what to do.

    Exit code 6: a sync is at work and has the ledger; what it is at is said instead.

    Example: boomerang status
    """
    from audiences.ledger.activity import read_activity
    from audiences.settings import load_settings
    from audiences.sync.status import read_status

    settings = load_settings(config)
    zone = settings.shop.timezone
    try:
        found = read_status(settings, wait=PATIENCE)
    except Busy:
        holder = read_activity(settings.home)
        if as_json:
            print_json({"busy": asdict(holder) if holder else None})
        raise
    if as_json:
        print_json(asdict(found))
        return
    builds = [
        (one.build_id, local(one.as_of, zone), one.state, one.node_count, ", ".join(one.failed_nodes))
        for one in found.builds
    ]
    print_table(f"Builds (times of {zone})", ("build", "as of", "state", "models and tests", "failed"), builds)
    if not found.lists:
        say("There is no list yet: `boomerang sync` makes them.")
        return
    _print_truth(found.lists, zone)
    lines = [line for one in found.lists for line in _lines(one, zone)]
    for line in lines or ["No list needs anything."]:
        say(line)


def _print_truth(lists: Sequence[ListState], zone: str) -> None:
    rows = [
        (
            one.list, one.state, one.members, one.unanswered, one.accepted, one.confirmed, one.leaving, reasons(one.held),
            _when(one.synced_at, one.synced_hours_ago, zone),
        )
        for one in lists
    ]  # fmt: skip
    columns = ("list", "state", "members", "unanswered", "accepted", "confirmed", "leaving", "held", "last sync")
    print_table("Lists: what we know (people)", columns, rows)
    there = [
        (
            one.list, one.external_id, _size(one), _share(one.match_rate),
            _when(one.asked_at, one.asked_hours_ago, zone), _there(one),
        )
        for one in lists
    ]  # fmt: skip
    print_table(
        "Lists: what the platforms say", ("list", "id there", "size", "match", "last asked", "state there"), there
    )


def _there(one: ListState) -> str:
    if one.is_gone:
        return "gone"
    if one.asked_at is None:
        return "" if one.external_id is None else "not asked yet"
    words = ["flagged"] if one.is_flagged else [] if one.is_usable else ["not usable"]
    words += ["renamed"] if one.is_renamed else []
    words += [f"{amount(one.requests_waiting, 'request')} at work"] if one.requests_waiting else []
    return ", ".join(words) or "in order"


def _lines(one: ListState, zone: str) -> list[str]:
    """What is to be said of a list below the tables: what is held since when and why, and what to do."""
    lines = []
    if one.held:
        since = f" since {local(one.held_since, zone)}" if one.held_since else ""
        lines.append(f"{one.list}: held{since} ({'; '.join(one.reasons)}): {one.advice}")
    if one.state == "retiring":
        lines.append(
            f"{one.list}: no definition asks for it any more, {amount(one.members, 'person is', 'people are')} on it"
        )
    return lines + [f"{one.list}: {sentence}" for sentence in one.todo if not (one.held and sentence == one.advice)]


@app.command()
def rebuild(
    audience: Annotated[str, typer.Argument(help="The audience's name.")],
    config: Config = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Repair an audience's lists: whoever is on them is removed and added again, and the name is put right.

    Example: boomerang rebuild lapsed_buyers
    """
    from audiences.settings import load_settings
    from audiences.sync.rebuild import plan_rebuild, rebuild_lists

    settings = load_settings(config)
    with progress("planning"):
        prepared = plan_rebuild(settings, audience)
    if not as_json:
        print_plan(prepared.plan, settings.shop.timezone)
        for name, reason in prepared.warnings:
            say(f"{name}: a sync would be held, a rebuild is not: {reason}")
    if not yes and not _may_go_on(prepared.people):
        note("Nothing was done.")
        return
    with progress("sending") as advance:
        done = rebuild_lists(settings, prepared, on_progress=lambda name, rows: advance(str(name), rows))
    _print_rebuilt(done, as_json=as_json)
    code = gravest([one.exit_code for one in done.lists])
    if code:
        raise typer.Exit(code)


def _may_go_on(people: int) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError("nothing was done: say --yes where nobody can be asked")
    return typer.confirm(
        f"Remove and add again {amount(people, 'person', 'people')}? Some are off the list meanwhile.", err=True
    )


def _print_rebuilt(done: Rebuilt, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(done))
        return
    for result in done.results:
        print_result(result)
    for name in done.renamed:
        say(f"{name} has its name back.")
    for name, message in done.not_renamed.items():
        say(f"{name} keeps its name there: {message}")
    if not any(one.exit_code for one in done.lists):
        say("Everybody was removed and added again. `boomerang confirm` says in a while what the platform made of it.")


def _size(one: ListState | ListConfirmation) -> str:
    from audiences.sync.drift import span

    return span(one.size_lower, one.size_upper)


def _share(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.0%}"


def _when(moment: datetime | None, hours: float | None, zone: str) -> str | None:
    """`2026-11-23 08:00 (3 h ago)`; by a clock that was ahead, it is still to come."""
    if moment is None or hours is None:
        return None
    from audiences.ledger.connection import now_utc

    if moment > now_utc() + A_MINUTE:
        return f"{local(moment, zone)} (still to come: a clock was ahead)"
    ago = f"{hours:.0f} h" if hours < HOURS_OF_TWO_DAYS else f"{hours / 24:.0f} days"
    return f"{local(moment, zone)} ({ago} ago)"
