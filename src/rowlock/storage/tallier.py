"""Counts what happens to tasks in this process, and appends it to the database now and then."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from rowlock.errors import StorageConflictError, StorageUnavailableError
from rowlock.model.tallies import REST, Counted, Tally, TallyKey
from rowlock.plan import BEGIN, Plan
from rowlock.runners import Runner

APPEND_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 2.0
MOST_KEYS: Final = 2_000
"""Of what is not appended yet. What comes beyond is counted under one key of its namespace, and
beyond twice as many not at all."""

Append: TypeAlias = Callable[[Mapping[TallyKey, Tally]], Plan[None]]

Ran: TypeAlias = tuple[str, str | None, Counted | None, float, float]
"""An attempt whose end is recorded: queue, definition's key, what it is counted as, for how many
seconds it waited from when it was due to its start, and for how many it ran. None stands for one
that did not take place. A plain tuple: thousands are made in a second."""


class Tallier:
    """The counts of one process and database, of all namespaces.

    A thread starts with the first count, appends what was counted since ten seconds later, and
    ends when nothing has been counted meanwhile. While the database cannot be reached, it keeps
    what it has and tries again. A process that dies takes at most what it counted in those ten
    seconds with it; a forked child starts with nothing.

    Attributes:
        counts: Whether it counts; False where all that is done is rolled back.
    """

    def __init__(self, seconds: float = APPEND_SECONDS) -> None:
        """Count nothing yet.

        Args:
            seconds: How long after the first count it is appended.
        """
        self.counts = True
        self._seconds = seconds
        self._runner: Runner | None = None
        self._plan: Append | None = None
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._appending = threading.Lock()
        self._tallies: dict[TallyKey, Tally] = {}
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._in_doubt = False
        self._failed = False

    def bind(self, runner: Runner, append: Append) -> None:
        """Say where to append.

        Args:
            runner: Runs the plan.
            append: Makes it.
        """
        self._runner, self._plan = runner, append

    def count(self, counts: Mapping[TallyKey, int]) -> None:
        """Count what has happened."""
        if not self.counts:
            return
        self._check_own()
        with self._lock:
            for key, count in counts.items():
                self._tally(key).count += count
            self._start_if_needed()

    def count_runs(self, namespace: str, runs: Iterable[Ran]) -> None:
        """Count attempts that have ended."""
        if not self.counts:
            return
        sums: dict[tuple[str, str | None, Counted], Tally] = {}
        for queue, definition, counted, waited, took in runs:
            if counted is None:
                continue
            key = queue, definition, counted
            tally = sums.get(key)
            if tally is None:
                tally = sums[key] = Tally()
            tally.count += 1
            tally.waits.add(waited)
            tally.runs.add(took)
        self._merge({TallyKey(namespace, *key): tally for key, tally in sums.items()})

    def _merge(self, counts: Mapping[TallyKey, Tally]) -> None:
        self._check_own()
        with self._lock:
            for key, tally in counts.items():
                self._tally(key).merge(tally)
            self._start_if_needed()

    def _check_own(self) -> None:
        if self._pid != os.getpid():
            self._reset()

    def _tally(self, key: TallyKey) -> Tally:
        found = self._tallies.get(key)
        if found is None and len(self._tallies) >= MOST_KEYS:
            key = key.within(REST)
            found = self._tallies.get(key)
        if found is None:
            found = Tally()
            if len(self._tallies) < 2 * MOST_KEYS:
                self._tallies[key] = found
        return found

    def _start_if_needed(self) -> None:
        if self._thread is None and self._tallies and not self._ending.is_set():
            self._start()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="rowlock-tally", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the interpreter ends, or there are too many: the next count tries
            return
        self._thread = thread
        # Programs that enqueue and end, without closing the app, count too.
        atexit.register(self.close)

    def _run(self) -> None:
        while True:
            ended = self._ending.wait(self._seconds)
            self.append()
            with self._lock:
                if ended or not self._tallies:
                    self._thread = None
                    atexit.unregister(self.close)
                    return

    def append(self) -> None:
        """Append now what was counted; what the database cannot take for now is kept."""
        self._check_own()
        with self._appending:
            with self._lock:
                taken, self._tallies = self._tallies, {}
            if taken and self._runner is not None:
                self._append(self._runner, taken)

    def _append(self, runner: Runner, taken: Mapping[TallyKey, Tally]) -> None:
        try:
            runner.run(self._store, taken)
        except Exception as error:  # noqa: BLE001 - whatever it is, it does not end the counting
            if not self._failed:
                _warn(error)
            self._failed = True
            passes = isinstance(error, (StorageUnavailableError, StorageConflictError))
            if passes and not self._in_doubt:
                self._merge(taken)
        else:
            self._failed = False

    def _store(self, taken: Mapping[TallyKey, Tally]) -> Plan[None]:
        """Append within a transaction: if that breaks before its commit, nothing is stored."""
        assert self._plan is not None  # noqa: S101 - nothing runs before
        self._in_doubt = False
        yield BEGIN
        yield from self._plan(taken)
        # What is in doubt from here on is not counted again: better too few than too many.
        self._in_doubt = True

    def close(self) -> None:
        """Append what was counted, which is waited for a moment."""
        if self._pid != os.getpid():
            return
        with self._lock:
            thread = self._thread
        self._ending.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_SECONDS)


def _warn(error: Exception) -> None:
    import logging  # start-up time of the command line

    logging.getLogger(__name__).warning("cannot store counts of tasks: %s", error)
