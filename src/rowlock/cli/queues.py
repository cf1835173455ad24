"""`rowlock queues`: list queues, and set, pause and resume one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from rowlock.app import flows
from rowlock.app.opened import Opened
from rowlock.cli.arguments import moment_from
from rowlock.cli.changing import by_options
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import duration_text, say, say_json, say_table, time_text, warn
from rowlock.cli.places import place_options
from rowlock.cli.policies import policy_options
from rowlock.model.changes import By
from rowlock.model.queues import Queue
from rowlock.wire.queues import queue_to_wire

COLUMNS = (
    "QUEUE",
    "PAUSED",
    "ATTEMPTS",
    "RETRY",
    "LEASE",
    "TIMEOUT",
    "LIFETIME",
    "RETENTION",
)


@click.group(
    invoke_without_command=True,
    epilog=examples(
        "rowlock queues",
        "rowlock queues set emails --lease 1m --max-attempts 8 --retry exponential",
        "rowlock queues pause emails",
        "rowlock queues resume emails",
    ),
)
@place_options
@json_option
def command(place: Place, *, as_json: bool) -> None:
    """List queues with their policies; or set, pause or resume one.

    A queue springs into being at its first use, with the built-in policy.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    with place.door(Opened) as door:
        queues = door.ask(flows.list_queues)
    _show(queues, as_json=as_json, alone=False)


@command.command(
    "set", epilog=examples("rowlock queues set emails --lease 1m --retention 30d --max-attempts 8")
)
@click.argument("name")
@policy_options
@by_options
@place_options
@json_option
def set_policy(place: Place, *, name: str, policy: dict[str, Any], by: By, as_json: bool) -> None:
    """Create a queue or change its policy; only what is given changes."""
    with place.door(Opened, create=True) as door:
        queue = door.ask(flows.register_queue, name, policy, by=by)
    _show([queue], as_json=as_json, alone=True)


@command.command("pause", epilog=examples("rowlock queues pause emails"))
@click.argument("name")
@click.option("--until", metavar="TIME", help="Until then: 2026-12-31T23:59:00Z.")
@by_options
@place_options
@json_option
def pause(place: Place, *, name: str, until: str | None, by: By, as_json: bool) -> None:
    """Let workers claim nothing more from a queue; running tasks go on."""
    end = moment_from("until", until)
    with place.door(Opened) as door:
        door.ask(flows.pause_queue, name, paused=True, until=end, by=by)
    _say_paused(name, as_json=as_json, paused=True)


@command.command("resume", epilog=examples("rowlock queues resume emails"))
@click.argument("name")
@by_options
@place_options
@json_option
def resume(place: Place, *, name: str, by: By, as_json: bool) -> None:
    """Let workers claim from a paused queue again."""
    with place.door(Opened) as door:
        door.ask(flows.pause_queue, name, paused=False, by=by)
    _say_paused(name, as_json=as_json, paused=False)


def _say_paused(name: str, *, as_json: bool, paused: bool) -> None:
    queue = name.strip().lower()
    if as_json:
        say_json({"name": queue, "paused": paused})
    else:
        say(f"{queue}\t{'paused' if paused else 'resumed'}")


def _show(queues: Sequence[Queue], *, as_json: bool, alone: bool) -> None:
    if as_json:
        documents = [queue_to_wire(queue) for queue in queues]
        say_json(documents[0] if alone else documents)
        return
    say_table(COLUMNS, [_row(queue) for queue in queues], whole=("QUEUE",))
    if not queues:
        warn("no queues yet: the first task makes one")


def paused_text(queue: Queue) -> str:
    """Return whether a queue is paused, and until when."""
    if not queue.paused:
        return "-"
    end = queue.paused_until
    return "paused" if end is None else f"until {time_text(end)}"


def _row(queue: Queue) -> list[str]:
    return [
        queue.name,
        paused_text(queue),
        str(queue.max_attempts),
        queue.retry.backoff.value,
        duration_text(queue.lease),
        duration_text(queue.timeout),
        duration_text(queue.lifetime),
        duration_text(queue.retention),
    ]
