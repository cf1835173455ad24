"""`rowlock schedules`: list schedules, and bring them in line with the code."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from rowlock.app import schedule_listing
from rowlock.app.opened import Opened
from rowlock.cli.changing import by_options
from rowlock.cli.confirming import yes_option
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option, number
from rowlock.cli.output import age_text, say_json, say_table, time_text, wants_tables, warn
from rowlock.cli.places import place_options
from rowlock.model.changes import By
from rowlock.model.schedules import Schedule
from rowlock.wire.schedules import schedule_to_wire

COLUMNS = ("NAME", "RULE", "ZONE", "STATUS", "NEXT", "LAST", "RUNS", "PROBLEM")
SPARE = ("LAST", "ZONE", "RUNS")


@click.group(
    invoke_without_command=True,
    epilog=examples(
        "rowlock schedules",
        "rowlock schedules --status paused",
        "rowlock schedules --definition send-report --order next --json",
        "rowlock schedules sync tasks:app",
    ),
)
@click.option("--name", metavar="TEXT", help="Only with this in the name.")
@click.option("--status", metavar="STATUS", help="draft, active, paused, completed or canceled.")
@click.option("--definition", metavar="ALIAS", help="Only those that enqueue its tasks.")
@click.option("--queue", metavar="NAME", help="Only those that name this queue.")
@click.option(
    "--declared/--undeclared", default=None, help="Only those that code declares, or the others."
)
@click.option("--deleted", "include_deleted", is_flag=True, help="Deleted ones, too.")
@click.option(
    "--order",
    default="name",
    show_default=True,
    metavar="ORDER",
    help="name or created; -name and -created the other way round; or next.",
)
@click.option("--limit", type=number, default=100, show_default=True, metavar="N", help="At most.")
@click.option("--offset", type=number, default=0, metavar="N", help="Leave out this many first.")
@place_options
@json_option
def command(
    place: Place, *, order: str, limit: int, offset: int, as_json: bool, **wanted: Any
) -> None:
    """List schedules, or bring them in line with what code declares.

    Piped, it prints a line of tab-separated fields for each: name, rule, time zone, status,
    next and last run, runs, and what is wrong, if anything.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    with place.door(Opened) as door:
        found = door.ask(
            schedule_listing.list_schedules, wanted, limit=limit, offset=offset, order=order
        )
    if as_json:
        say_json([schedule_to_wire(one) for one in found])
        return
    rows = [_row(one) for one in found]
    say_table(COLUMNS, rows, whole=("STATUS", "NEXT"), right=("RUNS",), spare=SPARE)
    if not found:
        warn("no schedules")
    elif len(found) == limit and wants_tables():
        warn(f"there may be more: --offset {offset + limit}")


def _row(schedule: Schedule) -> list[str]:
    return [
        schedule.name,
        rule_text(schedule),
        str(schedule.rule.get("zone", "UTC")),
        status_text(schedule),
        _when(schedule.next_at, ahead=True),
        _when(schedule.last_run_at),
        str(schedule.runs) if schedule.max_runs is None else f"{schedule.runs}/{schedule.max_runs}",
        problem_text(schedule),
    ]


def rule_text(schedule: Schedule) -> str:
    """Return a rule in short, as it was written."""
    rule = schedule.rule
    if "rule" in rule:
        frequency, interval = rule["rule"].get("frequency"), rule["rule"].get("interval", 1)
        return f"{frequency}" if interval == 1 else f"{frequency}, every {interval}"
    text = str(rule.get("cron") or rule.get("rrule") or "-")
    lines = [line for line in text.splitlines() if line.upper().startswith("RRULE")]
    return lines[0].partition(":")[2] if lines else text


def status_text(schedule: Schedule) -> str:
    """Return where a schedule stands."""
    return "deleted" if schedule.deleted_at is not None else schedule.status.value


def problem_text(schedule: Schedule) -> str:
    """Return what keeps a schedule from firing."""
    if schedule.problem is not None:
        return schedule.problem
    return "waits for the task before" if schedule.waits else "-"


def _when(moment: datetime | None, *, ahead: bool = False) -> str:
    """Return a time; a person gets how far it is, and of one to come also when it is."""
    if moment is None or not wants_tables():
        return time_text(moment)
    return f"{time_text(moment)}, {age_text(moment)}" if ahead else age_text(moment)


@command.command(
    "sync",
    epilog=examples(
        "rowlock schedules sync tasks:app",
        "rowlock schedules sync tasks:app --prune",
    ),
)
@click.argument("app", metavar="MODULE:APP")
@click.option("--prune", is_flag=True, help="Delete those that code no longer declares; asks.")
@yes_option
@by_options
@place_options
@json_option
def sync(place: Place, *, app: str, prune: bool, yes: bool, by: By, as_json: bool) -> None:
    """Store what code says of its schedules, as every worker does when it starts.

    Only what the code changed since the last time is written: what was paused or edited by
    hand stays. Exits with 1 if a schedule could not be stored.
    """
    from rowlock.cli.schedule_sync import synchronize

    synchronize(place, app, prune=prune, yes=yes, by=by, as_json=as_json)
