"""`rowlock operations`: changes to many tasks, and going on with one."""

from __future__ import annotations

import json

import click

from rowlock.app import bulk_flows as flows
from rowlock.app.intake import Intake
from rowlock.app.opened import Opened
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import say_json, say_table, time_text, warn
from rowlock.cli.places import place_options
from rowlock.model.changes import Operation
from rowlock.wire.changes import operation_to_wire

COLUMNS = ("ID", "ACTION", "STATE", "DONE", "REFUSED", "STARTED", "ACTOR", "FILTER")


@click.group(
    invoke_without_command=True,
    epilog=examples(
        "rowlock operations",
        "rowlock operations resume 0199b2f0-7c1e-7000-8000-000000000000",
    ),
)
@place_options
@json_option
def command(place: Place, *, as_json: bool) -> None:
    """List changes to many tasks, newest first; or go on with one that was interrupted."""
    if click.get_current_context().invoked_subcommand is not None:
        return
    with place.door(Opened) as door:
        operations = door.ask(flows.list_operations, limit=50)
    if as_json:
        say_json([operation_to_wire(one) for one in operations])
        return
    rows = [_row(one) for one in operations]
    say_table(COLUMNS, rows, whole=("ID", "STATE"), right=("DONE", "REFUSED"), spare=("ACTOR",))
    if not operations:
        warn("no operations yet: see 'rowlock retry --help'")


@command.command(
    "resume",
    epilog=examples("rowlock operations resume 0199b2f0-7c1e-7000-8000-000000000000"),
)
@click.argument("operation")
@place_options
@json_option
def resume(place: Place, *, operation: str, as_json: bool) -> None:
    """Go on with an operation where it stopped; what it did is not done again."""
    from rowlock.cli.bulk import resume as go_on

    with place.door(Intake) as door:
        go_on(door, operation, as_json=as_json)


def _row(one: Operation) -> list[str]:
    return [
        str(one.id),
        one.action.value,
        one.state.value,
        str(one.done),
        str(sum(one.refused.values())),
        time_text(one.created_at),
        one.actor or "-",
        json.dumps(one.filter, ensure_ascii=False),
    ]
