"""`rowlock tasks`: list tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

import click

from rowlock.app import flows
from rowlock.app.listing_flows import list_tasks
from rowlock.app.opened import Opened
from rowlock.cli.doors import Door, Place
from rowlock.cli.filters import filter_options
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import age_text, say_json, say_table, time_text, wants_tables, warn
from rowlock.cli.places import place_options
from rowlock.model.listing import TaskOrder
from rowlock.model.states import TaskState
from rowlock.model.tasks import Task, TaskFilter
from rowlock.wire.tasks import task_to_wire

PAGE = 1_000
COLUMNS = ("ID", "STATE", "DEFINITION", "QUEUE", "RUNS", "CREATED", "MESSAGE")
SPARE = ("CREATED", "RUNS", "QUEUE")


@click.command(
    epilog=examples(
        "rowlock tasks",
        "rowlock tasks --state failed --queue emails --limit 20",
        "rowlock tasks --state failed | cut -f1 | xargs -n1 rowlock retry",
        "rowlock tasks --tag monthly --json | jq '.[].result'",
        "rowlock tasks --state failed --order finished_at --finished-after 1h --error timeout",
        "rowlock tasks --definition send_email --argument user_id:=7",
    )
)
@filter_options
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    metavar="N",
    help="At most this many.",
)
@click.option(
    "--order",
    type=click.Choice([one.value for one in TaskOrder]),
    default=TaskOrder.ID.value,
    show_default=True,
    help="id: newest first. finished_at: last to finish first. run_at: first due first.",
)
@click.option("--before", metavar="TASK", help="Only what comes after this one: the next page.")
@place_options
@json_option
def command(
    place: Place,
    *,
    wanted: TaskFilter,
    limit: int,
    order: str,
    before: str | None,
    as_json: bool,
) -> None:
    """List tasks, newest first.

    Piped, it prints a line of tab-separated fields for each task: id, state, definition,
    queue, runs, time of creation, message.
    """
    with place.door(Opened) as door:
        tasks = list(_tasks(door, limit, order, before, wanted))
    if as_json:
        say_json([task_to_wire(task) for task in tasks])
        return
    say_tasks(tasks)
    if len(tasks) == limit and wants_tables():
        warn(f"there may be more: --before {tasks[-1].id}")


def _tasks(
    door: Door[Opened], limit: int, order: str, before: str | None, wanted: TaskFilter
) -> Iterator[Task]:
    position: UUID | Task | None = None
    if before is not None:
        position = door.ask(flows.resolve, before)
    while limit > 0:
        page = door.ask(list_tasks, wanted, limit=min(limit, PAGE), order=order, before=position)
        yield from page
        if len(page) < min(limit, PAGE):
            return
        limit, position = limit - len(page), page[-1]


def message_of(task: Task) -> str:
    """Return the one thing to know about a task in a list."""
    if task.error is not None:
        return f"{task.error.type}: {task.error.message}"
    if task.state is TaskState.RUNNING and (task.progress or task.progress_message):
        return f"{task.progress:.0f} % {task.progress_message or ''}".strip()
    if task.state in (TaskState.SCHEDULED, TaskState.RETRYING):
        return f"due {age_text(task.run_at)}"
    return task.reason or ""


def say_tasks(tasks: Sequence[Task]) -> None:
    """Print tasks as a table for a person, or as lines of fields."""
    rows = [_row(task) for task in tasks]
    say_table(COLUMNS, rows, whole=("ID", "STATE", "RUNS", "CREATED"), spare=SPARE)
    if not tasks:
        warn("no tasks")


def _row(task: Task) -> list[str]:
    created = age_text(task.created_at) if wants_tables() else time_text(task.created_at)
    return [
        str(task.id),
        task.state.value,
        task.definition or "-",
        task.queue,
        f"{task.attempt}/{task.max_attempts}",
        created,
        message_of(task),
    ]
