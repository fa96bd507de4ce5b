"""Commands around one person: explain and forget. What is typed to name somebody is never repeated, logged or kept."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from audiences.cli.app import AsJson, AsOf, Config, app, print_json, say
from audiences.cli.tables import local
from audiences.errors import Busy, ConfigError

if TYPE_CHECKING:
    from audiences.sync.explain.story import AudienceStory, Check, CustomerStory, Identifiers, ListEntry, Stay

Customer = Annotated[
    str | None,
    typer.Argument(
        metavar="CUSTOMER",
        help="The customer's id, the shop's reference, an e-mail or a phone. Left out, it is asked for unseen "
        "(or read from stdin), so that it is in no history of the shell.",
        show_default=False,
    ),
]
Country = Annotated[
    str | None, typer.Option("--country", help="Of a phone without plus, in two letters [default: the shop's].")
]


def asked_customer(given: str | None) -> str:
    """Who is meant: the argument, else asked for without showing it, else the first line of stdin."""
    if given is not None:
        return given
    if sys.stdin.isatty():
        return str(typer.prompt("Customer (id, e-mail or phone)", hide_input=True, err=True))
    line = sys.stdin.readline().strip()
    if not line:
        raise ConfigError("say whom: an id, an e-mail or a phone, as argument or on stdin")
    return line


@app.command()
def explain(
    customer: Customer = None,
    config: Config = None,
    *,
    country: Country = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say why a customer is, or is not, in each audience and on each list.

    Example: boomerang explain
    """
    from audiences.settings import load_settings
    from audiences.sync.explain import explain as look

    settings = load_settings(config)
    found = look(settings, asked_customer(customer), country=country, as_of=as_of)
    if as_json:
        print_json(asdict(found))
        return
    zone = settings.shop.timezone
    if len(found.customers) > 1:
        say(f"{len(found.customers)} customers are known by that.")
    for story in found.customers:
        say(f"Customer {story.customer} at {local(found.as_of, zone)} ({zone}), build {found.build_id}")
        for line in _person(story, zone):
            say(f"  {line}")
        for audience in story.audiences:
            say()
            for line in _audience(audience, zone):
                say(f"  {line}")
        for entry in story.other_lists:
            say()
            say(f"  {entry.list}: its audience is not defined any more")
            say(f"    {_entry(entry, zone)}")
        say()


