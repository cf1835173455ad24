"""The heartbeat's thread, wired to the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from rowlock.model.tasks import Claim
from rowlock.runtime.attempt import RunningAttempt, StopReason
from rowlock.runtime.dispatcher import Dispatcher
from rowlock.runtime.heartbeat import Heartbeat
from rowlock.runtime.source import TaskSource


def started_heartbeat(
    dispatcher: Dispatcher,
    source: TaskSource,
    *,
    lost: Callable[[Claim], None],
    died: Callable[[str, Exception], None],
) -> Heartbeat:
    """Start the heartbeat of what a dispatcher holds.

    Args:
        dispatcher: Holds claims.
        source: Renews them.
        lost: Told of each claim that is lost, from the heartbeat's thread.
        died: Told on this event loop what the heartbeat died of.
    """
    loop = asyncio.get_running_loop()

    def stop(running: RunningAttempt, reason: StopReason) -> None:
        with suppress(RuntimeError):  # the loop is closed: nothing runs any more
            loop.call_soon_threadsafe(running.stop, reason)

    def lose(running: RunningAttempt) -> None:
        lost(running.claim)
        stop(running, StopReason.LOST)

    def die(error: Exception) -> None:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(died, "the heartbeat", error)

    heartbeat = Heartbeat(
        source,
        dispatcher.held,
        on_lost=lose,
        on_cancel=lambda running: stop(running, StopReason.CANCELED),
        on_death=die,
    )
    heartbeat.start()
    return heartbeat
