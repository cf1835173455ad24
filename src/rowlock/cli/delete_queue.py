"""`rowlock delete-queue`: delete a queue with its tasks."""

from __future__ import annotations

import click

from rowlock.app.flows import queue_counts
from rowlock.app.opened import Opened
from rowlock.app.queue_deletion import delete_queue
from rowlock.cli.changing import by_options
from rowlock.cli.confirming import confirm, yes_option
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import say, say_json, warn
from rowlock.cli.places import place_options
from rowlock.model.changes import By
from rowlock.model.states import FINAL_STATES
from rowlock.model.tasks import QueueCounts
from rowlock.wire.queues import queue_to_wire


@click.command(
    epilog=examples("rowlock delete-queue emails", "rowlock delete-queue emails --force --yes")
)
@click.argument("name")
@click.option("--force", is_flag=True, help="Also if tasks of it run: they are gone then.")
@yes_option
@by_options
@place_options
@json_option
def command(place: Place, *, name: str, force: bool, yes: bool, by: By, as_json: bool) -> None:
    """Delete a queue and all of its tasks, finished ones too; nothing brings them back."""
    with place.door(Opened) as door:
        confirm(_question(door.ask(queue_counts, name)), yes=yes)
        gone = door.ask(delete_queue, name, force=force, by=by)
    if as_json:
        say_json({**queue_to_wire(gone.queue), "deleted": gone.ended})
        return
    say(f"{gone.queue.name}\t{'deleted' if gone.ended else 'going'}")
    if not gone.ended:
        warn("what is left of it goes in the background")


def _question(counts: QueueCounts) -> str:
    finished = sum(counts.counts.get(state, 0) for state in FINAL_STATES)
    others = sum(counts.counts.values()) - finished
    more = "+" if counts.capped else ""
    return (
        f"{counts.queue} has {others:,} unfinished and {finished:,}{more} finished tasks, "
        "which are removed for good. Delete it?"
    )
