"""What `rowlock demo` does and shows."""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import click

from rowlock.cli.exits import ExitCode
from rowlock.cli.output import (
    bytes_text,
    colored,
    is_drawn_on,
    say,
    say_json,
    warn,
    without_controls,
)
from rowlock.demo.files import Scope, shown_path
from rowlock.demo.run import Demo, Meter, Totals
from rowlock.errors import InvalidValueError

NAMED_FILES = 5
LINE_SECONDS = 5.0
LABEL_WIDTH = 12

Tick = Callable[[], None]


@dataclass(kw_only=True)
class Report:
    """What a run found out about itself."""

    demo: Demo
    resumed: bool = False
    tasks: int = 0
    already_done: int = 0
    enqueued_seconds: float = 0.0
    processed_seconds: float = 0.0
    started_at: float = field(default_factory=time.monotonic)
    skipped: dict[str, str] = field(default_factory=dict[str, str])
    found: Totals = field(default_factory=Totals)
    direct: Totals = field(default_factory=Totals)
    failed: list[str] = field(default_factory=list[str])
    differing: list[str] = field(default_factory=list[str])

    def skip(self, path: str, reason: str) -> None:
        """Remember a file that is left out."""
        self.skipped[path] = reason

    @property
    def done_now(self) -> int:
        """Tasks that this run did."""
        return self.demo.meter.done

    @property
    def rate(self) -> float:
        """Files a second."""
        return self.done_now / self.processed_seconds if self.processed_seconds else 0.0

    @property
    def is_good(self) -> bool:
        """Whether every file was indexed, and rightly."""
        return not self.failed and self.found == self.direct

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "directory": shown_path(str(self.demo.scope.top)),
            "database": str(self.demo.database),
            "url": self.demo.url,
            "files": self.found.files,
            "bytes": self.found.bytes,
            "lines": self.found.lines,
            "failed": len(self.failed),
            "skipped": len(self.skipped),
            "verified": self.is_good,
            "resumed": self.resumed,
            "processed": self.done_now,
            "concurrency": self.demo.concurrency,
            "enqueue_seconds": round(self.enqueued_seconds, 3),
            "process_seconds": round(self.processed_seconds, 3),
            "files_per_second": round(self.rate, 1),
            "elapsed_seconds": round(time.monotonic() - self.started_at, 3),
        }


def run_demo(*, directory: str | None, path: str | None, concurrency: int, as_json: bool) -> None:
    """Run the demonstration to its end. See `rowlock demo`.

    Raises:
        InvalidValueError: The directory is none.
        KeyboardInterrupt: It was told to stop; how to go on was said.
        Exit: A file was not indexed, or not rightly.
    """
    if directory is not None and not Path(directory).is_dir():
        raise InvalidValueError("dir", f"{directory!r} is not a directory")
    database = (
        Path(path).absolute() if path else Path(tempfile.mkdtemp(prefix="rowlock-demo-"), "demo.db")
    )
    demo = Demo(scope=Scope.of(directory, database), database=database, concurrency=concurrency)
    with closing(demo):
        report = Report(demo=demo)
        try:
            _run(report)
        except KeyboardInterrupt:
            _say_how_to_go_on(report, directory)
            raise
    if as_json:
        say_json(report.as_json())
    else:
        _say_summary(report)
    _warn_of_problems(report)
    if not report.is_good:
        raise click.exceptions.Exit(ExitCode.FAILED)


def _run(report: Report) -> None:
    demo = report.demo
    _enqueue(report)
    if report.tasks > report.already_done:
        started = time.monotonic()
        with _meter("Indexing", report.tasks, report.already_done, demo.meter) as tick:
            finished = asyncio.run(demo.work(tick))
        report.processed_seconds = time.monotonic() - started
        if not finished:
            raise KeyboardInterrupt
    report.found, failed = demo.results()
    report.failed = [
        f"{shown_path(str(task.payload['path']))}: "
        + (f"{task.error.type}: {task.error.message}" if task.error else task.state.value)
        for task in failed
    ]
    with _counter("Verifying", report.tasks) as count:
        report.direct = demo.compute_directly(lambda _path, _reason: None, count)
    if not report.is_good:
        report.differing = list(islice(demo.differences(), NAMED_FILES))


def _enqueue(report: Report) -> None:
    demo = report.demo
    backlog = demo.backlog()
    warn(f"database  {demo.database}")
    warn(f"directory {shown_path(str(demo.scope.top))}")
    if backlog.total:
        report.resumed, report.tasks = True, backlog.total
        report.already_done = backlog.finished
        warn(f"going on: {backlog.finished:,} of {backlog.total:,} files are done")
        if backlog.taken:
            warn(
                f"{backlog.taken} more are taken back when the killed run's leases end, in seconds"
            )
        return
    started = time.monotonic()
    with _counter("Enqueueing", None) as count:
        report.tasks = demo.enqueue(report.skip, count)
    report.enqueued_seconds = time.monotonic() - started
    warn(f"process   {os.getpid()}, kill it if you like: the same --db goes on where it stopped")


