"""`rowlock cleanup`: remove old finished tasks."""

from __future__ import annotations

import click

from rowlock.app import operating_flows as flows
from rowlock.app.opened import Opened
from rowlock.cli.changing import by_options
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import say, say_json
from rowlock.cli.places import place_options
from rowlock.model.changes import By


@click.command(
    epilog=examples(
        "rowlock cleanup --older-than 7d",
        "rowlock cleanup --older-than 1h --queue emails --state succeeded",
    )
)
@click.option("--older-than", required=True, metavar="DURATION", help="Since their end: 7d, 12h.")
@click.option("--queue", metavar="NAME", help="Only of this queue.")
@click.option(
    "--state",
    "--status",
    "states",
    multiple=True,
    metavar="STATE",
    help="Only in this final state.",
)
@by_options
@place_options
@json_option
def command(
    place: Place,
    *,
    older_than: str,
    queue: str | None,
    states: tuple[str, ...],
    by: By,
    as_json: bool,
) -> None:
    """Remove finished tasks for good that ended long enough ago; print how many.

    Workers do so by themselves after each queue's retention.
    """
    with place.door(Opened) as door:
        done = door.ask(flows.cleanup, by, older_than=older_than, queue=queue, states=states)
    if as_json:
        say_json({"removed": done.removed})
    else:
        say(f"removed\t{done.removed}")
