"""`rowlock stats`: count tasks."""

from __future__ import annotations

from contextlib import closing

import click

from rowlock.app import flows
from rowlock.app.flow import run_flow
from rowlock.cli.options import Database, database_options, examples, json_option
from rowlock.cli.output import duration_text, say_json, say_table, warn
from rowlock.model.states import FINAL_STATES, TaskState
from rowlock.model.tasks import QueueCounts
from rowlock.wire.queues import counts_to_wire

STATES = tuple(state for state in TaskState if state is not TaskState.PAUSED)
COLUMNS = ("QUEUE", *(state.value.upper() for state in STATES), "OLDEST WAIT")


@click.command(epilog=examples("rowlock stats", "watch -n1 rowlock stats", "rowlock stats --json"))
@database_options
@json_option
def command(database: Database, *, as_json: bool) -> None:
    """Count the tasks of each queue by state.

    Finished tasks are counted over the last 10,000 of a queue; a + stands where there may be
    more. Piped, it prints a line of tab-separated fields for each queue.
    """
    with closing(database.open()) as opened:
        counts = run_flow(opened, flows.stats(opened))
    if as_json:
        say_json([counts_to_wire(one) for one in counts])
        return
    rows = [_row(one) for one in counts]
    empty = [name for name, *cells in zip(COLUMNS, *rows, strict=True) if {*cells} <= {"0", "-"}]
    say_table(COLUMNS, rows, whole=("QUEUE",), right=COLUMNS[1:], spare=empty[::-1])
    if not counts:
        warn("no queues yet: the first task makes one")


def _row(counts: QueueCounts) -> list[str]:
    name = f"{counts.queue} (paused)" if counts.paused else counts.queue
    return [name, *(_count(counts, state) for state in STATES), duration_text(counts.oldest_wait)]


def _count(counts: QueueCounts, state: TaskState) -> str:
    count = counts.counts.get(state, 0)
    more = "+" if count and counts.capped and state in FINAL_STATES else ""
    return f"{count:,}{more}"
