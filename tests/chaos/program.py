"""A worker process of the chaos tests: `python -m tests.chaos.program '{"url": …}'`.

It is a `Worker` as users have it; only its source writes down what it claims and settles.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import rowlock.worker.upkeep
import rowlock.worker.worker
from rowlock import Context, Rowlock, Worker
from rowlock.model.queues import Share
from rowlock.model.tasks import Claim, Finish
from rowlock.ops.upkeep import Duty
from rowlock.runtime.ends import End
from rowlock.sql_text import SqlText
from rowlock.storage.storage import Storage
from rowlock.worker.source import StorageSource
from tests.chaos.journal import Journal, microseconds

QUEUE = "chaos"
EXIT_ABANDONED = 3
EXIT_POISONED = 9

# Each statement that ends a claim compares the row's token with the given one like this,
# whatever its engine.
_GUARD = re.compile(
    r"(?<![.\w])(?:t\.)?token\s*=\s*(?:[a-z_]+\(v\.[^()]*\)|v\.token)", re.IGNORECASE
)
_SETTLING = ("finish_", "release_", "lock_held", "bury_", "delete_held", "settle_")
_RENEWING = ("lock_held_unlocked",)
_SLICE_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a test says to a worker process.

    Attributes:
        hasty: Rescue goes round five times a second and spares nobody longer than a third of
            one, so that a test sees in seconds what else takes a minute.
        mutant: `no_token` removes the guard from every settle.
    """

    url: str
    journal: str
    slots: int = 4
    prefetch: int = 0
    grace: float = 30.0
    hasty: bool = True
    mutant: str | None = None

    @property
    def text(self) -> str:
        return json.dumps(asdict(self))


class JournalledSource(StorageSource):
    """The worker's source, which writes down what it was given and what became of it."""

    journal: Journal

    async def claim(self, shares: Sequence[Share], limit: int) -> list[Claim]:
        return self._noted(await super().claim(shares, limit))

    async def settle(self, ends: Sequence[End]) -> set[UUID]:
        self._note_asked(ends)
        recorded = await super().settle(ends)
        self._note_answered(ends, recorded)
        return recorded

    async def _exchanged(
        self, finished: Sequence[Finish], shares: Sequence[Share], limit: int
    ) -> tuple[set[UUID], list[Claim]]:
        self._note_asked(finished)
        recorded, claims = await super()._exchanged(finished, shares, limit)
        self._note_answered(finished, recorded)
        return recorded, self._noted(claims)

    def _note_asked(self, ends: Sequence[End]) -> None:
        for end in ends:
            self.journal.write("asked", **_facts(end))

    def _note_answered(self, ends: Sequence[End], recorded: set[UUID]) -> None:
        for end in ends:
            self.journal.write("answered", **_facts(end), recorded=end.id in recorded)

    def _noted(self, claims: list[Claim]) -> list[Claim]:
        """Write claims down, and have each handler learn its token as a tag, to write it too."""
        noted: list[Claim] = []
        for one in claims:
            told = one._replace(tags=json.dumps([str(one.token)]))
            if one.tags != told.tags:  # not yet
                self.journal.write(
                    "claimed",
                    task=str(one.id),
                    token=str(one.token),
                    attempt=one.attempt,
                    started=microseconds(one.started_at),
                )
            noted.append(told)
        return noted


def _facts(end: End) -> dict[str, Any]:
    final = isinstance(end, Finish)
    outcome = end.state if isinstance(end, Finish) else end.outcome
    return {
        "task": str(end.id),
        "token": str(end.token),
        "final": final,
        "outcome": outcome.value,
    }


@contextmanager
def journalled(journal: Journal, ctx: Context) -> Generator[dict[str, Any]]:
    """Write down that a handler started, and how it ended unless it was stopped."""
    facts = {"task": str(ctx.task.id), "token": ctx.task.tags[0], "attempt": ctx.attempt}
    journal.write("started", **facts, ok=True)
    said: dict[str, Any] = {}
    try:
        yield said
    except asyncio.CancelledError:
        journal.write("cancelled", **facts)
        raise
    except RuntimeError:
        journal.write("ended", **facts, ok=False)
        raise
    journal.write("ended", **facts, ok=True, **said)


def define(app: Rowlock, journal: Journal) -> None:
    """Register the handlers."""
    define_ordinary(app, journal)
    define_special(app, journal)


