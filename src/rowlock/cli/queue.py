"""`rowlock queue`: show one queue; and what the commands that change one share."""

from __future__ import annotations

import click

from rowlock.app.flows import get_queue
from rowlock.app.opened import Opened
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import duration_text, say_facts, say_json, time_text
from rowlock.cli.places import place_options
from rowlock.cli.queues import paused_text
from rowlock.model.queues import Queue
from rowlock.wire.queues import queue_to_wire


@click.command(epilog=examples("rowlock queue emails", "rowlock queue emails --json"))
@click.argument("name")
@place_options
@json_option
def command(place: Place, *, name: str, as_json: bool) -> None:
    """Show one queue with the policy that applies."""
    with place.door(Opened) as door:
        found = door.ask(get_queue, name)
    show_queue(found, as_json=as_json)


def show_queue(queue: Queue, *, as_json: bool) -> None:
    """Print everything about a queue."""
    if as_json:
        say_json(queue_to_wire(queue))
    else:
        say_facts(_facts(queue))


def _facts(queue: Queue) -> list[tuple[str, str]]:
    reason = f" ({queue.pause_reason})" if queue.pause_reason else ""
    return [
        ("Queue", f"{queue.name} (namespace {queue.namespace})"),
        ("Paused", f"{paused_text(queue)}{reason}"),
        ("Attempts", str(queue.max_attempts)),
        ("Crashes", str(queue.max_crashes)),
        ("Retry", _retry(queue)),
        ("Lease", duration_text(queue.lease)),
        ("Timeout", duration_text(queue.timeout)),
        ("Lifetime", duration_text(queue.lifetime)),
        ("Retention", duration_text(queue.retention)),
        ("Created", time_text(queue.created_at)),
    ]


def _retry(queue: Queue) -> str:
    retry = queue.retry
    jitter = ", with jitter" if retry.jitter else ""
    span = f"{duration_text(retry.base)} to {duration_text(retry.cap)}"
    return f"{retry.backoff.value} ({span}{jitter})"
