"""`rowlock update-queue`: change a queue's policy."""

from __future__ import annotations

from typing import Any

import click

from rowlock.app.flows import change_queue
from rowlock.app.opened import Opened
from rowlock.cli.changing import by_options
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option
from rowlock.cli.places import place_options
from rowlock.cli.policies import policy_options
from rowlock.cli.queue import show_queue
from rowlock.model.changes import By


@click.command(
    epilog=examples(
        "rowlock update-queue emails --lease 1m",
        "rowlock update-queue emails --retries=5 --reason 'they are slow today'",
    )
)
@click.argument("name")
@policy_options
@by_options
@place_options
@json_option
def command(place: Place, *, name: str, policy: dict[str, Any], by: By, as_json: bool) -> None:
    """Change what is given of a queue's policy; the queue must be there."""
    if not policy:
        raise click.UsageError("nothing is given to change")
    with place.door(Opened) as door:
        changed = door.ask(change_queue, name, policy, by=by)
    show_queue(changed, as_json=as_json)