def define_ordinary(app: Rowlock, journal: Journal) -> None:
    """Register handlers that take their time, and fail as often as they are told."""

    def end(ctx: Context, failures: int) -> None:
        if ctx.attempt <= failures:
            raise RuntimeError("asked to fail")

    @app.task(queue=QUEUE)
    async def pause(ctx: Context, seconds: float, failures: int = 0, note: str = "") -> int:
        with journalled(journal, ctx):
            await asyncio.sleep(seconds)
            end(ctx, failures)
        return ctx.attempt

    @app.task(queue=QUEUE)
    def block(ctx: Context, seconds: float, failures: int = 0) -> int:
        with journalled(journal, ctx):
            # In slices, so that what was left when the process was frozen is still to be done.
            for _ in range(round(seconds / _SLICE_SECONDS)):
                time.sleep(_SLICE_SECONDS)
            end(ctx, failures)
        return ctx.attempt


def define_special(app: Rowlock, journal: Journal) -> None:
    """Register handlers that single tests need."""
    define_effects(app)
    present = threading.Barrier(2)

    @app.task(queue=QUEUE)
    def until_told(ctx: Context) -> int:
        """Run until asked to stop; another attempt ends at once."""
        with journalled(journal, ctx) as said:
            deadline = time.monotonic() + 60 if ctx.attempt == 1 else 0.0
            while not ctx.canceled and time.monotonic() < deadline:
                time.sleep(_SLICE_SECONDS)
            said["told"] = ctx.canceled
        return ctx.attempt

    @app.task(queue=QUEUE)
    def meet(ctx: Context) -> None:
        """Wait until two of these run in this process at once."""
        with journalled(journal, ctx):
            present.wait(timeout=30)

    @app.task(queue=QUEUE)
    async def poison(ctx: Context) -> None:
        with journalled(journal, ctx):
            await asyncio.sleep(0.05)
            os._exit(EXIT_POISONED)


def define_effects(app: Rowlock) -> None:
    """Register a handler that inserts a row and settles its task in one transaction."""

    @app.task(queue=QUEUE)
    def insert(ctx: Context, seconds: float) -> None:
        time.sleep(seconds)
        with ctx.transaction() as tx:
            cursor = tx.connection.cursor()
            cursor.execute(f"INSERT INTO effect VALUES ('{ctx.task.id}', {ctx.attempt})")  # noqa: S608
            cursor.close()
            time.sleep(seconds / 20)  # so that some are killed between effect and end


def hurry_upkeep() -> None:
    """Make rescue prompt."""
    rowlock.worker.upkeep.TICK_SECONDS = 0.2
    rowlock.worker.upkeep.RESCUE_GRACE = timedelta(seconds=0.3)  # type: ignore[attr-defined] # the module's own
    rowlock.worker.upkeep.RESCUE = Duty("rescue", timedelta(seconds=0.2))  # type: ignore[attr-defined] # the module's own


def remove_guard(storage: Storage) -> None:
    """Let whoever says that a task has ended be believed."""
    statements = storage.catalog._statements
    changed = 0
    for name, statement in statements.items():
        if name.startswith(_SETTLING) and name not in _RENEWING:
            text, guards = _GUARD.subn("true", statement.text)
            statements[name] = SqlText(text)
            changed += guards
    if not changed:
        raise AssertionError("no statement has a guard of the form that is known here")


def end_with_parent() -> None:
    """End soon after the test process, however that ended."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def run(options: Options, settings: Mapping[str, Any] | None = None) -> int:
    """Run a worker until it is told to stop; returns the exit code."""
    journal = Journal(options.journal)
    journal.write("born")
    JournalledSource.journal = journal
    rowlock.worker.worker.StorageSource = JournalledSource  # type: ignore[attr-defined] # the module's own
    if options.hasty:
        hurry_upkeep()
    with Rowlock(options.url, **(settings or {})) as app:
        define(app, journal)
        if options.mutant == "no_token":
            remove_guard(app.core.storage)
        worker = Worker(
            app, queues={QUEUE: options.slots}, prefetch=options.prefetch, grace=options.grace
        )
        abandoned = worker.run()
    journal.write("stopped", abandoned=abandoned)
    return EXIT_ABANDONED if abandoned else 0


if __name__ == "__main__":
    end_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(name)s: %(message)s")
    sys.exit(run(Options(**json.loads(sys.argv[1]))))
