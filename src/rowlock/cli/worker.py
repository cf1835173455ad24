"""`rowlock worker`: run an app's tasks."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

import click

from rowlock.cli.arguments import slots_by_queue
from rowlock.cli.doors import Place
from rowlock.cli.exits import ExitCode
from rowlock.cli.options import examples, json_option, number
from rowlock.cli.output import say_json, warn, without_controls
from rowlock.cli.places import place_options
from rowlock.cli.worker_options import program_options
from rowlock.model.names import DEFAULT_QUEUE
from rowlock.worker.life import WorkerLife
from rowlock.worker.program import Surroundings, run_worker

log_level_option = click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    default="info",
    show_default=True,
    help="How much is logged on stderr.",
)


@click.command(
    epilog=examples(
        "rowlock worker tasks:app",
        "rowlock worker tasks:app --queue emails=10 --queue default=5",
        "rowlock worker tasks:app --once --url sqlite:///app.db",
        "rowlock worker tasks:app --processes 4 --max-memory 1GB --health-port 8081",
        "rowlock worker tasks:app --watch",
        "rowlock worker tasks:app --server https://queue.example --queue emails=10",
    )
)
@click.argument("app")
@click.option(
    "--queue",
    "queues",
    multiple=True,
    metavar="NAME[=SLOTS]",
    help="A queue to work on, and how many of its tasks at once. Again for more queues.  "
    "[default: every queue that the app's definitions name]",
)
@click.option(
    "--concurrency",
    type=number,
    metavar="N",
    help="Tasks at once in all.  [default: the sum of the slots, or 10]",
)
@click.option(
    "--grace",
    default="30s",
    show_default=True,
    metavar="DURATION",
    help="How long running tasks may go on after a stop, before they are handed back.",
)
@click.option(
    "--unknown",
    type=click.Choice(["leave", "fail"]),
    default="leave",
    show_default=True,
    help="What happens to tasks of definitions that the app does not have.",
)
@click.option("--once", is_flag=True, help="Run what can start now, then exit.")
@log_level_option
@program_options
@place_options
@json_option
@click.pass_context
def command(  # noqa: PLR0913 - one parameter for each option
    context: click.Context,
    /,
    place: Place,
    *,
    app: str,
    queues: tuple[str, ...],
    concurrency: int | None,
    grace: str,
    unknown: str,
    once: bool,
    log_level: str,
    as_json: bool,
    processes: int | None,
    watch: bool,
    around: Surroundings,
    worker_id: str | None,
    **limits: Any,
) -> None:
    """Run an app's tasks until told to stop.

    APP is module:name, such as tasks:app; the working directory is importable. The first
    SIGTERM or Ctrl-C lets running tasks finish, the second hands them back at once. The exit
    code is 1 if any had to be handed back, and 6 if every slot was lost to a thread that does
    not end. With --server the tasks come over HTTP, and the app's own database is not used.
    """
    from rowlock.cli.apps import app_at
    from rowlock.cli.working import worker_at

    slots = slots_by_queue(queues)
    supervised = watch or processes is not None
    if once and supervised:
        raise click.UsageError("--once runs in this process, without --processes and --watch")
    log_to_stderr(log_level)
    loaded = app_at(place, app)
    own = {definition.queue: None for definition in loaded.core.registry}
    worker = worker_at(
        place,
        loaded,
        slots or own or {DEFAULT_QUEUE: None},
        concurrency=concurrency,
        grace=grace,
        unknown=unknown,
        worker_id=worker_id,
        **limits,
    )
    if not len(loaded.core.registry) and not loaded.core.extensions.tickers:
        warn(f"rowlock: {app} has no task definitions; was the module that has them imported?")
    try:
        if supervised:
            from rowlock.cli.supervising import supervise

            code = supervise(context, loaded, place, around, processes=processes, watch=watch)
            raise click.exceptions.Exit(code)
        if once:
            _run_once(worker, as_json=as_json)
        else:
            _run(worker, around, as_json=as_json)
    finally:
        loaded.core.close()


class _Formatter(logging.Formatter):
    """Times in UTC; a line that a handler logged says whose it is."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        task = getattr(record, "task_id", None)
        name = record.name.removeprefix("rowlock.task.")
        record.task = "" if task is None else f"{name} {task}: "
        return without_controls(super().format(record))


def log_to_stderr(level: str) -> None:
    """Log to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Formatter("%(asctime)s %(levelname)-7s %(task)s%(message)s", datefmt="%Y-%m-%dT%H:%M:%SZ")
    )
    logging.basicConfig(level=level.upper(), handlers=[handler])
    if level.lower() != "debug":
        logging.getLogger("httpx2").setLevel(logging.WARNING)  # it tells of every request


def _run(worker: WorkerLife, around: Surroundings, *, as_json: bool) -> None:
    import asyncio

    abandoned = asyncio.run(run_worker(worker, around))
    if as_json:
        say_json({"worker": worker.id, "abandoned": abandoned})
    if abandoned:
        warn(f"rowlock: {abandoned} tasks were given up; they run again")
        raise click.exceptions.Exit(ExitCode.FAILED)


def _run_once(worker: WorkerLife, *, as_json: bool) -> None:
    import asyncio

    from rowlock.worker.signals import stopping_on_signals

    interrupted = False

    def stop() -> None:
        nonlocal interrupted
        interrupted = True
        worker.request_stop()

    async def drain() -> int:
        with stopping_on_signals(stop, worker.request_hurry):
            return await worker.arun_once()

    recorded = asyncio.run(drain())
    if as_json:
        say_json({"worker": worker.id, "recorded": recorded})
    else:
        warn(f"rowlock: attempts recorded: {recorded}")
    if interrupted:
        raise click.exceptions.Exit(ExitCode.INTERRUPTED)
