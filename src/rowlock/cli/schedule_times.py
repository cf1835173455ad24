"""`rowlock schedule explain`, `simulate`, `firings` and `backfill`: when, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from rowlock.app import occurrence_flows
from rowlock.app import schedule_flows as flows
from rowlock.app.opened import Opened
from rowlock.cli.arguments import moment_from, moment_or_age
from rowlock.cli.changing import by_options
from rowlock.cli.confirming import confirm, yes_option
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option, number
from rowlock.cli.output import (
    duration_text,
    say,
    say_json,
    say_table,
    time_text,
    wants_tables,
    warn,
    without_controls,
)
from rowlock.cli.places import place_options
from rowlock.cli.progress import progress_bar
from rowlock.cli.schedule_options import ZONE_OPTIONS, starts_at_option
from rowlock.model.changes import By
from rowlock.model.schedules import Backfill, Firing
from rowlock.recurrence.recurrence import Occurrence
from rowlock.wire.occurrences import explained_to_wire, occurrence_to_wire
from rowlock.wire.schedules import backfill_to_wire, firing_to_wire

FIRINGS = ("PLANNED", "OUTCOME", "LATE", "TASK", "REASON", "PASSED")
OCCURRENCES = ("LOCAL", "UTC", "CLOCK CHANGE")


def _zone_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(ZONE_OPTIONS):
        command = option(command)
    return command


def _say_occurrences(found: Sequence[Occurrence]) -> None:
    rows = [
        [
            one.local.isoformat(sep=" "),
            time_text(one.at),
            "-" if one.change is None else one.change.value,
        ]
        for one in found
    ]
    say_table(OCCURRENCES, rows, whole=OCCURRENCES)


@click.command(
    "explain",
    epilog=examples(
        "rowlock schedule explain '30 2 * * *' --zone Europe/Berlin",
        "rowlock schedule explain 1h30m --from 2027-01-01T00:00:00Z",
        "rowlock schedule explain 'FREQ=MONTHLY;BYDAY=-1FR' --starts-at 2027-01-29T17:00:00Z",
    ),
)
@click.argument("rule")
@_zone_options
@click.option("--name", default="", metavar="NAME", help="Of the schedule: it spreads cron's H.")
@starts_at_option
@click.option("--from", "start", metavar="TIME", help="Since then; now if not given.")
@click.option("--limit", type=number, default=5, show_default=True, metavar="N", help="At most.")
@json_option
def explain(
    *, rule: str, name: str, start: str | None, limit: int, as_json: bool, **given: Any
) -> None:
    """Say in plain words what a rule means, and when it happens next; without a database."""
    given["starts_at"] = moment_from("starts_at", given["starts_at"])
    said = {word: value for word, value in given.items() if value is not None}
    since = moment_from("from", start)
    recurrence, found = occurrence_flows.explain_rule(name, rule, said, since, limit=limit)
    if as_json:
        say_json(explained_to_wire(recurrence, found))
        return
    say(recurrence.explain())
    _say_occurrences(found)
    if not found:
        warn("nothing from then on")


@click.command(
    "simulate",
    epilog=examples(
        "rowlock schedule simulate nightly",
        "rowlock schedule simulate nightly --from 2027-01-01T00:00:00Z --to 2028-01-01T00:00:00Z",
        "rowlock schedule simulate nightly --json | jq '.[] | select(.change)'",
    ),
)
@click.argument("name")
@click.option("--from", "start", metavar="TIME", help="Since then; now if not given.")
@click.option("--to", "end", metavar="TIME", help="Until then; a year later if not given.")
@click.option("--limit", type=number, default=1000, show_default=True, metavar="N", help="At most.")
@place_options
@json_option
def simulate(
    place: Place,
    *,
    name: str,
    start: str | None,
    end: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List when a schedule would fire, without firing it, and what changes of the clocks do.

    shifted: that local time does not exist. first, second: it happens twice. Jitter is left out.
    """
    first, last = moment_from("from", start), moment_from("to", end)
    with place.door(Opened) as door:
        found = door.ask(occurrence_flows.simulate_schedule, name, first, last, limit=limit)
    if as_json:
        say_json([occurrence_to_wire(one) for one in found])
        return
    _say_occurrences(found)
    if not found:
        warn("nothing in that time")
    elif len(found) == limit and wants_tables():
        warn(f"there may be more: --from {time_text(found[-1].at).replace(' ', 'T')}")


