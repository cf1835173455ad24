"""`rowlock cancel`: cancel tasks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from rowlock.app import flows
from rowlock.app.opened import Opened
from rowlock.cli.changing import Chosen, change_each, change_options
from rowlock.cli.options import examples
from rowlock.cli.output import warn
from rowlock.ops.tasks import Canceled


@click.command(
    epilog=examples(
        "rowlock cancel 0199b2f0",
        "rowlock cancel 0199b2f0 --force",
        "rowlock cancel --queue emails --state queued --reason 'sent by hand'",
    )
)
@change_options
@click.option("--force", is_flag=True, help="Also if it runs: what it still does is not recorded.")
def command(chosen: Chosen, *, force: bool) -> None:
    """Cancel tasks: at once while they wait, by asking their handlers while they run.

    TASK is an id, or the beginning of one if no other begins so. Or the options choose the
    tasks: they are counted, and you are asked.
    """
    if chosen.many:
        from rowlock.cli.bulk import change_many

        change_many(chosen, "cancel", {"force": force})
        return

    def shown(task_id: UUID, done: Canceled) -> Any:
        if chosen.as_json:
            return {"id": str(task_id), "outcome": done.value}
        return f"{task_id}\t{done.value}"

    done = change_each(
        chosen,
        Opened,
        lambda door, task_id: door.ask(flows.cancel, task_id, force=force, by=chosen.by),
        shown,
    )
    if Canceled.REQUESTED in done and not chosen.as_json:
        warn("it is running: its handler was asked to stop; --force does not wait for it")
