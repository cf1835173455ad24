"""`rowlock cancel`: cancel a task."""

from __future__ import annotations

from contextlib import closing

import click

from rowlock.app import flows
from rowlock.app.flow import run_flow
from rowlock.cli.options import Database, database_options, examples, json_option
from rowlock.cli.output import say, say_json, warn
from rowlock.ops.tasks import Canceled


@click.command(epilog=examples("rowlock cancel 0199b2f0", "rowlock cancel 0199b2f0 --force"))
@click.argument("task")
@click.option("--force", is_flag=True, help="Also if it runs: what it still does is not recorded.")
@database_options
@json_option
def command(database: Database, *, task: str, force: bool, as_json: bool) -> None:
    """Cancel a task: at once while it waits, by asking its handler while it runs.

    TASK is its id, or the beginning of it if no other begins so.
    """
    with closing(database.open()) as opened:
        task_id = run_flow(opened, flows.resolve(opened, task))
        done = run_flow(opened, flows.cancel(opened, task_id, force=force))
    if as_json:
        say_json({"id": str(task_id), "outcome": done.value})
        return
    say(f"{task_id}\t{done.value}")
    if done is Canceled.REQUESTED:
        warn("it is running: its handler was asked to stop; --force does not wait for it")
