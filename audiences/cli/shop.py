"""Commands around the shop's data: init, doctor, demo, extract, build."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audiences.cli.app import AsJson, AsOf, Config, app, note, print_json, say
from audiences.cli.progress import progress
from audiences.cli.tables import local, print_table, reasons
from audiences.errors import gravest

if TYPE_CHECKING:
    from audiences.demo.tour import Tour


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to begin.")] = Path(),
    *,
    source: Annotated[str, typer.Option("--source", help="The source that the settings begin with.")] = "files",
) -> None:
    """Begin a project of your own: commented settings, the dbt project, the audience definitions.

    Example: boomerang init my-shop
    """
    from audiences.starting import init as begin

    for path in begin(folder, source=source):
        say(f"wrote {path}")
    say("Next: name your files in boomerang.yaml, then run `boomerang doctor`, `boomerang extract`, `boomerang build`.")


@app.command()
def doctor(config: Config = None, *, as_json: AsJson = False) -> None:
    """Look at settings, data, definitions and platforms without writing, and say what to do.

    Example: boomerang doctor
    """
    from audiences.health import examine
    from audiences.settings import load_settings

    findings = list(examine(load_settings(config)))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            say(f"{'ok  ' if finding.is_well else 'MEND'}  {finding.what}")
            if finding.advice:
                say(f"      {finding.advice}")
    code = gravest([finding.exit_code for finding in findings])
    if code:
        raise typer.Exit(code)


@app.command()
def extract(
    sources: Annotated[list[str] | None, typer.Argument(help="Names of sources [default: all].")] = None,
    config: Config = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Load the sources into the warehouse, whole or not at all.

    Example: boomerang extract files
    """
    from audiences.extract import extract as load
    from audiences.settings import load_settings

    with progress("loading") as advance:
        loads = load(load_settings(config), sources or (), on_progress=lambda entity, _rows: advance(entity, 1))
    if as_json:
        print_json([asdict(one) for one in loads])
        return
    for one in loads:
        rows = [(entity.entity, entity.rows, entity.mode) for entity in one.entities]
        print_table(f"Loaded {one.source} in {one.seconds:.1f} s", ("entity", "rows", "mode"), rows)


@app.command()
def build(config: Config = None, *, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Build all models with dbt and publish them when every model and test passed.

    Example: boomerang build --as-of 2026-11-23
    """
    from audiences.builds import build as make
    from audiences.settings import load_settings

    settings = load_settings(config)
    with progress("building") as advance:
        made = make(settings, as_of, on_node=lambda node: advance(node.name, 1))
    if as_json:
        print_json(asdict(made))
        return
    rows = [(table, count) for table, count in made.rows.items()]
    as_of_here = f"{local(made.as_of, settings.shop.timezone)} ({settings.shop.timezone})"
    print_table(f"Build {made.build_id} as of {as_of_here}", ("published table", "rows"), rows)
    say(f"{made.node_count} models and tests passed in {made.seconds:.1f} s.")


@app.command()
def demo(
    config: Config = None,
    *,
    customers: Annotated[
        int, typer.Option("--customers", help="How many customers the shop has.", min=1_000, max=10_000_000)
    ] = 20_000,
    seed: Annotated[int, typer.Option("--seed", help="Another seed is another shop.", min=0)] = 7,
    until: Annotated[str, typer.Option("--until", help="The shop's last full day.")] = "2026-11-23",
    as_json: AsJson = False,
) -> None:
    """Take a small shop the whole way: rows, segments, lists in the sandbox. It starts over each time.

    Example: boomerang demo --customers 20000
    """
    from audiences.as_of import parse_day
    from audiences.demo.tour import tour

    last_day = parse_day(until, "--until")
    with progress("demo") as advance:
        told: set[str] = set()

        def on_step(text: str) -> None:
            advance(text, 0)
            stage = text.partition(":")[0]
            if stage not in told and not _is_terminal():
                note(stage)
            told.add(stage)

        taken = tour(config, customers=customers, seed=seed, until=last_day, on_step=on_step)
    if as_json:
        print_json(asdict(taken))
    else:
        print_tour(taken)


def _is_terminal() -> bool:
    import sys

    return sys.stderr.isatty()


def print_tour(taken: Tour) -> None:
    """The demo's summary: rows, segments, lists, what fell out and why, where to look next."""
    print_table("Rows in", ("entity", "rows"), list(taken.rows.items()))
    say("Customers are accounts here: some people only order as guests, some have two.")
    print_table("Segments", ("segment", "rows"), list(taken.segments.items()))
    lists = [
        (
            item.list, item.members + sum(item.dropped.values()), item.members, item.sent, item.people_there, item.state,
            item.message,
        )
        for item in taken.lists
    ]  # fmt: skip
    columns = ("list", "customers in segment", "members", "rows sent", "people in the sandbox", "outcome", "why")
    print_table("Sent to the sandbox", columns, lists)
    for item in taken.lists:
        say(f"{item.list} leaves out: {reasons(item.dropped)}")
    say()
    say(f"A second sync planned {taken.second_changes} changes and made {taken.second_writes} requests that write.")
    say(f"All of it took {taken.seconds:.0f} s. Where to look next{_elsewhere(taken.settings_file)}:")
    command = _own_name()
    for arguments, what in (
        ("status", "what was sent, accepted, held"),
        ("preview lapsed_buyers", "who is in, who fell out and why"),
        ("sandbox", "the stand-in for Meta on port 8787, with these lists; then, in another terminal:"),
        (f"build --as-of {taken.next_day}", "the next day"),
        ("plan", "what changed since"),
        ("sync", "carry it out"),
    ):
        say(f"  {f'{command} {arguments}':<48} {what}")


def _own_name() -> str:
    """How this command was called, so that the next one can be called the same way."""
    import sys

    called = Path(sys.argv[0])
    try:
        return str(called.resolve().relative_to(Path.cwd()))
    except ValueError:
        return "boomerang"


def _elsewhere(settings_file: str) -> str:
    """Where to go first, when the settings are not in the current folder."""
    folder = Path(settings_file).parent
    return "" if folder == Path.cwd() else f" (in the folder {folder})"
