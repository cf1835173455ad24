"""`rowlock definition`: show, create, change and delete a stored definition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from rowlock.app import definition_flows
from rowlock.app.intake import Intake
from rowlock.app.opened import Opened
from rowlock.cli.changing import by_options
from rowlock.cli.confirming import confirm, yes_option
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option, number
from rowlock.cli.output import (
    duration_text,
    say,
    say_facts,
    say_json,
    time_text,
    without_controls,
)
from rowlock.cli.places import place_options
from rowlock.model.changes import By
from rowlock.model.definitions import Definition
from rowlock.wire.definitions import definition_to_wire

_VALUE_OPTIONS = (
    click.option("--title", metavar="TEXT", help="In a few words, for people."),
    click.option("--description", metavar="TEXT", help="In more words."),
    click.option("--memo", metavar="TEXT", help="Notes of those who look after it."),
    click.option("--status", metavar="STATUS", help="active or canceled: no new tasks."),
    click.option("--queue", metavar="NAME", help="Where its tasks go."),
    click.option("--priority", type=number, metavar="N", help="Higher runs first; 0 is usual."),
    click.option("--max-attempts", type=number, metavar="N", help="Runs in all; 1 runs once."),
    click.option("--max-crashes", type=number, metavar="N", help="Worker deaths before it fails."),
    click.option("--lifetime", metavar="DURATION", help="From enqueue to the first start."),
)


def _value_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_VALUE_OPTIONS):
        command = option(command)
    return command


@click.group(
    epilog=examples(
        "rowlock definition show send-email",
        "rowlock definition create nightly-report --title 'Nightly report' --queue slow",
        "rowlock definition update send-email --status canceled --memo 'until Monday'",
        "rowlock definition delete send-email",
    )
)
def command() -> None:
    """Show, create, change or delete a stored definition.

    DEFINITION is an alias, in which case, '-' and '_' do not matter, or an id.
    """


@command.command("show", epilog=examples("rowlock definition show send-email --json"))
@click.argument("definition")
@place_options
@json_option
def show(place: Place, *, definition: str, as_json: bool) -> None:
    """Show everything about a definition."""
    with place.door(Opened) as door:
        found = door.ask(definition_flows.get_definition, definition)
    _show(found, as_json=as_json)


@command.command("create", epilog=examples("rowlock definition create nightly-report --queue slow"))
@click.argument("alias")
@_value_options
@by_options
@place_options
@json_option
def create(place: Place, *, alias: str, by: By, as_json: bool, **values: Any) -> None:
    """Store a definition whose code is elsewhere, or not yet written."""
    with place.door(Opened, create=True) as door:
        created = door.ask(definition_flows.create_definition, alias, _given(values), by=by)
    _show(created, as_json=as_json)


@command.command("update", epilog=examples("rowlock definition update send-email --status active"))
@click.argument("definition")
@_value_options
@by_options
@place_options
@json_option
def update(place: Place, *, definition: str, by: By, as_json: bool, **values: Any) -> None:
    """Change what is given of a definition.

    A worker that has its code writes title, description, queue and limits again at its start.
    """
    with place.door(Opened) as door:
        changed = door.ask(definition_flows.update_definition, definition, _given(values), by=by)
    _show(changed, as_json=as_json)


@command.command("delete", epilog=examples("rowlock definition delete send-email --yes"))
@click.argument("definition")
@click.option("--hard", is_flag=True, help="Remove the row instead of hiding it.")
@click.option("--tasks", "with_tasks", is_flag=True, help="Its tasks too, but those that run.")
@yes_option
@by_options
@place_options
@json_option
def delete(
    place: Place, *, definition: str, hard: bool, with_tasks: bool, yes: bool, by: By,
    as_json: bool,
) -> None:  # fmt: skip
    """Delete a definition; its tasks are left alone, unless --tasks is given.

    It takes no new tasks, and its alias is free for another one.
    """
    with place.door(Intake) as door:
        found = door.ask(definition_flows.get_definition, definition)
        counts = door.ask(definition_flows.count_definition_tasks, found)
        confirm(
            f"{without_controls(found.alias)} has {counts.waiting:,} waiting, "
            f"{counts.running:,} running and {counts.finished:,} finished tasks, "
            + ("which are deleted too but for those that run" if with_tasks else "which stay")
            + ". Delete it?",
            yes=yes,
        )
        if with_tasks:
            from rowlock.app.definition_deletion import delete_with_tasks

            door.ask(delete_with_tasks, found, soft=not hard, by=by)
        else:
            door.ask(definition_flows.delete_definition, found, soft=not hard, by=by)
    if as_json:
        say_json({**definition_to_wire(found), "tasks": counts._asdict()})
    else:
        say(f"{without_controls(found.alias)}\tdeleted")


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _show(definition: Definition, *, as_json: bool) -> None:
    if as_json:
        say_json(definition_to_wire(definition))
        return
    say_facts(_facts(definition))


def _facts(definition: Definition) -> list[tuple[str, str]]:
    return [
        ("Definition", definition.alias),
        ("Id", str(definition.id)),
        ("Status", definition.status.value),
        ("Title", definition.title or "-"),
        ("Description", definition.description or "-"),
        ("Memo", definition.memo or "-"),
        ("Queue", f"{definition.queue} (priority {definition.priority})"),
        ("Attempts", str(definition.max_attempts or "as the queue says")),
        ("Crashes", str(definition.max_crashes or "as the queue says")),
        ("Lifetime", duration_text(definition.lifetime)),
        ("Created", time_text(definition.created_at)),
        ("Updated", time_text(definition.updated_at)),
    ]