@click.command(
    "firings",
    epilog=examples(
        "rowlock schedule firings nightly",
        "rowlock schedule firings nightly --json | jq '.[] | select(.reason)'",
    ),
)
@click.argument("name")
@click.option("--limit", type=number, default=50, show_default=True, metavar="N", help="At most.")
@click.option("--before", metavar="TIME", help="Only what was planned before: the next page.")
@place_options
@json_option
def firings(place: Place, *, name: str, limit: int, before: str | None, as_json: bool) -> None:
    """Show what became of a schedule's occurrences, the last ones first; for 90 days.

    Piped, it prints a line of tab-separated fields for each: planned time, outcome, how late,
    task, reason, and how many just before it were passed over.
    """
    until = moment_from("before", before)
    with place.door(Opened) as door:
        found = door.ask(flows.list_firings, name, limit=limit, before=until)
    if as_json:
        say_json([firing_to_wire(one) for one in found])
        return
    say_table(FIRINGS, [_firing_row(one) for one in found], whole=FIRINGS[:4], right=("PASSED",))
    if not found:
        warn("nothing was fired or skipped")
    elif len(found) == limit and wants_tables():
        warn(f"there may be more: --before {found[-1].occurrence.isoformat()}")


def _firing_row(firing: Firing) -> list[str]:
    return [
        time_text(firing.occurrence),
        firing.outcome.value,
        duration_text(firing.late),
        "-" if firing.task is None else str(firing.task),
        "-" if firing.reason is None else firing.reason.value,
        str(firing.passed),
    ]


@click.command(
    "backfill",
    epilog=examples(
        "rowlock schedule backfill nightly 2027-01-01T00:00:00Z 2027-02-01T00:00:00Z",
        "rowlock schedule backfill nightly 7d 1h --dry-run",
    ),
)
@click.argument("name")
@click.argument("start")
@click.argument("end")
@yes_option
@click.option("--dry-run", is_flag=True, help="Count the tasks, and enqueue none.")
@by_options
@place_options
@json_option
def backfill(
    place: Place,
    *,
    name: str,
    start: str,
    end: str,
    yes: bool,
    dry_run: bool,
    by: By,
    as_json: bool,
) -> None:
    """Enqueue a task for each occurrence of the past that was neither fired nor skipped.

    START counts and END does not; each is a time, or how long ago: 7d. They are counted first,
    and you are asked. Asking again after an interruption goes on where it stopped.
    """
    first, last = moment_or_age("start", start), moment_or_age("end", end)
    with place.door(Opened) as door:

        def filled(*, dry_run: bool, show: Callable[[Backfill], None] | None = None) -> Backfill:
            return door.ask(
                flows.backfill_schedule,
                name,
                first,
                last,
                by=by,
                dry_run=dry_run,
                on_progress=show,
            )

        plan = filled(dry_run=True)
        if dry_run or not plan.fired:
            _tell_backfill(plan, as_json=as_json, enqueued=False)
            return
        tasks = "1 task" if plan.fired == 1 else f"{plan.fired:,} tasks"
        confirm(f"Enqueue {tasks} of {without_controls(name)}?", yes=yes)
        with progress_bar(plan.fired + plan.known, hidden=as_json) as draw:
            try:
                done = filled(dry_run=False, show=lambda part: draw(part.fired + part.known))
            except KeyboardInterrupt:
                warn("interrupted; the same command goes on where it stopped")
                raise
    _tell_backfill(done, as_json=as_json, enqueued=True)


def _tell_backfill(done: Backfill, *, as_json: bool, enqueued: bool) -> None:
    if as_json:
        say_json(backfill_to_wire(done))
        return
    say(f"{'enqueued' if enqueued else 'to enqueue'}\t{done.fired}")
    if done.known:
        warn(f"{done.known:,} left alone: they were fired or skipped before")
