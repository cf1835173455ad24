"""`rowlock bench`: measure how fast tasks go through a database."""

from __future__ import annotations

from contextlib import closing
from functools import partial

import click

from rowlock.app import flows
from rowlock.app.flow import Flow, Run, run_flow
from rowlock.app.opened import Opened
from rowlock.cli.confirming import confirm, yes_option
from rowlock.cli.doors import Place
from rowlock.cli.options import Database, examples, json_option, number
from rowlock.cli.output import say_json, say_table, warn
from rowlock.cli.places import place_options
from rowlock.errors import InvalidValueError
from rowlock.model.queues import checked_count

MIN_TASKS, MAX_TASKS = 100, 1_000_000


@click.command(
    epilog=examples(
        "rowlock bench --url sqlite:///bench.db",
        "rowlock bench --url postgresql://db.example/shop --tasks 100000 --json",
        "rowlock bench --server https://queue.example --yes",
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
@place_options
@json_option
def command(place: Place, *, tasks: int, yes: bool, as_json: bool) -> None:
    """Measure how fast tasks go through your database, or through a server.

    Tasks that do nothing are enqueued one by one and in bulk and then run by one worker; at
    last single tasks are enqueued while it waits, and the time until each starts is taken. All
    of them are in a namespace of their own, which is removed at the end. At a server it is a
    queue and a definition of their own, and the token needs tasks:enqueue, tasks:work,
    tasks:write, queues:write and definitions:write.
    """
    if not MIN_TASKS <= checked_count("tasks", tasks) <= MAX_TASKS:
        raise InvalidValueError("tasks", f"must be {MIN_TASKS} to {MAX_TASKS:,}, not {tasks:,}")
    _ask(place, yes=yes)
    from rowlock.cli.bench_run import Bench, way_to

    way = way_to(place)
    bench = Bench(way, tasks, say=lambda text: None if as_json else warn(text))
    measured = bench.run()
    if as_json:
        say_json({"engine": way.engine, "tasks": tasks, **measured.document()})
        return
    rates, latency = ("TASKS", "SECONDS", "PER SECOND"), ("MILLISECONDS",)
    say_table(("STEP", *rates), measured.rates(), right=rates)
    say_table(("START AFTER ENQUEUE", *latency), measured.latencies(), right=latency)


def _ask(place: Place, *, yes: bool) -> None:
    """Ask before a benchmark runs beside what others do."""
    if not isinstance(place, Database):
        confirm("Others may use the server. Run a benchmark beside them?", yes=yes)
        return
    if place.namespace is not None:
        raise InvalidValueError("namespace", "cannot be chosen: a benchmark makes one of its own")
    with closing(place.open(create=True)) as opened:
        there = run_flow(opened, _tasks_there(opened))
    if there:
        confirm(
            f"The database has tasks ({there:,} or more). Run a benchmark beside them?", yes=yes
        )


def _tasks_there(opened: Opened) -> Flow[int]:
    """Count the tasks of all namespaces; finished ones up to a cap."""
    known = yield Run(partial(opened.storage.queues.list_queues, None), reads=True)
    total = 0
    for namespace in {queue.namespace for queue in known}:
        count = partial(opened.storage.reads.count_tasks, namespace, cap=flows.COUNT_CAP)
        counts = yield Run(count, reads=True)
        total += sum(sum(one.counts.values()) for one in counts)
    return total
