"""Commands around audiences and lists: audiences, preview, check, plan, apply, sync, release."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audiences.amounts import amount
from audiences.cli.app import AsJson, AsOf, Config, Names, app, note, print_json, say
from audiences.cli.progress import progress
from audiences.cli.tables import local, print_table, reasons
from audiences.errors import Busy, ConfigError, gravest

if TYPE_CHECKING:
    from audiences.settings import Settings
    from audiences.sync.apply import ApplyResult
    from audiences.sync.plan_record import Plan
    from audiences.sync.validating import ListValidation

WAITING = {"recipe": "for a later day of a new recipe", "quarantine": "in quarantine, until their addresses change"}


@app.command("audiences")
def list_audiences(config: Config = None, *, as_json: AsJson = False) -> None:
    """List all audiences with their sizes.

    Example: boomerang audiences
    """
    from audiences.checking import checked_catalog
    from audiences.errors import DataError
    from audiences.settings import load_settings
    from audiences.sync.preview import preview

    settings = load_settings(config)
    catalog, _ = checked_catalog(settings)
    try:
        sizes = {item.audience: item for item in preview(settings, samples=0)}
    except DataError as error:
        note(f"Sizes are not known yet: {error}")
        sizes = {}
    rows: list[dict[str, Any]] = []
    for audience in catalog.ordered():
        seen = sizes.get(audience.name)
        members = {f"{one.platform}:{one.account}": one.members for one in seen.accounts} if seen else {}
        rows.append(
            {
                "audience": audience.name, "label": audience.label, "role": audience.role, "segment": audience.segment,
                "customers": seen.segment_customers if seen else None, "members": members,
                "owner": audience.owner, "paused": audience.paused,
            }
        )  # fmt: skip
    if as_json:
        print_json(rows)
        return
    columns = ("audience", "label", "role", "segment", "customers in segment", "members", "owner", "paused")
    shown_rows = [[*[*row.values()][:5], reasons(row["members"]), row["owner"], row["paused"]] for row in rows]
    print_table("Audiences", columns, shown_rows)


@app.command()
def preview(
    audience: Annotated[str, typer.Argument(help="The audience's name.")],
    config: Config = None,
    *,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Show how large an audience is, who falls out and why, and a masked sample.

    Example: boomerang preview lapsed_buyers
    """
    from audiences.settings import load_settings
    from audiences.sync.preview import preview as look

    settings = load_settings(config)
    item = look(settings, (audience,), as_of=as_of)[0]
    if as_json:
        print_json(asdict(item))
        return
    zone = settings.shop.timezone
    say(f"{item.label} ({item.audience}) at {local(item.as_of, zone)} ({zone})")
    customers, rows = amount(item.segment_customers, "customer"), amount(item.segment_rows, "row")
    say(f"  {customers} in segment {item.segment} ({rows})")
    for account in item.accounts:
        for reason, count in sorted(account.dropped.items(), key=lambda entry: -entry[1]):
            say(f"  {-count:+,} {reason}")
        say(f"  = {amount(account.members, 'member')} on {account.platform}:{account.account}")
        for name, members in account.lists.items():
            say(f"      {members:,} on {name}")
    if item.sample:
        print_table("A few members", list(item.sample[0]), [list(row.values()) for row in item.sample])


@app.command()
def check(config: Config = None, *, as_json: AsJson = False) -> None:
    """Check all audience definitions; says file, line and the nearest right name.

    Example: boomerang check
    """
    from audiences.checking import check_definitions
    from audiences.settings import load_settings

    settings = load_settings(config)
    catalog, _, problems = check_definitions(settings)
    if as_json:
        print_json([{"file": str(one.file), "line": one.line, "message": one.message} for one in problems])
    else:
        for problem in problems:
            say(str(problem))
        summary = "all is well" if not problems else f"{len(problems)} to mend"
        say(f"{amount(len(catalog.documents), 'definition')} checked: {summary}.")
    if problems:
        raise typer.Exit(ConfigError.exit_code)


