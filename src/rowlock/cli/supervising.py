"""`rowlock worker --processes` and `--watch`: workers as processes under this one."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import click

from rowlock.app.core import Application
from rowlock.cli.doors import Place
from rowlock.cli.exits import ExitCode
from rowlock.cli.worker_options import passed_on
from rowlock.cli.working import environment_at, releasing_at
from rowlock.model.durations import duration_from
from rowlock.model.queues import checked_count
from rowlock.worker.notify import VARIABLES
from rowlock.worker.program import Surroundings, run_supervisor
from rowlock.worker.supervisor import Supervisor
from rowlock.worker.watching import SourceWatch

OPTIONS_PREFIX = "ROWLOCK_WORKER_"
# Neither a wrong option nor a wrong schema is mended by another try.
HOPELESS = (ExitCode.USAGE, ExitCode.SCHEMA)


def supervise(
    context: click.Context,
    app: Application,
    place: Place,
    around: Surroundings,
    *,
    processes: int | None,
    watch: bool,
) -> int:
    """Run worker processes until told to stop; returns the exit code.

    Args:
        context: The command as it was called.
        app: The app.
        place: Where the workers' tasks are.
        around: What is served besides.
        processes: How many; one if it is not said.
        watch: Whether they start anew when a source file changes.
    """
    count = 1 if processes is None else checked_count("processes", processes)
    reference = context.params["app"]
    command = [sys.executable, "-m", "rowlock", "worker", reference, *passed_on(context)]
    command += ["--supervisor", str(os.getpid()), "--worker-id"]
    inherited = {name: value for name, value in os.environ.items() if not _is_own(name)}
    supervisor = Supervisor(
        lambda worker: [*command, worker],
        count,
        environment=environment_at(place, inherited),
        release=releasing_at(place, app),
        hopeless=HOPELESS,
        grace=duration_from("grace", context.params["grace"]).total_seconds(),
        change=SourceWatch(Path.cwd()).change if watch else None,
    )
    return asyncio.run(run_supervisor(supervisor, around))


def _is_own(variable: str) -> bool:
    """Whether a variable is for the supervisor alone: its options, and the service manager's."""
    return variable in VARIABLES or variable.startswith(OPTIONS_PREFIX)