@contextmanager
def _counter(title: str, total: int | None) -> Generator[Tick]:
    """Show a count that grows with each call."""
    if not is_drawn_on(sys.stderr):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    console = Console(file=sys.stderr)
    columns = (SpinnerColumn(), TextColumn(f"{title:<10}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn("files"), console=console, transient=True) as bars:
        bar = bars.add_task(title, total=total)
        yield lambda: bars.advance(bar)


@contextmanager
def _meter(title: str, total: int, done_before: int, meter: Meter) -> Generator[Tick]:
    """Show what the worker does, each time it is called."""
    started = time.monotonic()

    def rate() -> float:
        return meter.done / max(time.monotonic() - started, 0.001)

    if is_drawn_on(sys.stderr):
        with _drawn_meter(title, total, done_before, meter, rate) as tick:
            yield tick
        return
    said_at = started

    def say_now_and_then() -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= LINE_SECONDS:
            said_at = time.monotonic()
            warn(f"{done_before + meter.done:,} of {total:,} files, {rate():,.0f}/s")

    yield say_now_and_then


@contextmanager
def _drawn_meter(
    title: str, total: int, done_before: int, meter: Meter, rate: Callable[[], float]
) -> Generator[Tick]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(file=sys.stderr, highlight=False)
    columns = (
        SpinnerColumn(),
        TextColumn(f"{title:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files  {task.fields[facts]}", style="cyan"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, transient=True) as bars, _logging_above(bars):
        bar = bars.add_task(title, total=total, completed=done_before, facts="")

        def tick() -> None:
            facts = f"{rate():,.0f}/s  {bytes_text(meter.bytes)}  {meter.running} running"
            bars.update(bar, completed=min(done_before + meter.done, total), facts=facts)

        yield tick


@contextmanager
def _logging_above(bars: Any) -> Generator[None]:
    """Print the library's warnings above the bar instead of across it."""
    from rich.text import Text

    class Above(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            bars.console.print(Text(without_controls(record.getMessage()), style="dim"))

    handler, logger = Above(logging.WARNING), logging.getLogger("rowlock")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _say_summary(report: Report) -> None:
    demo, found = report.demo, report.found
    say(colored(f"Indexed {found.files:,} files, one task for each", bold=True))
    rows = [
        ("files", f"{found.files:,}"),
        ("bytes", f"{found.bytes:,}  ({bytes_text(found.bytes)})"),
        ("lines", f"{found.lines:,}"),
        ("enqueued", _enqueued_text(report)),
        ("processed", _processed_text(report)),
        ("verified", _verified_text(report)),
        ("elapsed", f"{time.monotonic() - report.started_at:.2f} s"),
        ("database", str(demo.database)),
    ]
    for label, value in rows:
        if value:
            say(f"  {label.ljust(LABEL_WIDTH)}{value}")
    url = shlex.quote(demo.url)
    say()
    say("Look around:")
    say(f"  rowlock stats --url {url}")
    say(f"  rowlock tasks --url {url} --limit 5")


def _enqueued_text(report: Report) -> str:
    if report.resumed:
        return "by an earlier run"
    seconds = report.enqueued_seconds
    return f"in {seconds:.2f} s, {report.tasks / seconds:,.0f} tasks/s, one transaction"


def _processed_text(report: Report) -> str:
    if not report.tasks:
        return "nothing to do"
    if not report.processed_seconds:
        return "by an earlier run"
    earlier = f", {report.already_done:,} by an earlier run" if report.already_done else ""
    return (
        f"{report.done_now:,} in {report.processed_seconds:.2f} s, {report.rate:,.0f} files/s, "
        f"{report.demo.concurrency} at a time{earlier}"
    )


def _verified_text(report: Report) -> str:
    if report.is_good:
        return colored("every digest, size and line count equals a direct computation", "green")
    return colored("no, see below", "red", bold=True)


def _warn_of_problems(report: Report) -> None:
    _warn_of("left out", [f"{path}: {reason}" for path, reason in report.skipped.items()])
    _warn_of("failed", report.failed)
    if report.found != report.direct:
        direct = report.direct
        warn(
            "rowlock: the tasks' totals differ from a direct computation: "
            f"{direct.files:,} files, {direct.bytes:,} bytes, {direct.lines:,} lines are there now"
        )
        for line in report.differing:
            warn(f"  {without_controls(shown_path(line))}")


def _warn_of(what: str, lines: Iterable[str]) -> None:
    texts = list(lines)
    if not texts:
        return
    warn(f"rowlock: {len(texts):,} files {what}:")
    for line in texts[:NAMED_FILES]:
        warn(f"  {without_controls(shown_path(line))}")
    if len(texts) > NAMED_FILES:
        warn(f"  and {len(texts) - NAMED_FILES:,} more")


def _say_how_to_go_on(report: Report, directory: str | None) -> None:
    command_line = ["rowlock", "demo", "--db", str(report.demo.database)]
    if directory is not None:
        command_line += ["--dir", directory]
    done = report.already_done + report.done_now
    warn(f"stopped: {done:,} of {report.tasks:,} files are done")
    warn(f"go on with: {shlex.join(command_line)}")