@app.command()
def plan(
    audiences: Names = None,
    config: Config = None,
    *,
    as_of: AsOf = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="As Markdown, for a pull request.")] = False,
    validate: Annotated[
        bool, typer.Option("--validate", help="Have the platforms that can look at it first; they keep nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what would change on every list; nothing is sent.

    Example: boomerang plan lapsed_buyers
    """
    from audiences.settings import load_settings
    from audiences.sync.plan import make_plan
    from audiences.sync.plan_markdown import as_markdown

    settings = load_settings(config)
    with progress("planning"):
        made = make_plan(settings, audiences or (), as_of=as_of)
    checked = _validated(settings, made) if validate else None
    if as_json:
        print_json(made.as_json() | ({} if checked is None else {"validation": [asdict(one) for one in checked]}))
    elif markdown:
        say(as_markdown(made, settings.shop.timezone).rstrip())
    else:
        print_plan(made, settings.shop.timezone)
        if any(item.changes for item in made.lists):
            say(f"Carry it out with: boomerang apply {made.plan_id}")
    if checked is not None and not as_json:
        for one in checked:
            say(f"{one.list}: {validation_words(one)}.")
    code = gravest([3 if made.is_held else 0, *(one.exit_code for one in checked or ())])
    if code:
        raise typer.Exit(code)


def _validated(settings: Settings, made: Plan) -> list[ListValidation]:
    from audiences.sync.validating import validate_plan

    with progress("asking the platforms"):
        return validate_plan(settings, made.plan_id) if made.lists else []


@app.command()
def apply(
    plan: Annotated[str, typer.Argument(help="The plan's id, or a file made by `boomerang plan --json`.")],
    config: Config = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Carry out a plan, and nothing else.

    Example: boomerang apply 20261123-081500-a1b2c3
    """
    from audiences.settings import load_settings

    settings = load_settings(config)
    plan_id, has_lists = plan_in(plan)
    if has_lists:
        _apply(settings, plan_id, as_json=as_json)
    else:
        _say_no_list(plan_id, as_json=as_json)


@app.command()
def sync(audiences: Names = None, config: Config = None, *, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Plan and apply in one step: make the lists equal to the audiences.

    Example: boomerang sync
    """
    from audiences.settings import load_settings
    from audiences.sync.plan import make_plan

    settings = load_settings(config)
    code = _drain(settings)
    with progress("planning"):
        made = make_plan(settings, audiences or (), as_of=as_of)
    if not made.lists:
        _say_no_list(made.plan_id, as_json=as_json)
        raise typer.Exit(code)
    if not as_json:
        print_plan(made, settings.shop.timezone)
    _apply(settings, made.plan_id, as_json=as_json, so_far=code, plan=made)


@app.command()
def release(
    list_id: Annotated[str, typer.Argument(metavar="LIST", help="The list, as `boomerang status` names it.")],
    config: Config = None,
    *,
    why: Annotated[str, typer.Option("--why", help="Why it may go; kept in the ledger, so name nobody.")],
    guard: Annotated[
        list[str] | None, typer.Option("--guard", help="Only these guards [default: all that hold something now].")
    ] = None,
    at_most: Annotated[int | None, typer.Option("--at-most", help="How many changes at most.", min=1)] = None,
    hours: Annotated[int, typer.Option("--hours", help="How long the permit lasts.", min=1, max=720)] = 24,
    as_json: AsJson = False,
) -> None:
    """Let held changes of one list go with the next sync.

    Example: boomerang release lapsed_buyers@meta:main --why "the import was late, sizes are right"
    """
    from audiences.settings import load_settings
    from audiences.sync.release import release as permit

    settings = load_settings(config)
    given = permit(settings, list_id, reason=why, guards=guard or (), at_most=at_most, hours=hours)
    if as_json:
        print_json(asdict(given))
        return
    say(
        f"Released {given.list}: up to {amount(given.at_most, 'change')} until {local(given.until, settings.shop.timezone)}."
    )
    say("They go with the next `boomerang sync`.")


def _say_no_list(plan_id: str, *, as_json: bool) -> None:
    note("Nothing to send: there is no audience, or all are paused.")
    if as_json:
        print_json({"plan_id": plan_id, "lists": [], "seconds": 0.0})


def plan_in(argument: str) -> tuple[str, bool]:
    """The plan's id, read from a file of `plan --json` where one is named, and whether the plan has lists."""
    file = Path(argument)
    if not file.is_file():
        return argument, True
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return str(document["plan_id"]), bool(document["lists"])
    except (ValueError, KeyError, TypeError, UnicodeDecodeError):
        raise ConfigError("this is no plan: make one with `boomerang plan --json`", file=file) from None


def print_plan(made: Plan, timezone: str) -> None:
    """The plan as a table, with what falls out, what waits and what is held."""
    from audiences.sync.plan_markdown import size

    rows = [
        (
            item.list, item.members, item.adds, item.updates, item.removes, item.renews, item.unchanged, item.requests,
            size(item.bytes), reasons(item.guard.held),
        )
        for item in made.lists
    ]  # fmt: skip
    columns = ("list", "members", "add", "update", "remove", "renew", "unchanged", "requests", "size", "held")
    as_of = f"{local(made.as_of, timezone)} ({timezone})"
    print_table(f"Plan {made.plan_id}, build {made.build_id}, as of {as_of}", columns, rows)
    for item in made.lists:
        if item.dropped:
            say(f"{item.list} leaves out: {reasons(item.dropped)}")
        for sentence in item.notes:
            say(f"{item.list}: {sentence}.")
        for reason, lists in item.guard.releases(item.list):
            commands = " and ".join(f"`boomerang release {one} --why '...'`" for one in lists)
            commands = commands or "`boomerang sync` without names"
            say(f"{item.list} HELD: {reason}. Look, then {commands}.")


def validation_words(found: ListValidation) -> str:
    """What a platform says to a list of a plan, in a sentence."""
    if found.state == "refused":
        return f"{found.platform} would refuse it: {found.message}"
    if found.state == "not offered":
        return f"{found.platform} cannot be asked without sending"
    if found.state == "nothing":
        return "there is nobody to add, so nothing was asked"
    if not found.rows:
        return f"{found.platform} would make the list; its members can be checked once it is there"
    rows = amount(found.rows, "row")
    if found.state == "invalid":
        return f"{found.platform} would not take {amount(found.invalid, 'row')} of the first {rows}"
    return f"{found.platform} takes the first {rows}"


def print_result(result: ApplyResult) -> None:
    """What became of the plan, list by list."""
    rows = [
        (
            item.list, item.state, item.external_id, item.sent, item.received, item.invalid, item.quarantined,
            item.requests,
        )
        for item in result.lists
    ]  # fmt: skip
    columns = ("list", "outcome", "id there", "rows sent", "received", "invalid", "quarantined", "requests")
    print_table(f"Applied {result.plan_id} in {result.seconds:.1f} s", columns, rows)
    for item in result.lists:
        if item.message:
            say(f"{item.list}: {item.message}.")


def _drain(settings: Settings) -> int:
    """Go on with open erasures, ahead of everything; 6 when some stay open."""
    from audiences.sync.forget import drain_erasures

    receipts = drain_erasures(settings)
    for receipt in receipts:
        note(receipt.as_text())
    return Busy.exit_code if any(one.is_open for one in receipts) else 0


def _apply(settings: Settings, plan_id: str, *, as_json: bool, so_far: int = 0, plan: Plan | None = None) -> None:
    from audiences.sync.apply import apply_plan

    with progress("sending") as advance:
        result = apply_plan(settings, plan_id, on_progress=lambda name, rows: advance(str(name), rows))
    if as_json:
        print_json(asdict(result) if plan is None else {**asdict(result), "plan": plan.as_json()})
    else:
        print_result(result)
        say(conclusion(result, plan))
    code = gravest([so_far, *(item.exit_code for item in result.lists)])
    if code:
        raise typer.Exit(code)


def conclusion(result: ApplyResult, plan: Plan | None = None) -> str:
    """The last line: that all is equal is said only of lists without trouble and with nobody who waits.

    Args:
        result: what became of the plan.
        plan: the plan where it was made just now; only then all is known that waits.
    """
    total = sum(item.sent for item in result.lists)
    troubled = sum(item.exit_code != 0 for item in result.lists)
    waiting = _waiting(plan) if plan is not None else ""
    if total == 0 and not troubled and not waiting:
        return (
            "Nothing to send: every list equals its audience." if plan is not None else "The plan had nothing to send."
        )
    parts = [f"{amount(total, 'row')} sent." if total else "Nothing was sent.", waiting]
    if troubled:
        need = "needs" if troubled == 1 else "need"
        parts.append(f"{troubled:,} of {amount(len(result.lists), 'list')} {need} a look: see above.")
    return " ".join(part for part in parts if part)


def _waiting(plan: Plan) -> str:
    """What no guard holds, and what does not go today either."""
    counts = {cause: sum(item.waiting.get(cause, 0) for item in plan.lists) for cause in WAITING}
    parts = [f"{count:,} {WAITING[cause]}" for cause, count in counts.items() if count]
    return f"Waiting: {', '.join(parts)}." if parts else ""
