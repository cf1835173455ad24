"""`rowlock pause`: hold waiting tasks back."""

from __future__ import annotations

import click

from rowlock.app import operating_flows as flows
from rowlock.app.opened import Opened
from rowlock.cli.arguments import moment_from
from rowlock.cli.changing import Chosen, change_options, change_tasks
from rowlock.cli.options import examples


@click.command(
    epilog=examples(
        "rowlock pause 0199b2f0 --reason 'wait for legal'",
        "rowlock pause --definition send_email --until 2026-12-31T08:00:00Z --yes",
    )
)
@change_options
@click.option("--until", metavar="TIME", help="Until then: 2026-12-31T23:59:00Z.")
def command(chosen: Chosen, *, until: str | None) -> None:
    """Hold waiting tasks back, for ever or until a time.

    TASK is an id, or the beginning of one if no other begins so. Or the options choose the
    tasks: they are counted, and you are asked. 'rowlock queues pause' pauses a queue.
    """
    end = moment_from("until", until)
    change_tasks(
        chosen,
        Opened,
        "pause",
        lambda door, task_id: door.ask(flows.pause, task_id, chosen.by, until=end),
        {"until": end},
    )
