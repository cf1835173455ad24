"""`rowlock definitions`: list stored definitions."""

from __future__ import annotations

from typing import Any

import click

from rowlock.app import definition_flows
from rowlock.app.opened import Opened
from rowlock.cli.arguments import moment_from
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option, number
from rowlock.cli.output import age_text, say_json, say_table, time_text, wants_tables, warn
from rowlock.cli.places import place_options
from rowlock.model.definitions import Definition
from rowlock.wire.definitions import definition_to_wire

COLUMNS = ("ALIAS", "STATUS", "QUEUE", "CREATED", "TITLE")
SPARE = ("CREATED", "QUEUE")


@click.command(
    epilog=examples(
        "rowlock definitions",
        "rowlock definitions --status canceled",
        "rowlock definitions --alias mail --order -created --limit 10 --json",
    )
)
@click.option("--alias", metavar="TEXT", help="Only with this in the alias.")
@click.option("--status", metavar="STATUS", help="active or canceled.")
@click.option("--created-after", metavar="TIME", help="At or after 2026-12-31T23:59:00Z.")
@click.option("--created-before", metavar="TIME", help="Before 2026-12-31T23:59:00Z.")
@click.option("--deleted", "include_deleted", is_flag=True, help="Deleted ones, too.")
@click.option(
    "--order",
    default="alias",
    show_default=True,
    metavar="ORDER",
    help="alias or created; -alias and -created the other way round.",
)
@click.option("--limit", type=number, default=100, show_default=True, metavar="N", help="At most.")
@click.option("--offset", type=number, default=0, metavar="N", help="Leave out this many first.")
@place_options
@json_option
def command(
    place: Place,
    *,
    order: str,
    limit: int,
    offset: int,
    as_json: bool,
    **wanted: Any,
) -> None:
    """List stored definitions.

    Piped, it prints a line of tab-separated fields for each: alias, status, queue, time of
    creation, title.
    """
    for name in ("created_after", "created_before"):
        wanted[name] = moment_from(name, wanted[name])
    with place.door(Opened) as door:
        found = door.ask(
            definition_flows.list_definitions, wanted, limit=limit, offset=offset, order=order
        )
    if as_json:
        say_json([definition_to_wire(one) for one in found])
        return
    say_table(COLUMNS, [_row(one) for one in found], whole=("STATUS",), spare=SPARE)
    if not found:
        warn("no definitions")
    elif len(found) == limit and wants_tables():
        warn(f"there may be more: --offset {offset + limit}")


def _row(definition: Definition) -> list[str]:
    created = definition.created_at
    when = age_text if wants_tables() and created is not None else time_text
    return [
        definition.alias,
        "deleted" if definition.deleted_at is not None else definition.status.value,
        definition.queue,
        when(created),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - see above
        definition.title,
    ]
