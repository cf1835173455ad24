"""What the commands that change tasks share: which tasks, who asks, and what is printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

import click

from rowlock.app import flows
from rowlock.cli.confirming import yes_option
from rowlock.cli.doors import C, Door, Place
from rowlock.cli.filters import filter_options
from rowlock.cli.options import json_option
from rowlock.cli.output import say, say_json
from rowlock.cli.places import ASKER, place_options
from rowlock.model.changes import By, checked_by
from rowlock.model.tasks import Task, TaskFilter
from rowlock.wire.tasks import task_to_wire


def os_user() -> str | None:
    """Return who is logged in, for the audit."""
    import getpass

    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return None


_BY_OPTIONS = (
    click.option(
        "--actor",
        ASKER,
        envvar="ROWLOCK_ACTOR",
        metavar="NAME",
        help="Who asks, for the audit; at a server, who has the token.  [env: ROWLOCK_ACTOR; "
        "default: the login name]",
    ),
    click.option("--reason", metavar="TEXT", help="Why, for the audit."),
)

_BULK_OPTIONS = (
    click.option("--all", "all_tasks", is_flag=True, help="Every task, if no filter is given."),
    yes_option,
    click.option("--dry-run", is_flag=True, help="Count the tasks, and change none."),
)


def by_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--actor` and `--reason`, as one `By`."""

    @wraps(command)
    def run(**given: Any) -> None:
        actor, reason = given.pop(ASKER), given.pop("reason")
        command(by=checked_by(actor or os_user(), reason), **given)

    decorated: Callable[..., None] = run
    for option in reversed(_BY_OPTIONS):
        decorated = option(decorated)
    return decorated


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which tasks a command is to change, who asks, and how it answers."""

    place: Place
    tasks: tuple[str, ...]
    wanted: TaskFilter
    all_tasks: bool
    yes: bool
    dry_run: bool
    by: By
    as_json: bool

    @property
    def many(self) -> bool:
        """Whether a filter chooses the tasks.

        Raises:
            UsageError: Both ids and a filter are given, or nothing.
        """
        filtered = self.all_tasks or self.wanted != TaskFilter()
        if self.tasks and (filtered or self.dry_run):
            raise click.UsageError("give either ids or options that choose tasks")
        if not self.tasks and not filtered:
            raise click.UsageError("which tasks? Give ids, or --state, --queue …, or --all")
        return filtered


def change_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the arguments and options that choose the tasks to change, as `Chosen`."""

    @wraps(command)
    def run(**given: Any) -> None:
        names = ("tasks", "all_tasks", "yes", "dry_run", "wanted", "by", "place", "as_json")
        command(chosen=Chosen(**{name: given.pop(name) for name in names}), **given)

    decorated: Callable[..., None] = json_option(run)
    decorated = by_options(place_options(decorated))
    for option in reversed(_BULK_OPTIONS):
        decorated = option(decorated)
    return click.argument("tasks", nargs=-1, metavar="[TASK]...")(filter_options(decorated))


def change_each(
    chosen: Chosen,
    kind: Callable[..., C],
    change: Callable[[Door[C], UUID], Any],
    shown: Callable[[UUID, Any], Any],
) -> list[Any]:
    """Change the tasks that were named; returns what became of each.

    All ids are read before the first task is changed. The first refusal ends it.

    Args:
        chosen: Which tasks.
        kind: How the database is opened: `Intake` if arguments are to be checked.
        change: Asks for what is to be done to each.
        shown: What is printed of each: text, or a document with `--json`.
    """
    results: list[Any] = []
    with chosen.place.door(kind) as door:
        ids = [door.ask(flows.resolve, text) for text in chosen.tasks]
        for task_id in ids:
            results.append(change(door, task_id))
            if not chosen.as_json:
                say(shown(task_id, results[-1]))
    if chosen.as_json:
        documents = [shown(one, result) for one, result in zip(ids, results, strict=True)]
        say_json(documents[0] if len(documents) == 1 else documents)
    return results


def change_tasks(
    chosen: Chosen,
    kind: Callable[..., C],
    action: str,
    change: Callable[[Door[C], UUID], Any],
    asked: Mapping[str, Any] | None = None,
) -> None:
    """Change the tasks that were named or that pass the filter, and print them.

    Args:
        chosen: Which tasks.
        kind: How the database is opened: `Intake` if arguments are to be checked.
        action: What is done, by name.
        change: Asks for what is to be done to one.
        asked: What a change to many is told besides its filter.
    """
    if chosen.many:
        from rowlock.cli.bulk import change_many

        change_many(chosen, action, asked or {})
        return

    def shown(task_id: UUID, task: Task | None) -> Any:
        if chosen.as_json:
            done = {"id": str(task_id), "state": None}
            return done if task is None else task_to_wire(task)
        return f"{task_id}\t{'purged' if task is None else task.state.value}"

    change_each(chosen, kind, change, shown)
