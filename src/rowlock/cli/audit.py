"""`rowlock audit`: who changed what, and why."""

from __future__ import annotations

import json

import click

from rowlock.app import bulk_flows as flows
from rowlock.cli.doors import Place, any_namespace
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import say_json, say_table, time_text, warn
from rowlock.cli.places import place_options
from rowlock.model.changes import AuditEntry
from rowlock.wire.changes import audit_to_wire

COLUMNS = ("TIME", "ACTOR", "ACTION", "KIND", "TARGET", "REASON", "DETAIL")


@click.command(
    epilog=examples(
        "rowlock audit",
        "rowlock audit --actor ann --action retry --limit 20",
        "rowlock audit --target 0199b2f0-7c1e-7000-8000-000000000000 --json",
    )
)
@click.option("--actor", metavar="NAME", help="Only what they did.")
@click.option("--action", metavar="WORD", help="Only this: retry, cancel, pause …")
@click.option(
    "--target", metavar="TEXT", help="Only of this task (its whole id), queue, operation."
)
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=1_000),
    default=50,
    show_default=True,
    metavar="N",
    help="At most this many.",
)
@click.option("--before", metavar="ID", help="Only older than this entry: the next page.")
@place_options
@json_option
def command(
    place: Place,
    *,
    actor: str | None,
    action: str | None,
    target: str | None,
    limit: int,
    before: str | None,
    as_json: bool,
) -> None:
    """Show who changed what and why, newest first.

    Tasks being stored, run and settled are not in it: see 'rowlock task'.
    """
    with place.door(any_namespace) as door:
        entries = door.ask(
            flows.audit, limit=limit, before=before, actor=actor, action=action, target=target
        )
    if as_json:
        say_json([audit_to_wire(entry) for entry in entries])
        return
    say_table(COLUMNS, [_row(entry) for entry in entries], whole=("TIME",), spare=("KIND",))
    if not entries:
        warn("nothing was changed by hand")


def _row(entry: AuditEntry) -> list[str]:
    detail = "-" if entry.detail is None else json.dumps(entry.detail, ensure_ascii=False)
    return [
        time_text(entry.at),
        entry.actor or "-",
        entry.action,
        entry.kind,
        entry.target,
        entry.reason or "-",
        detail,
    ]
