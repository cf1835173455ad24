"""`rowlock schedules sync`: bring stored schedules in line with the code."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

import click

from rowlock.app import declared_schedules as flows
from rowlock.app.core import Core
from rowlock.cli.apps import app_at
from rowlock.cli.confirming import confirm
from rowlock.cli.doors import LocalDoor, Place
from rowlock.cli.exits import ExitCode
from rowlock.cli.options import Database
from rowlock.cli.output import one_line, say_json, say_table, warn
from rowlock.model.changes import By
from rowlock.model.schedules import Schedule, ScheduleSync
from rowlock.wire.schedules import sync_to_wire

COLUMNS = ("SCHEDULE", "OUTCOME", "PROBLEM")


def synchronize(
    place: Place, reference: str, *, prune: bool, yes: bool, by: By, as_json: bool
) -> None:
    """Store what an app declares, and delete what it no longer does if that is wanted."""
    with closing(app_at(place, reference).core) as core:
        code = flows.declared_by(core)
        door = LocalDoor(core) if isinstance(place, Database) else place.door(Core)
        with door:
            gone: Sequence[Schedule] = ()
            if prune:
                gone = door.ask(flows.undeclared_schedules, code)
                _ask(gone, yes=yes)
            done = door.ask(flows.sync_code, code)
            pruned = door.ask(flows.prune_schedules, gone, by=by)
    done = replace(done, pruned=pruned)
    if as_json:
        say_json(sync_to_wire(done))
    else:
        _tell(done)
    if done.problems:
        raise click.exceptions.Exit(ExitCode.FAILED)


def _ask(gone: Sequence[Schedule], *, yes: bool) -> None:
    """Ask before schedules are deleted, by name."""
    if gone:
        names = one_line(", ".join(one.name for one in gone))
        confirm(f"Delete what this code does not declare: {names}?", yes=yes)


def _tell(done: ScheduleSync) -> None:
    """Print what became of each schedule; what can be done about it goes to stderr."""
    left = [name for name in done.undeclared if name not in done.pruned]
    words = ("created", "changed", "unchanged", "deleted", "pruned")
    rows = [[name, word, "-"] for word in words for name in getattr(done, word)]
    rows += [[name, "undeclared", "-"] for name in left]
    rows += [[name, "problem", problem] for name, problem in done.problems.items()]
    say_table(COLUMNS, rows, whole=("SCHEDULE", "OUTCOME"))
    if done.deleted:
        warn("deleted by hand, and left so: rowlock schedule restore NAME brings one back")
    if left:
        warn("undeclared ones go on: --prune deletes them, unless another app declares them")
    if not rows:
        warn("this app declares no schedules")
