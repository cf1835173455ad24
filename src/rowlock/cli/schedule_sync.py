"""`rowlock schedules sync`: bring stored schedules in line with the code."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

import click

from rowlock.app import declared_schedules as flows
from rowlock.app.flow import run_flow
from rowlock.cli.apps import load_app
from rowlock.cli.confirming import confirm
from rowlock.cli.exits import ExitCode
from rowlock.cli.options import Database
from rowlock.cli.output import one_line, say_json, say_table, warn
from rowlock.model.changes import By
from rowlock.model.schedules import Schedule, ScheduleSync
from rowlock.wire.schedules import sync_to_wire

COLUMNS = ("SCHEDULE", "OUTCOME", "PROBLEM")


def synchronize(
    database: Database, reference: str, *, prune: bool, yes: bool, by: By, as_json: bool
) -> None:
    """Store what an app declares, and delete what it no longer does if that is wanted."""
    with closing(load_app(reference, database).core) as core:
        gone: Sequence[Schedule] = ()
        if prune:
            gone = run_flow(core, flows.undeclared_schedules(core))
            _ask(gone, yes=yes)
        done = run_flow(core, flows.sync_schedules(core, prune=False, by=by))
        pruned = run_flow(core, flows.prune_schedules(core, gone, by=by))
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
