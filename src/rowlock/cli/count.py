"""`rowlock count`: count tasks by a filter."""

from __future__ import annotations

import click

from rowlock.app.listing_flows import count_tasks
from rowlock.app.opened import Opened
from rowlock.cli.doors import Place
from rowlock.cli.filters import filter_options
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import say, say_json, wants_tables
from rowlock.cli.places import place_options
from rowlock.model.tasks import TaskFilter
from rowlock.wire.queues import count_to_wire


@click.command(
    epilog=examples(
        "rowlock count",
        "rowlock count --state failed --finished-after 24h",
        "rowlock count --definition send_email --argument user_id:=7 --json",
    )
)
@filter_options
@place_options
@json_option
def command(place: Place, *, wanted: TaskFilter, as_json: bool) -> None:
    """Count the tasks that the options choose, up to 10,000; a + stands where there are more."""
    with place.door(Opened) as door:
        found = door.ask(count_tasks, wanted)
    if as_json:
        say_json(count_to_wire(found))
        return
    number = f"{found.count:,}" if wants_tables() else str(found.count)
    say(f"{number}+" if found.capped else number)
