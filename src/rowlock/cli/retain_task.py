"""`rowlock retain-task`: take the next task of a queue by hand."""

from __future__ import annotations

import json

import click

from rowlock.app.intake import Intake
from rowlock.app.served_flows import claim_served
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import duration_text, one_line, say, say_json, warn
from rowlock.cli.places import place_options
from rowlock.wire.tasks import claim_to_wire


@click.command(
    epilog=examples(
        "rowlock retain-task --worker=ann",
        "rowlock retain-task --worker=ann emails letters --lease 1h --json",
    )
)
@click.argument("queues", nargs=-1, metavar="[QUEUE]...")
@click.option("--worker", required=True, metavar="NAME", help="Who takes it, for people.")
@click.option(
    "--lease",
    metavar="DURATION",
    help="How long it is yours.  [default: the queue's timeout, or 5m]",
)
@place_options
@json_option
def command(
    place: Place, *, queues: tuple[str, ...], worker: str, lease: str | None, as_json: bool
) -> None:
    """Take the next task of any queue, or of these; 'rowlock complete-task' ends it.

    It prints id, queue, payload and the token that proves the claim. If you do neither within
    the lease, the task runs again. The exit code is 5 if there is nothing to do.
    """
    with place.door(Intake) as door:
        claim = door.ask(claim_served, worker, queues, lease=lease)
    if as_json:
        say_json(claim_to_wire(claim))
        return
    payload = json.dumps(claim.payload, ensure_ascii=False)
    say("\t".join([str(claim.id), claim.queue, one_line(payload), str(claim.token)]))
    warn(f"yours for {duration_text(claim.lease)}")
