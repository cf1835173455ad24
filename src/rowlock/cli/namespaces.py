"""`rowlock namespaces`: list namespaces."""

from __future__ import annotations

import click

from rowlock.app.flows import list_namespaces
from rowlock.app.opened import Opened
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import say, say_json, warn
from rowlock.cli.places import place_options


@click.command(epilog=examples("rowlock namespaces", "rowlock namespaces --json"))
@place_options
@json_option
def command(place: Place, *, as_json: bool) -> None:
    """List the namespaces that have a queue.

    At a server, those that the token is good for.
    """
    with place.door(Opened) as door:
        names = door.ask(list_namespaces)
    if as_json:
        say_json(names)
        return
    for name in names:
        say(name)
    if not names:
        warn("no queues yet: the first task makes one")
