"""`rowlock complete-task`: end a task that was taken by hand."""

from __future__ import annotations

from typing import Any

import click

from rowlock.app.flows import resolve
from rowlock.app.intake import Intake
from rowlock.app.served_flows import settle_served
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import say, say_json
from rowlock.cli.places import place_options
from rowlock.model import json_text
from rowlock.wire.tasks import task_to_wire


@click.command(
    epilog=examples(
        "rowlock complete-task 0199b2f0",
        """rowlock complete-task 0199b2f0 --result '{"sent": true}'""",
        """rowlock complete-task 0199b2f0 --error '{"msg": "no such address"}'""",
    )
)
@click.argument("task")
@click.option("--result", metavar="JSON", help="What came of it; any JSON.")
@click.option("--error", metavar="JSON", help="It failed, and why: any JSON.")
@click.option(
    "--claim", metavar="TOKEN", help="What 'retain-task' printed: nobody else has it by now."
)
@place_options
@json_option
def command(
    place: Place,
    *,
    task: str,
    result: str | None,
    error: str | None,
    claim: str | None,
    as_json: bool,
) -> None:
    """End a task that was taken by hand, or over HTTP: it succeeded, or it failed.

    A failed one is tried again as its policy says. TASK is its id, or the beginning of it.
    Without --claim it is refused if the task has been given out again meanwhile.
    """
    if result is not None and error is not None:
        raise click.UsageError("--result and --error exclude each other")
    failed = error is not None
    text = error if failed else result
    said: Any = None if text is None else json_text.parse("error" if failed else "result", text)
    with place.door(Intake) as door:
        task_id = door.ask(resolve, task)
        ended = door.ask(settle_served, task_id, claim, failed=failed, result=said)
    if as_json:
        say_json(task_to_wire(ended))
    else:
        say(f"{ended.id}\t{ended.state.value}")
