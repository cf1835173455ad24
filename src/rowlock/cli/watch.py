"""`rowlock watch`: follow one task until it is finished."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol
from uuid import UUID

import click

from rowlock.app import flows
from rowlock.app.opened import Opened
from rowlock.cli.doors import C, Door, Place
from rowlock.cli.exits import ExitCode
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import (
    STATE_COLORS,
    colored,
    duration_text,
    is_drawn_on,
    say,
    say_json_line,
    time_text,
    without_controls,
)
from rowlock.cli.pacing import Pace
from rowlock.cli.places import place_options
from rowlock.cli.task import say_failure
from rowlock.cli.tasks import message_of
from rowlock.model.states import TaskState
from rowlock.model.tasks import LogLine, Task
from rowlock.wire.tasks import log_line_to_wire, task_to_wire


class Look(NamedTuple):
    """A task as it is now, and its log lines, or those that are new since the last look."""

    task: Task
    lines: list[LogLine]


class View(Protocol):
    """How what is seen of a task is shown."""

    def __call__(self, looks: Iterator[Look]) -> Task:
        """Show every look; return the task as it is at last."""
        ...


@click.command(
    epilog=examples(
        "rowlock watch 0199b2f0",
        "rowlock watch 0199b2f0 --json | jq -c .task.progress",
        "rowlock watch 0199b2f0 && echo it worked",
    )
)
@click.argument("task")
@place_options
@json_option
def command(place: Place, *, task: str, as_json: bool) -> None:
    """Follow one task until it is finished: its progress, its log, its end.

    The exit code is 0 if it succeeded and 1 otherwise. --json prints a line for each change:
    {"event": "task", "task": …} and {"event": "log", "line": …}. Ctrl-C only stops looking.
    """
    with place.door(Opened) as door:
        follow_at(door, door.ask(flows.resolve, task), as_json=as_json)


def follow_at(door: Door[C], task_id: UUID, *, as_json: bool) -> None:
    """Show a task until it is finished, then end with its outcome. See `follow`."""

    def look() -> Look:
        now = door.ask(flows.get_task, task_id)
        return Look(now, door.ask(flows.task_log, task_id))

    follow(look, door.pace(task_id), as_json=as_json)


def follow(look: Callable[[], Look], pace: Pace, *, as_json: bool) -> None:
    """Show a task until it is finished, then end with its outcome.

    Args:
        look: Reads the task and its whole log.
        pace: Says when to look again.
        as_json: Print a line of JSON for each change.

    Raises:
        Exit: It did not succeed.
    """
    view: View = _show_lines
    if as_json:
        view = _show_json
    elif is_drawn_on(sys.stdout):
        view = _draw
    last = view(_looks(look, pace))
    if last.state is not TaskState.SUCCEEDED:
        raise click.exceptions.Exit(ExitCode.FAILED)


def _looks(look: Callable[[], Look], pace: Pace) -> Iterator[Look]:
    seen = 0
    while True:
        task, lines = look()
        yield Look(task, lines[seen:])
        if task.state.is_final:
            return
        busy, seen = len(lines) > seen, len(lines)
        pace.wait(running=task.state is TaskState.RUNNING, busy=busy)


def _shown(task: Task) -> tuple[object, ...]:
    return (task.state, task.attempt, task.progress, task.progress_message, task.cancel_requested)


def _show_json(looks: Iterator[Look]) -> Task:
    task, shown = None, None
    for task, lines in looks:
        for line in lines:
            say_json_line({"event": "log", "line": log_line_to_wire(line)})
        if _shown(task) != shown:
            say_json_line({"event": "task", "task": task_to_wire(task)})
            shown = _shown(task)
    return _found(task)


def _show_lines(looks: Iterator[Look]) -> Task:
    task, shown = None, None
    for task, lines in looks:
        for line in lines:
            say(_log_text(line))
        if _shown(task) != shown:
            say(_state_text(task))
            shown = _shown(task)
        sys.stdout.flush()
    _say_end(_found(task))
    return _found(task)


def _draw(looks: Iterator[Look]) -> Task:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    columns = (
        TextColumn("{task.fields[state]}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[message]}", markup=False),
    )
    task = None
    with Progress(*columns, console=console, transient=True) as bars:
        bar = bars.add_task("task", total=100, state="", message="")
        for task, lines in looks:
            for line in lines:
                console.print(Text(_log_text(line)))
            state = f"[{STATE_COLORS[task.state]}]{task.state.value}[/]"
            message = without_controls(message_of(task)) if task.state != "running" else ""
            bars.update(
                bar,
                completed=task.progress,
                state=state,
                message=without_controls(task.progress_message or "") or message,
            )
    say(_state_text(_found(task)))
    _say_end(_found(task))
    return _found(task)


def _found(task: Task | None) -> Task:
    assert task is not None  # noqa: S101 - there is at least one look
    return task


def _log_text(line: LogLine) -> str:
    return without_controls(f"{time_text(line.at)} {line.level:<7} {line.message}")


def _state_text(task: Task) -> str:
    took = ""
    if task.finished_at is not None and task.started_at is not None:
        took = f" after {duration_text(task.finished_at - task.started_at)}"
    message = "" if task.state.is_final and task.error is not None else message_of(task)
    state = colored(task.state.value, STATE_COLORS[task.state], bold=True)
    return f"{task.id} {state}{took} {without_controls(message)}".rstrip()


def _say_end(task: Task) -> None:
    import json

    if task.state is TaskState.SUCCEEDED and task.result is not None:
        say(without_controls(json.dumps(task.result, indent=2, ensure_ascii=False)))
    elif task.state is TaskState.FAILED:
        say_failure(task.error)
