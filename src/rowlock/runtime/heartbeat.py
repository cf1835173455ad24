"""Keeps claims alive, on a thread that no handler can hold up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from uuid import UUID

from rowlock.errors import StorageError
from rowlock.model.tasks import Held
from rowlock.runtime.attempt import RunningAttempt, StopReason, monotonic
from rowlock.runtime.source import TaskSource

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
REFUSED_SECONDS = 1.0


class Heartbeat:
    """Renews each claim when a third of its lease has passed; short tasks never need it.

    A claim whose lease ran out on our own clock while the database does not answer counts as
    lost, so that a worker that is cut off stops its handlers about when somebody else may
    start them. A database that refuses at once is down for everybody: nobody can take the
    task, and its holder renews when it is back, before anybody sweeps. Of a server before the
    database that is not so.
    """

    def __init__(
        self,
        source: TaskSource,
        held: Callable[[], Sequence[RunningAttempt]],
        *,
        on_lost: Callable[[RunningAttempt], None],
        on_cancel: Callable[[RunningAttempt], None],
        on_death: Callable[[Exception], None],
    ) -> None:
        """Wire the heartbeat.

        Args:
            source: Renews leases.
            held: What is in hand now; called on the heartbeat's thread.
            on_lost: Told of each claim that is lost; called on the heartbeat's thread.
            on_cancel: Told of each claim that was asked to cancel.
            on_death: Told what the thread died of: the worker must end too.
        """
        self._source = source
        self._held = held
        self._on_lost = on_lost
        self._on_cancel = on_cancel
        self._on_death = on_death
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="rowlock-heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread, without waiting for a renewal that hangs."""
        self._stopping.set()

    def _run(self) -> None:
        try:
            while not self._stopping.wait(TICK_SECONDS):
                self.beat()
        except Exception as error:  # noqa: BLE001 - whatever it is, leases are not renewed
            self._on_death(error)

    def beat(self) -> None:
        """Renew what is due once."""
        now = monotonic()
        due = [
            running
            for running in self._held()
            if running.renew_after <= now and running.stop_reason is not StopReason.LOST
        ]
        while due:
            # A worker that has taken its own lost task again holds it twice, until it is told.
            batch = {running.claim.id: running for running in due}
            self._renew(batch, now)
            due = [running for running in due if batch[running.claim.id] is not running]

    def _renew(self, due: dict[UUID, RunningAttempt], sent: float) -> None:
        wanted = [
            Held(running.claim.id, running.claim.token, running.lease) for running in due.values()
        ]
        asked = monotonic()
        try:
            pulses = self._source.renew(wanted)
        except StorageError as error:
            log.warning("cannot renew %d leases, trying again: %s", len(wanted), error)
            failed = monotonic()
            down = self._source.is_only_way and failed - asked < REFUSED_SECONDS
            for running in due.values():
                if down:
                    running.lost_after = max(running.lost_after, failed + REFUSED_SECONDS)
                elif running.lost_after <= failed:
                    self._on_lost(running)
            return
        for pulse in pulses:
            running = due[pulse.id]
            if not pulse.held:
                self._on_lost(running)
            else:
                running.renewed(sent)
                if pulse.cancel_requested:
                    self._on_cancel(running)
