"""`rowlock stats`: count tasks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import click

from rowlock.app import flows, measuring_flows
from rowlock.app.flow import run_flow
from rowlock.cli.options import Database, database_options, examples, json_option
from rowlock.cli.output import duration_text, say, say_json, say_table, warn
from rowlock.model.measures import Durations, Throughput
from rowlock.model.states import FINAL_STATES, TaskState
from rowlock.model.tasks import QueueCounts
from rowlock.wire.queues import counts_to_wire, durations_to_wire, throughput_to_wire
from rowlock.wire.values import Wire

STATES = tuple(state for state in TaskState if state is not TaskState.PAUSED)
DURATION_COLUMNS = (
    "DEFINITION",
    "TASKS",
    "FAILED",
    "AVERAGE",
    "P50",
    "P95",
    "P99",
    "LONGEST",
    "WAITED",
)
COLUMNS = ("QUEUE", *(state.value.upper() for state in STATES), "OLDEST WAIT")


@click.command(
    epilog=examples(
        "rowlock stats",
        "watch -n1 rowlock stats",
        "rowlock stats --window 24h",
        "rowlock stats --window 1h --json | jq '.definitions[] | {definition, p95_seconds}'",
    )
)
@click.option(
    "--window",
    metavar="DURATION",
    help="Also how many tasks were finished of late, and how long they took: 1h, 24h.",
)
@database_options
@json_option
def command(database: Database, *, window: str | None, as_json: bool) -> None:
    """Count the tasks of each queue by state.

    Finished tasks are counted over the last 10,000 of a queue; a + stands where there may be
    more. Piped, it prints a line of tab-separated fields for each queue. With --window come
    the rate and, after an empty line, a line for each definition; the JSON is then an object
    of "queues", "throughput" and "definitions".
    """
    with closing(database.open()) as opened:
        counts = run_flow(opened, flows.stats(opened))
        if window is None:
            rates, durations = None, []
        else:
            rates = run_flow(opened, measuring_flows.throughput(opened, window=window, queue=None))
            durations = run_flow(
                opened, measuring_flows.durations(opened, window=window, queue=None)
            )
    if as_json:
        queues = [counts_to_wire(one) for one in counts]
        say_json(queues if rates is None else _document(queues, rates, durations))
        return
    _say_counts(counts, rates)
    if rates is not None:
        say()
        _say_durations(durations)


def _document(
    queues: list[Wire], rates: Sequence[Throughput], durations: Sequence[Durations]
) -> Wire:
    return {
        "queues": queues,
        "throughput": [throughput_to_wire(one) for one in rates],
        "definitions": [durations_to_wire(one) for one in durations],
    }


def _say_counts(counts: Sequence[QueueCounts], rates: Sequence[Throughput] | None) -> None:
    columns, rows = [*COLUMNS], [_row(one) for one in counts]
    if rates is not None:
        columns.append("DONE/S")
        by_queue = {one.queue: one.per_second for one in rates}
        rows = [
            [*row, f"{by_queue.get(one.queue, 0):.3g}"]
            for row, one in zip(rows, counts, strict=True)
        ]
    empty = [name for name, *cells in zip(columns, *rows, strict=True) if {*cells} <= {"0", "-"}]
    say_table(columns, rows, whole=("QUEUE",), right=columns[1:], spare=empty[::-1])
    if not counts:
        warn("no queues yet: the first task makes one")


def _say_durations(durations: Sequence[Durations]) -> None:
    rows = [
        [
            one.definition or "-",
            f"{one.count:,}{'+' if one.capped else ''}",
            f"{one.failed:,}",
            *map(duration_text, (one.average, one.p50, one.p95, one.p99, one.longest)),
            duration_text(one.average_wait),
        ]
        for one in durations
    ]
    say_table(DURATION_COLUMNS, rows, whole=("DEFINITION",), right=DURATION_COLUMNS[1:])
    if not durations:
        warn("nothing finished within the window")


def _row(counts: QueueCounts) -> list[str]:
    name = f"{counts.queue} (paused)" if counts.paused else counts.queue
    return [name, *(_count(counts, state) for state in STATES), duration_text(counts.oldest_wait)]


def _count(counts: QueueCounts, state: TaskState) -> str:
    count = counts.counts.get(state, 0)
    more = "+" if count and counts.capped and state in FINAL_STATES else ""
    return f"{count:,}{more}"
