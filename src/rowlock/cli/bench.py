"""`rowlock bench`: measure how fast tasks go through a database."""

from __future__ import annotations

from contextlib import closing
from functools import partial

import click

from rowlock.app import flows
from rowlock.app.flow import Flow, Run, run_flow
from rowlock.app.opened import Opened
from rowlock.cli.confirming import confirm, yes_option
from rowlock.cli.options import Database, database_options, examples, json_option, number
from rowlock.cli.output import say_json, say_table, warn
from rowlock.errors import InvalidValueError
from rowlock.model.queues import checked_count

MIN_TASKS, MAX_TASKS = 100, 1_000_000


@click.command(
    epilog=examples(
        "rowlock bench --url sqlite:///bench.db",
        "rowlock bench --url postgresql://db.example/shop --tasks 100000 --json",
    )
)
@click.option(
    "--tasks",
    type=number,
    default=10_000,
    show_default=True,
    metavar="N",
    help=f"How many tasks, {MIN_TASKS} to {MAX_TASKS:,}.",
)
@yes_option
@database_options
@json_option
def command(database: Database, *, tasks: int, yes: bool, as_json: bool) -> None:
    """Measure how fast tasks go through your database.

    Tasks that do nothing are enqueued one by one and in bulk and then run by one worker; at
    last single tasks are enqueued while it waits, and the time until each starts is taken. All
    of them are in a namespace of their own, which is removed at the end.
    """
    if not MIN_TASKS <= checked_count("tasks", tasks) <= MAX_TASKS:
        raise InvalidValueError("tasks", f"must be {MIN_TASKS} to {MAX_TASKS:,}, not {tasks:,}")
    if database.namespace is not None:
        raise InvalidValueError("namespace", "cannot be chosen: a benchmark makes one of its own")
    with closing(database.open(create=True)) as opened:
        there, engine = run_flow(opened, _tasks_there(opened)), opened.storage.engine
    if there:
        confirm(
            f"The database has tasks ({there:,} or more). Run a benchmark beside them?", yes=yes
        )
    from rowlock.cli.bench_run import Bench

    bench = Bench(database, tasks, say=lambda text: None if as_json else warn(text))
    measured = bench.run()
    if as_json:
        say_json({"engine": engine, "tasks": tasks, **measured.document()})
        return
    rates, latency = ("TASKS", "SECONDS", "PER SECOND"), ("MILLISECONDS",)
    say_table(("STEP", *rates), measured.rates(), right=rates)
    say_table(("START AFTER ENQUEUE", *latency), measured.latencies(), right=latency)


def _tasks_there(opened: Opened) -> Flow[int]:
    """Count the tasks of all namespaces; finished ones up to a cap."""
    known = yield Run(partial(opened.storage.queues.list_queues, None), reads=True)
    total = 0
    for namespace in {queue.namespace for queue in known}:
        count = partial(opened.storage.reads.count_tasks, namespace, cap=flows.COUNT_CAP)
        counts = yield Run(count, reads=True)
        total += sum(sum(one.counts.values()) for one in counts)
    return total
