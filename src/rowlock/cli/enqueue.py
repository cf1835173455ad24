"""`rowlock enqueue`: store one task."""

from __future__ import annotations

from typing import Any

import click

from rowlock.app import enqueuing
from rowlock.cli.arguments import moment_from, task_arguments
from rowlock.cli.doors import Place
from rowlock.cli.intaking import Typed, argument_options, term_options
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import age_text, say, say_json, warn
from rowlock.cli.places import place_options
from rowlock.definitions.options import task_options
from rowlock.model.tasks import Task
from rowlock.wire.tasks import task_to_wire


@click.command(
    epilog=examples(
        "rowlock enqueue send_email to=ann@example.org user_id:=7 --app tasks:app",
        "rowlock enqueue send_email --args '{\"user_id\": 7}' --url sqlite:///app.db",
        "rowlock enqueue report --delay 1h --queue slow --tag monthly --app tasks:app",
        "rowlock enqueue report --unique report-2026-12 --if-not-exists --app tasks:app",
    )
)
@click.argument("alias")
@argument_options
@term_options
@click.option("--delay", metavar="DURATION", help="Not before: 30s, 1h30m, 7d.")
@click.option("--run-at", metavar="TIME", help="Not before: 2026-12-31T23:59:00Z.")
@click.option("--id", metavar="UUID", help="Enqueueing again under an id stores it once.")
@click.option("--if-not-exists", is_flag=True, help="A live task with the same key is enough.")
@click.option("--wait", is_flag=True, help="Follow the task; exit with its outcome.")
@place_options
@json_option
def command(
    place: Place,
    *,
    alias: str,
    typed: Typed,
    if_not_exists: bool,
    wait: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Store one task and print its id.

    ALIAS names the definition. With --app its code checks the arguments; without, the
    database must know the alias, from a worker that had it. KEY=TEXT gives text, KEY:=JSON
    gives a number, a list and so on. Without --unique, --if-not-exists compares all arguments.
    """
    payload = task_arguments(typed.args, typed.arguments)
    options["run_at"] = moment_from("run_at", options["run_at"])
    options["tags"] = options["tags"] or None
    given = task_options(**options)
    with typed.checked_by(place, create=True) as door:
        if if_not_exists:
            task, created = door.ask(enqueuing.enqueue_if_not_exists, alias, payload, given)
        else:
            task, created = door.ask(enqueuing.enqueue, alias, payload, given), True
        if wait:
            from rowlock.cli.watch import follow_at

            follow_at(door, task.id, as_json=as_json)
        else:
            tell_stored(task, created=created, as_json=as_json)


def tell_stored(task: Task, *, created: bool, as_json: bool) -> None:
    """Print a task that was stored, or was there already."""
    if as_json:
        say_json({**task_to_wire(task), "created": created})
        return
    say(str(task.id))
    verb = "stored" if created else "was there already,"
    when = f", runs {age_text(task.run_at)}" if task.state == "scheduled" else ""
    warn(f"{verb} {task.state} on {task.queue}{when}")
