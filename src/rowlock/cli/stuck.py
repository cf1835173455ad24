"""`rowlock stuck`: list what runs for too long."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from rowlock.app.measuring_flows import stuck
from rowlock.app.opened import Opened
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import age_text, say_json, say_table, time_text, wants_tables, warn
from rowlock.cli.places import place_options
from rowlock.model.tasks import Task
from rowlock.wire.tasks import task_to_wire

COLUMNS = ("ID", "DEFINITION", "QUEUE", "RUNS", "STARTED", "LEASE", "WORKER")


@click.command(
    epilog=examples(
        "rowlock stuck",
        "rowlock stuck --longer-than 10m --json",
        "rowlock stuck | cut -f1 | xargs -n1 rowlock cancel --force",
    )
)
@click.option(
    "--longer-than",
    default="1h",
    show_default=True,
    metavar="DURATION",
    help="Since the attempt started.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=1000),
    default=100,
    show_default=True,
    metavar="N",
    help="At most this many.",
)
@place_options
@json_option
def command(place: Place, *, longer_than: str, limit: int, as_json: bool) -> None:
    """List what runs for too long, and what its worker left behind.

    The latter are running tasks whose lease ran out; a worker that goes on takes them back.
    """
    with place.door(Opened) as door:
        tasks = door.ask(stuck, longer_than=longer_than, limit=limit)
    if as_json:
        say_json([task_to_wire(task) for task in tasks])
        return
    say_table(COLUMNS, [_row(task) for task in tasks], whole=("ID", "STARTED", "LEASE"))
    if not tasks:
        warn("nothing is stuck")


def _row(task: Task) -> list[str]:
    return [
        str(task.id),
        task.definition or "-",
        task.queue,
        f"{task.attempt}/{task.max_attempts}",
        _moment(task.started_at),
        _lease(task),
        task.worker or "-",
    ]


def _moment(moment: datetime | None) -> str:
    return age_text(moment) if moment is not None and wants_tables() else time_text(moment)


def _lease(task: Task) -> str:
    if not wants_tables() or task.lease_until is None:
        return time_text(task.lease_until)
    return "ran out" if task.lease_until < datetime.now(UTC) else "holds"
