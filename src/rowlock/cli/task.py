"""`rowlock task`: everything about one task."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from rowlock.app import flows
from rowlock.app.opened import Opened
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import (
    STATE_COLORS,
    colored,
    duration_text,
    say,
    say_json,
    time_text,
    without_controls,
)
from rowlock.cli.places import place_options
from rowlock.model.tasks import Attempt, LogLine, Task, TaskFailure
from rowlock.wire.tasks import attempt_to_wire, log_line_to_wire, task_to_wire

LABEL_WIDTH = 13


@click.command(
    epilog=examples(
        "rowlock task 0199b2f0-5c1e-7c3a-9d0e-3f6a1b2c4d5e",
        "rowlock task 0199b2f0 --json",
    )
)
@click.argument("task")
@place_options
@json_option
def command(place: Place, *, task: str, as_json: bool) -> None:
    """Show everything about one task: arguments, result, error, attempts and log.

    TASK is its id, or the beginning of it if no other begins so.
    """
    with place.door(Opened) as door:
        task_id = door.ask(flows.resolve, task)
        found = door.ask(flows.get_task, task_id)
        attempts = door.ask(flows.attempts, found)
        log = door.ask(flows.task_log, found)
    if as_json:
        say_json(
            {
                **task_to_wire(found),
                "attempts": [attempt_to_wire(one) for one in attempts],
                "log": [log_line_to_wire(line) for line in log],
            }
        )
        return
    for label, value in _facts(found):
        say(f"{colored(label.ljust(LABEL_WIDTH), bold=True)} {value}")
    _say_json_part("Arguments", found.payload)
    if found.state == "succeeded":
        _say_json_part("Result", found.result)
    say_failure(found.error)
    _say_attempts(attempts)
    say_log(log)


def _facts(task: Task) -> list[tuple[str, str]]:
    state = colored(task.state.value, STATE_COLORS[task.state], bold=True)
    reason = f" ({without_controls(task.reason)})" if task.reason else ""
    asked = " (cancellation requested)" if task.cancel_requested else ""
    crashes = f", {task.crashes} crashes" if task.crashes else ""
    optional = {
        "Unique key": task.unique_key,
        "Tags": ", ".join(task.tags),
        "Timeout": duration_text(task.timeout) if task.timeout else None,
        "Retry": task.retry.backoff.value if task.retry else None,
        "Paused until": time_text(task.paused_until) if task.paused_until else None,
        "Pause reason": task.pause_reason,
        "Progress": _progress(task),
        "Worker": task.worker,
        "Expires": time_text(task.expires_at) if task.expires_at else None,
        "Started": time_text(task.started_at) if task.started_at else None,
        "Finished": _finished(task),
        "Lease until": time_text(task.lease_until) if task.lease_until else None,
    }
    return [
        ("Task", str(task.id)),
        ("State", f"{state}{reason}{asked}"),
        ("Definition", task.definition or "-"),
        ("Queue", f"{task.queue} (namespace {task.namespace}, priority {task.priority})"),
        ("Runs", f"{task.attempt} of {task.max_attempts}{crashes}"),
        ("Created", time_text(task.created_at)),
        ("Due", time_text(task.run_at)),
        *((label, without_controls(value)) for label, value in optional.items() if value),
    ]


def _progress(task: Task) -> str | None:
    if not (task.progress or task.progress_message):
        return None
    return f"{task.progress:.0f} % {task.progress_message or ''}".strip()


def _finished(task: Task) -> str | None:
    if task.finished_at is None:
        return None
    if task.started_at is None:
        return time_text(task.finished_at)
    took = duration_text(task.finished_at - task.started_at)
    return f"{time_text(task.finished_at)} after {took}"


def _say_title(text: str) -> None:
    say()
    say(colored(text, bold=True))


def _say_indented(text: str) -> None:
    for line in text.splitlines():
        say(f"  {without_controls(line)}")


def _say_json_part(title: str, value: Any) -> None:
    _say_title(title)
    _say_indented(json.dumps(value, indent=2, ensure_ascii=False))


def say_failure(failure: TaskFailure | None) -> None:
    """Print why a task failed, with its traceback."""
    if failure is None:
        return
    _say_title("Error")
    _say_indented(failure.traceback or f"{failure.type}: {failure.message}")
    if failure.detail is not None:
        _say_indented(json.dumps(failure.detail, indent=2, ensure_ascii=False))


def _say_attempts(attempts: Sequence[Attempt]) -> None:
    if not attempts:
        return
    _say_title("Attempts")
    for one in attempts:
        took = "-"
        if one.started_at is not None and one.finished_at is not None:
            took = duration_text(one.finished_at - one.started_at)
        outcome = colored(one.outcome.ljust(11), STATE_COLORS.get(one.outcome))
        error = f"  {one.error.type}: {one.error.message}" if one.error else ""
        error = " ".join(error.splitlines())
        where = f"{time_text(one.started_at)}  {took:>7}  {one.worker or '-'}"
        say(f"  {one.attempt:>3}  {outcome}  {without_controls(where + error)}")


def say_log(lines: Sequence[LogLine]) -> None:
    """Print what a handler logged."""
    if not lines:
        return
    _say_title("Log")
    for line in lines:
        _say_indented(f"{time_text(line.at)} {line.level:<7} {line.message}")
