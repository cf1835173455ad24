"""`rowlock enqueue`: store one task."""

from __future__ import annotations

from typing import Any

import click

from rowlock.app import enqueuing, flows
from rowlock.app.flow import run_flow
from rowlock.app.intake import Intake
from rowlock.cli.arguments import moment_from, task_arguments
from rowlock.cli.options import Database, database_options, examples, json_option, number
from rowlock.cli.output import age_text, say, say_json, warn
from rowlock.definitions.options import task_options
from rowlock.errors import InvalidValueError
from rowlock.wire.tasks import task_to_wire

_OPTIONS = (
    click.option("--queue", metavar="NAME", help="Instead of the definition's queue."),
    click.option("--delay", metavar="DURATION", help="Not before: 30s, 1h30m, 7d."),
    click.option("--run-at", metavar="TIME", help="Not before: 2026-12-31T23:59:00Z."),
    click.option("--priority", type=number, metavar="N", help="Higher runs first; 0 is usual."),
    click.option("--max-attempts", type=number, metavar="N", help="Runs in all; 1 runs once."),
    click.option("--timeout", metavar="DURATION", help="How long an attempt may take."),
    click.option("--lifetime", metavar="DURATION", help="Expires if not started by then."),
    click.option("--retry", metavar="BACKOFF", help="none, immediate, fixed, exponential …"),
    click.option("--tag", "tags", multiple=True, metavar="TEXT", help="Again for more tags."),
    click.option("--unique", metavar="KEY", help="Refused while a live task holds the key."),
    click.option("--id", metavar="UUID", help="Enqueueing again under an id stores it once."),
)


def _task_options(command: Any) -> Any:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command(
    epilog=examples(
        "rowlock enqueue send_email to=ann@example.org user_id:=7 --app tasks:app",
        "rowlock enqueue send_email --args '{\"user_id\": 7}' --url sqlite:///app.db",
        "rowlock enqueue report --delay 1h --queue slow --tag monthly --app tasks:app",
        "rowlock enqueue report --unique report-2026-12 --if-not-exists --app tasks:app",
    )
)
@click.argument("alias")
@click.argument("arguments", nargs=-1, metavar="[KEY=TEXT | KEY:=JSON]...")
@click.option("--args", metavar="JSON", help="All arguments as one object; '-' reads stdin.")
@click.option("--app", metavar="MODULE:APP", help="Check the arguments against this app's code.")
@_task_options
@click.option("--if-not-exists", is_flag=True, help="A live task with the same key is enough.")
@click.option("--wait", is_flag=True, help="Follow the task; exit with its outcome.")
@database_options
@json_option
def command(
    database: Database,
    *,
    alias: str,
    arguments: tuple[str, ...],
    args: str | None,
    app: str | None,
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
    payload = task_arguments(args, arguments)
    options["run_at"] = moment_from("run_at", options["run_at"])
    options["tags"] = options["tags"] or None
    given = task_options(**options)
    if app is None:
        core = Intake(database.needed_url, **database.given())
    else:
        from rowlock.cli.apps import load_app

        core = load_app(app, database).core
    try:
        if if_not_exists:
            flow = enqueuing.enqueue_if_not_exists(core, alias, payload, given)
            task, created = run_flow(core, flow)
        else:
            task, created = run_flow(core, enqueuing.enqueue(core, alias, payload, given)), True
        if as_json and not wait:
            say_json({**task_to_wire(task), "created": created})
        elif not wait:
            say(str(task.id))
            verb = "stored" if created else "was there already,"
            when = f", runs {age_text(task.run_at)}" if task.state == "scheduled" else ""
            warn(f"{verb} {task.state} on {task.queue}{when}")
        if wait:
            from rowlock.cli.watch import Look, follow

            def look() -> Look:
                now = run_flow(core, flows.get_task(core, task.id))
                return Look(now, run_flow(core, flows.task_log(core, task.id)))

            follow(look, as_json=as_json)
    except InvalidValueError as error:
        raise _with_hint(error, arguments) from error
    finally:
        core.close()


def _with_hint(error: InvalidValueError, arguments: tuple[str, ...]) -> InvalidValueError:
    """Return the error; if a text was given where another type is wanted, with how to write it."""
    unwanted_text = "got `str`" in error.problem  # in the words of msgspec
    if unwanted_text and any(one.startswith(f"{error.field}=") for one in arguments):
        problem = f"{error.problem}; write {error.field}:=… for what is not text"
        return type(error)(error.field, problem)
    return error