@app.command()
def forget(
    customer: Customer = None,
    config: Config = None,
    *,
    country: Country = None,
    drain: Annotated[
        bool, typer.Option("--drain", help="Go on with what is open of earlier requests; names nobody.")
    ] = False,
    given_up: Annotated[
        str | None,
        typer.Option(
            "--write-off",
            metavar="LIST",
            help="Try this list once more, then end the erasures that are open on it without it: its account is gone for "
            "good. Needs --why; names nobody.",
        ),
    ] = None,
    erasure: Annotated[
        str | None, typer.Option("--erasure", metavar="ID", help="With --write-off: only this erasure [default: all].")
    ] = None,
    why: Annotated[
        str | None, typer.Option("--why", help="With --write-off: why; kept in the receipt, so name nobody.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take a customer off every list that was ever sent, bar them for good, and print the receipt.

    It does not ask whether you are sure, and there is no way back. Exit code 6: a list is still open, run it with --drain.

    Example: boomerang forget
    """
    from audiences.settings import load_settings
    from audiences.sync.forget import LEDGER_WAIT, drain_erasures
    from audiences.sync.forget import forget as erase
    from audiences.sync.write_off import write_off

    settings, user = load_settings(config), getpass.getuser()
    _check_forget(customer, erasure, why, drain=drain, given_up=given_up)
    if given_up is not None:
        receipts = write_off(settings, given_up, why=why or "", said_by=user, erasure_id=erasure)
    elif drain:
        receipts = drain_erasures(settings, wait=LEDGER_WAIT)
    else:
        receipts = (erase(settings, asked_customer(customer), country=country, asked_by=user),)
    if as_json:
        documents = [one.as_json() for one in receipts]
        print_json(documents if drain or given_up else documents[0])
    elif receipts:
        say("\n\n".join(one.as_text() for one in receipts))
    else:
        say("No request to be forgotten is open.")
    if any(one.is_open for one in receipts):
        raise typer.Exit(Busy.exit_code)


def _check_forget(
    customer: str | None, erasure: str | None, why: str | None, *, drain: bool, given_up: str | None
) -> None:
    """Refuse options that do not go together, before anybody is asked for a name."""
    if customer is not None and (drain or given_up is not None):
        raise ConfigError("--drain and --write-off go on with earlier requests: name nobody with them")
    if drain and given_up is not None:
        raise ConfigError("--drain and --write-off are two things: run one, then the other")
    if given_up is None and (erasure is not None or why is not None):
        raise ConfigError("--erasure and --why belong to --write-off LIST")
    if given_up is not None and why is None:
        raise ConfigError("say --why with --write-off: the receipt keeps it")


def _person(story: CustomerStory, zone: str) -> Iterator[str]:
    for number, one in enumerate(story.references):
        since = f" since {local(one.linked_at, zone)}" if one.linked_at else ""
        lead = "known as   " if number == 0 else "           "
        yield f"{lead} {one.kind.replace('_', ' ')} {one.reference} of {one.source}{since}"
    if story.reference_count > len(story.references):
        yield f"            and {story.reference_count - len(story.references):,} more"
    yield f"identifiers {_identifiers(story.identifiers)}"
    if not story.gate:
        yield "gate        no answer: the shop's data has no consent of this customer, so nothing may be sent"
    for number, answer in enumerate(story.gate):
        when = f", {local(answer.decided_at, zone)}" if answer.decided_at else ""
        may = "yes" if answer.is_addressable else f"no: {(answer.why_not or '').replace('_', ' ')}"
        yield f"{'gate       ' if number == 0 else '           '} {answer.purpose}: {may}{when}"
    for erasure in story.erasures:
        done = f", done {local(erasure.finished_at, zone)}" if erasure.finished_at else ", not done yet"
        if erasure.state == "written_off":
            done = f", ended {local(erasure.finished_at, zone)} without a list that cannot be reached any more"
        yield f"erased      asked to be forgotten {local(erasure.asked_at, zone)}{done}: is sent nowhere"
    for number, row in enumerate(story.segments):
        lead = "segments   " if number == 0 else "           "
        yield f"{lead} {row.segment}: {row.reason} (since {_day(row.qualified_at, zone)})"
    if not story.segments:
        yield "segments    none"
    for number, entry in enumerate(story.experiments):
        lead = "experiments" if number == 0 else "           "
        yield f"{lead} {entry.experiment}: {entry.arm} since {_day(entry.entered_at, zone)}, by {entry.audience}"


def _identifiers(identifiers: Identifiers) -> str:
    counts = [(identifiers.emails, "e-mail"), (identifiers.phones, "phone")]
    parts = [f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count]
    parts += [word for has, word in ((identifiers.has_name, "a name"), (identifiers.has_place, "a place")) if has]
    return ", ".join(parts) or "none that a platform could match"


def _audience(story: AudienceStory, zone: str) -> Iterator[str]:
    from audiences.sync.explain.sentences import out_words

    yield story.audience
    yield f"  {story.verdict[:1].upper()}{story.verdict[1:]}."
    if not story.rows:
        return
    if story.where is not None:
        yield "  filters"
        for line in _check(story.where):
            yield f"    {line}"
    for line in _stay(story.stay, zone):
        yield f"  {line}"
    for excluded in story.exclusions:
        reason = f": {excluded.reason}" if excluded.reason else ""
        yield f"  leaves out {excluded.what}: {'has this customer' + reason if excluded.has_customer else 'not in it'}"
    if story.group is not None:
        yield f"  group {story.group}, the lowest number wins"
        for rival in story.rivals:
            state = "wins" if rival.wins else "would come later" if rival.is_candidate else "does not want them"
            yield f"    {rival.priority} {rival.audience}: {'paused' if rival.is_paused else state}"
    for placed in story.placements:
        arm = f", arm {placed.arm}" if placed.arm else ""
        why = out_words(placed.out_reason) if placed.out_reason else "not wanted there"
        where = f"belongs on {placed.list}" if placed.list else f"on no list: {why}"
        yield f"  {placed.platform}:{placed.account}: {where}{arm}"
    for entry in story.lists:
        yield f"  {_entry(entry, zone)}"


def _check(check: Check) -> Iterator[str]:
    mark = "yes" if check.holds else "no "
    if check.kind == "condition":
        yield f"{mark} {check.column}: {check.value} (wanted: {check.wanted})"
        return
    words = {"all": "all of", "any": "at least one of", "none": "none of"}[check.kind]
    yield f"{mark} {words}"
    for part in check.parts:
        for line in _check(part):
            yield f"      {line}"


def _stay(stay: Stay, zone: str) -> Iterator[str]:
    if stay.active_from or stay.active_to:
        days = " ".join(f"{word} {day}" for word, day in (("from", stay.active_from), ("to", stay.active_to)) if day)
        yield f"active {days}: {'yes' if stay.is_active else 'not today'}"
    if stay.entered_at is not None and stay.left_at is None:
        if stay.is_forgotten:
            yield f"entered {_day(stay.entered_at, zone)}, and asked to be forgotten since"
            return
        leaves = f", leaves on {stay.leaves_on} at the latest ({stay.max_days_in} days)" if stay.leaves_on else ""
        yield f"in since {_day(stay.entered_at, zone)}{leaves}"
    elif stay.left_at is not None:
        returns = f", may return on {stay.may_return_on} ({stay.rest_days} days of rest)" if stay.may_return_on else ""
        yield f"left on {_day(stay.left_at, zone)}{returns}"


def _entry(entry: ListEntry, zone: str) -> str:
    if entry.level is None:
        parts = [f"list {entry.list}: not on it"]
    else:
        parts = [f"list {entry.list}: {entry.level}"]
        for word in ("sent", "accepted", "confirmed"):
            moment: datetime | None = getattr(entry, f"{word}_at")
            if moment is not None:
                parts.append(f"{word} {local(moment, zone)}")
    if entry.expires_at is not None:
        parts.append(f"the platform forgets them {local(entry.expires_at, zone)}")
    if entry.leaving_at is not None:
        parts.append(f"removal accepted {local(entry.leaving_at, zone)}")
    if entry.is_being_erased and not entry.is_leaving_for_good:
        parts.append("to be erased ahead of everything")
    if entry.waiting is not None:
        held = f"held by a guard: {'; '.join(entry.held_reasons)}" if entry.is_held else "not applied yet"
        parts.append(f"{entry.waiting} planned {local(entry.waiting_since, zone)}, {held}")
    if entry.quarantined is not None:
        parts.append(f"refused {local(entry.quarantined_at, zone)}: {entry.quarantined}")
    if entry.kept is not None and entry.is_on:
        parts.append(f"refused {local(entry.kept_at, zone)}: {entry.kept}")
    return ", ".join(parts)


def _day(moment: datetime, zone: str) -> str:
    return (local(moment, zone) or "")[:10]
