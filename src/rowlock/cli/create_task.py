"""`rowlock create-task`: store one task of a queue and a payload, without a definition."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import click

from rowlock.app.enqueuing import enqueue
from rowlock.app.intake import Intake
from rowlock.cli.arguments import moment_from
from rowlock.cli.doors import Place
from rowlock.cli.enqueue import tell_stored
from rowlock.cli.intaking import task_term_options
from rowlock.cli.options import examples, json_option
from rowlock.cli.places import place_options
from rowlock.definitions.options import task_options
from rowlock.errors import InvalidValueError
from rowlock.model import json_text


@click.command(
    epilog=examples(
        """rowlock create-task emails --payload '{"to": "ann@example.org"}'""",
        "rowlock create-task emails --payload - --delay 1h < task.json",
    )
)
@click.argument("queue")
@click.option("--payload", default="{}", show_default=True, metavar="JSON", help="'-' reads stdin.")
@task_term_options
@click.option("--delay", metavar="DURATION", help="Not before: 30s, 1h30m, 7d.")
@click.option("--run-at", metavar="TIME", help="Not before: 2026-12-31T23:59:00Z.")
@click.option("--delayed-at", metavar="TIME", help="The same, refused if it is in the past.")
@click.option("--id", metavar="UUID", help="Storing again under an id stores it once.")
@place_options
@json_option
def command(
    place: Place,
    *,
    payload: str,
    run_at: str | None,
    delayed_at: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Store one task of a queue and a payload, and print its id.

    A worker elsewhere takes it: 'rowlock retain-task', the HTTP service, or a program.
    """
    content: Any = json_text.parse("payload", sys.stdin.read() if payload == "-" else payload)
    options["run_at"] = _start(run_at, delayed_at)
    options["tags"] = options["tags"] or None
    given = task_options(**options)
    with place.door(Intake, create=True) as door:
        task = door.ask(enqueue, None, content, given)
    tell_stored(task, created=True, as_json=as_json)


def _start(run_at: str | None, delayed_at: str | None) -> datetime | None:
    if delayed_at is None:
        return moment_from("run_at", run_at)
    if run_at is not None:
        raise click.UsageError("--run-at and --delayed-at exclude each other")
    start = moment_from("delayed_at", delayed_at)
    if start < datetime.now(UTC):
        raise InvalidValueError("delayed_at", "is in the past")
    return start
