"""`rowlock schedule`: show, create, change, run and delete one schedule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import click

from rowlock.app import schedule_flows as flows
from rowlock.app.flow import Flow
from rowlock.app.opened import Opened
from rowlock.cli.arguments import task_arguments
from rowlock.cli.changing import by_options
from rowlock.cli.confirming import confirm, yes_option
from rowlock.cli.doors import Place
from rowlock.cli.intaking import Typed, argument_options
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import age_text, say, say_facts, say_json, warn, without_controls
from rowlock.cli.places import place_options
from rowlock.cli.schedule_facts import facts_of, last_firings, upcoming
from rowlock.cli.schedule_options import value_options
from rowlock.cli.schedule_times import backfill, explain, firings, simulate
from rowlock.model.changes import By
from rowlock.model.schedules import Firing, Schedule
from rowlock.wire.occurrences import occurrence_to_wire
from rowlock.wire.schedules import firing_to_wire, schedule_to_wire
from rowlock.wire.tasks import task_to_wire

SHOWN_FIRINGS = 5
Change: TypeAlias = Callable[[Opened, object, By], Flow[Schedule]]


@click.group(
    epilog=examples(
        "rowlock schedule show nightly-report",
        "rowlock schedule create nightly '0 3 * * *' report day=yesterday --zone Europe/Berlin",
        "rowlock schedule pause nightly --reason 'until the disk is bigger'",
        "rowlock schedule explain '0 9 L * *' --zone America/New_York",
    )
)
def command() -> None:
    """Show, create, change, run or delete a schedule.

    NAME is its name, in which case, '-' and '_' do not matter, or its id.
    """


for below in (explain, simulate, firings, backfill):
    command.add_command(below)


@command.command("show", epilog=examples("rowlock schedule show nightly --json"))
@click.argument("name")
@place_options
@json_option
def show(place: Place, *, name: str, as_json: bool) -> None:
    """Show everything about a schedule: in words, what comes next, and what was last."""
    with place.door(Opened) as door:
        found = door.ask(flows.get_schedule, name)
        fired = door.ask(flows.list_firings, found.id, limit=SHOWN_FIRINGS, before=None)
    if as_json:
        words, coming = upcoming(found)
        more = {
            "explanation": words,
            "upcoming": [occurrence_to_wire(occurrence) for occurrence in coming],
            "firings": [firing_to_wire(firing) for firing in fired],
        }
        say_json({**schedule_to_wire(found), **more})
    else:
        _show(found, fired)


def _show(schedule: Schedule, fired: list[Firing] | None = None) -> None:
    say_facts(facts_of(schedule))
    if fired:
        say_facts([("Fired", last_firings(fired))])


def _say(schedule: Schedule, *, as_json: bool) -> None:
    if as_json:
        say_json(schedule_to_wire(schedule))
    else:
        _show(schedule)


@command.command(
    "create",
    epilog=examples(
        "rowlock schedule create nightly '0 3 * * *' report day=yesterday --zone Europe/Berlin",
        "rowlock schedule create poll 90s fetch source:=3 --overlap skip --app tasks:app",
        "rowlock schedule create pay '0 9 LW * *' payday --zone America/New_York --catch-up all",
    ),
)
@click.argument("name")
@click.argument("rule")
@click.argument("definition")
@argument_options
@value_options
@click.option(
    "--draft", "status", flag_value="draft", help="Do not fire yet: 'resume' makes it active."
)
@by_options
@place_options
@json_option
def create(
    place: Place,
    *,
    name: str,
    rule: str,
    definition: str,
    typed: Typed,
    given: dict[str, Any],
    by: By,
    as_json: bool,
) -> None:
    """Store a schedule; workers enqueue its tasks from then on.

    RULE is a cron expression, an interval such as 1h30m, an RRULE, or a rule of seven keys as
    JSON. DEFINITION is an alias; KEY=TEXT and KEY:=JSON are the arguments of each task, as for
    'rowlock enqueue'.
    """
    given["arguments"] = task_arguments(typed.args, typed.arguments)
    with typed.checked_by(place, create=True) as door:
        created = door.ask(flows.create_schedule, name, rule, definition, given, by=by)
    _say(created, as_json=as_json)


@command.command(
    "update",
    epilog=examples(
        "rowlock schedule update nightly --rule '30 3 * * *'",
        "rowlock schedule update nightly day=today --catch-up skip",
        "rowlock schedule update nightly --clear ends_at --clear max_runs",
    ),
)
@click.argument("name")
@argument_options
@click.option("--rule", metavar="RULE", help="From now on.")
@click.option("--definition", metavar="ALIAS", help="Whose tasks it enqueues.")
@click.option("--status", metavar="STATUS", help="draft, active, paused or canceled.")
@value_options
@click.option(
    "--clear",
    "cleared",
    multiple=True,
    metavar="NAME",
    help="Put the built-in value of an option back, such as ends_at; again for more.",
)
@by_options
@place_options
@json_option
def update(
    place: Place,
    *,
    name: str,
    typed: Typed,
    rule: str | None,
    definition: str | None,
    given: dict[str, Any],
    by: By,
    as_json: bool,
) -> None:
    """Change what is given of a schedule.

    KEY=TEXT and KEY:=JSON change single arguments and the others stay; --args replaces all.
    What code declares stays changed until the code says something else.
    """
    with typed.checked_by(place, create=False) as door:
        single = None
        if typed.args is not None:
            given["arguments"] = task_arguments(typed.args, typed.arguments)
        elif typed.arguments:
            single = task_arguments(None, typed.arguments)
        changed = door.ask(
            flows.update_schedule, name, rule, definition, given, set_arguments=single, by=by
        )
    _say(changed, as_json=as_json)


def _change(place: Place, change: Change, name: str, by: By, *, as_json: bool) -> None:
    """Change a schedule and say where it stands now."""
    with place.door(Opened) as door:
        changed = door.ask(change, name, by)
    if as_json:
        say_json(schedule_to_wire(changed))
        return
    say(f"{without_controls(changed.name)}\t{changed.status.value}")
    if changed.next_at is not None:
        warn(f"next {age_text(changed.next_at)}")


@command.command("pause", epilog=examples("rowlock schedule pause nightly"))
@click.argument("name")
@by_options
@place_options
@json_option
def pause(place: Place, *, name: str, by: By, as_json: bool) -> None:
    """Let a schedule fire no more until it is resumed."""
    _change(place, flows.pause_schedule, name, by, as_json=as_json)


@command.command("resume", epilog=examples("rowlock schedule resume nightly"))
@click.argument("name")
@by_options
@place_options
@json_option
def resume(place: Place, *, name: str, by: By, as_json: bool) -> None:
    """Let a schedule fire from now on; what came meanwhile is not made up for."""
    _change(place, flows.resume_schedule, name, by, as_json=as_json)


@command.command("restore", epilog=examples("rowlock schedule restore nightly"))
@click.argument("name")
@by_options
@place_options
@json_option
def restore(place: Place, *, name: str, by: By, as_json: bool) -> None:
    """Bring a deleted schedule back; one that was active is paused."""
    _change(place, flows.restore_schedule, name, by, as_json=as_json)


@command.command("run", epilog=examples("rowlock schedule run nightly"))
@click.argument("name")
@by_options
@place_options
@json_option
def run(place: Place, *, name: str, by: By, as_json: bool) -> None:
    """Enqueue one task of a schedule now and print its id; the schedule goes on as planned."""
    with place.door(Opened) as door:
        task = door.ask(flows.run_schedule, name, by)
    if as_json:
        say_json(task_to_wire(task))
    else:
        say(str(task.id))
        warn(f"stored {task.state} on {task.queue}")


@command.command("delete", epilog=examples("rowlock schedule delete nightly --yes"))
@click.argument("name")
@click.option("--hard", is_flag=True, help="Remove the row instead of hiding it.")
@yes_option
@by_options
@place_options
@json_option
def delete(place: Place, *, name: str, hard: bool, yes: bool, by: By, as_json: bool) -> None:
    """Delete a schedule; its tasks are left alone, and its name is free for another one."""
    with place.door(Opened) as door:
        found = door.ask(flows.get_schedule, name)
        again = " The next start of a worker with its code stores it again."
        note = again if hard and found.declared is not None else ""
        confirm(f"Delete schedule {without_controls(found.name)}?{note}", yes=yes)
        door.ask(flows.delete_schedule, found, soft=not hard, by=by)
    if as_json:
        say_json(schedule_to_wire(found))
    else:
        say(f"{without_controls(found.name)}\tdeleted")
