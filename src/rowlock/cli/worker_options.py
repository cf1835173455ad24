"""The options of `rowlock worker` beyond the first few, and how they reach worker processes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from rowlock.cli.options import number
from rowlock.worker.health import checked_port
from rowlock.worker.program import Surroundings

LIMITS = (
    "prefetch",
    "max_tasks",
    "max_memory",
    "max_tasks_per_child",
    "max_child_age",
    "max_child_memory",
)
# What a supervisor tells each of its workers as it was told itself.
_PASSED_ON = {"queues", "concurrency", "grace", "unknown", "log_level", "as_json", *LIMITS}

_OPTIONS = (
    click.option(
        "--processes",
        type=number,
        metavar="N",
        help="Run N worker processes, and start another for each that ends.",
    ),
    click.option(
        "--watch",
        is_flag=True,
        help="Start the workers anew when a Python file below the working directory changes.",
    ),
    click.option(
        "--prefetch",
        type=number,
        metavar="N",
        help="Hold so many tasks more, ready to begin: for many short ones.  [default: 0]",
    ),
    click.option(
        "--max-tasks",
        type=number,
        metavar="N",
        help="Stop after starting so many tasks.  [default: no limit]",
    ),
    click.option(
        "--max-memory",
        metavar="SIZE",
        help="Stop once the worker holds more memory, such as 512MB.  [default: no limit]",
    ),
    click.option(
        "--max-tasks-per-child",
        type=number,
        metavar="N",
        help="Replace a child process after so many tasks.  [default: no limit]",
    ),
    click.option(
        "--max-child-age",
        metavar="DURATION",
        help="Replace a child process that is so old, after its task.  [default: no limit]",
    ),
    click.option(
        "--max-child-memory",
        metavar="SIZE",
        help="Kill a child process that holds more memory.  [default: no limit]",
    ),
    click.option(
        "--health-port",
        type=number,
        metavar="PORT",
        help="Answer health checks at /livez and /readyz on this port; 0 takes any.",
    ),
    click.option(
        "--health-host",
        default="127.0.0.1",
        show_default=True,
        metavar="ADDRESS",
        help="The address of the health port.",
    ),
    click.option("--worker-id", hidden=True),
    click.option("--supervisor", type=int, hidden=True),
)


def program_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give the command the options of a program that runs for long.

    Those about its surroundings reach it as one `around`.
    """

    @wraps(command)
    def run(*args: Any, **given: Any) -> None:
        host, port = given.pop("health_host"), given.pop("health_port")
        if port is not None:
            checked_port("health_port", port)
        command(*args, around=Surroundings(host, port, given.pop("supervisor")), **given)

    decorated: Callable[..., None] = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def passed_on(context: click.Context) -> list[str]:
    """Return the arguments with which a supervisor starts its workers, but for their ids."""
    arguments: list[str] = []
    for option in context.command.params:
        value = context.params.get(option.name or "")
        if option.name not in _PASSED_ON or value is None or value is False:
            continue
        if value is True:
            arguments.append(option.opts[0])
            continue
        for one in value if isinstance(value, tuple) else (value,):  # pyright: ignore[reportUnknownVariableType] - click's values are of any type
            arguments += [option.opts[0], str(one)]  # pyright: ignore[reportUnknownArgumentType] - as above
    return arguments
