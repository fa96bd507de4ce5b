"""The list at the platform that belongs to one of the ledger's: made, renamed, found gone, begun anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from audiences.errors import ConfigError, Unavailable
from audiences.platforms.base import Platform, RemoteList
from audiences.sync.asking import require_gone
from audiences.sync.works import Run, Work


def remote_of(run: Run, work: Work, external_id: str | None) -> RemoteList:
    """The list as the platform is told of it. `external_id` is None where it was never made."""
    others = run.execute("others", list_id=work.plan.list, platform=work.plan.platform)
    return RemoteList(
        list_id=work.plan.list,
        name=work.stored.name,
        ledger_id=run.ledger.ledger_id,
        environment=run.ledger.environment,
        keep_days=work.stored.keep_days,
        external_id=external_id,
        options=work.audience.platforms[work.plan.platform].options if work.audience else {},
        not_these=frozenset(row[0] for row in others.fetchall()),
    )


def ensuring(run: Run, platform: Platform, work: Work) -> Callable[[], str]:
    """The call that makes the list, or finds it, and gives it its name; it returns the platform's id."""
    listed = run.execute("list", list_id=work.plan.list).fetchone()
    remote = remote_of(run, work, listed[0] if listed else None)
    if work.audience is None and remote.external_id is not None:
        return lambda: str(remote.external_id)  # nobody asks for the list: it is not made again when it is gone
    known_name = listed[4] if listed else remote.name

    def ensure() -> str:
        external_id = platform.ensure(remote)
        if remote.external_id is not None and external_id != remote.external_id:
            require_gone(platform, remote.external_id)
        if known_name != remote.name and external_id == remote.external_id:
            platform.rename(external_id, remote.name)
        return external_id

    return ensure


def ensured(run: Run, work: Work, external_id: str) -> None:
    """Note the remote list; one that was replaced behind our back begins a new generation, filled by the next plan."""
    plan = work.plan
    other = run.execute("other_owner", list_id=plan.list, external_id=external_id, platform=plan.platform).fetchone()
    if other is not None:
        work.fail(ConfigError(_is_of_another(plan.audience, other[0])))
        return
    listed = run.execute("list", list_id=plan.list).fetchone()
    known = listed[0] if listed else None
    if listed is None:
        run.execute(
            "create_list", list_id=plan.list, audience=plan.audience, platform=plan.platform, account=plan.account,
            split=plan.split, label=work.stored.name, now=run.clock(),
        )  # fmt: skip
    if known is not None and known != external_id:
        begin_generation(run, work, external_id)
        return
    run.execute(
        "set_external", list_id=plan.list, external_id=external_id, label=work.stored.name,
        is_asked=work.audience is not None,
    )  # fmt: skip
    work.external_id = external_id
    work.result = replace(work.result, external_id=external_id)


def _is_of_another(audience: str, owner: str) -> str:
    return (
        f"its list at the platform is the one of the audience {owner} by now: "
        f"give {audience} a name that no audience had before, or, if it is {owner} that is to be called {audience}, take the "
        f"definition of {owner} away and write `renamed_from: [{audience}, {owner}]`"
    )


def begin_generation(run: Run, work: Work, external_id: str) -> None:
    """The remote list is another one now, and empty."""
    run.execute("new_generation", list_id=work.plan.list, external_id=external_id)
    forget_members(run, work)
    work.result = replace(work.result, external_id=external_id)
    if work.is_open:
        work.fail(
            Unavailable("the remote list was gone and is made anew: run `boomerang sync` again to fill it"), "stale"
        )


def forget_members(run: Run, work: Work) -> None:
    """Nobody is on a list that is gone, whatever the platform took for it before."""
    work.is_gone = True
    for statement in ("forget_members", "leave_generation", "leave_requests"):
        run.execute(statement, list_id=work.plan.list)
