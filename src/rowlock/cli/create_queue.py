"""`rowlock create-queue`: create a queue."""

from __future__ import annotations

from typing import Any

import click

from rowlock.app.flows import create_queue
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
        "rowlock create-queue emails",
        "rowlock create-queue emails --ttl=1h30m --retries=5 --retry-delay=10s",
    )
)
@click.argument("name")
@policy_options
@by_options
@place_options
@json_option
def command(place: Place, *, name: str, policy: dict[str, Any], by: By, as_json: bool) -> None:
    """Create a queue, which must be new.

    There is no need to: a queue springs into being at its first use.
    """
    with place.door(Opened, create=True) as door:
        created = door.ask(create_queue, name, policy, by=by)
    show_queue(created, as_json=as_json)
