"""`rowlock stats`: count tasks."""

from __future__ import annotations

from collections.abc import Sequence

import click

from rowlock.app.measuring_flows import overview
from rowlock.app.opened import Opened
from rowlock.cli.doors import Place
from rowlock.cli.options import examples, json_option
from rowlock.cli.output import duration_text, say, say_json, say_table, warn
from rowlock.cli.places import place_options
from rowlock.model.measures import Durations, Throughput
from rowlock.model.states import FINAL_STATES, TaskState
from rowlock.model.tasks import QueueCounts
from rowlock.wire.queues import overview_to_wire

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
@place_options
@json_option
def command(place: Place, *, window: str | None, as_json: bool) -> None:
    """Count the tasks of each queue by state.

    Finished tasks are counted over the last 10,000 of a queue; a + stands where there may be
    more. Piped, it prints a line of tab-separated fields for each queue. With --window come
    the rate and, after an empty line, a line for each definition; the JSON is then an object
    of "queues", "throughput" and "definitions".
    """
    with place.door(Opened) as door:
        counts, rates, durations = door.ask(overview, window=window, queue=None)
    if as_json:
        document = overview_to_wire(counts, rates or (), durations or ())
        say_json(document["queues"] if rates is None else document)
        return
    _say_counts(counts, rates)
    if durations is not None:
        say()
        _say_durations(durations)


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
