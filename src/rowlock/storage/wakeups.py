"""How a sleeping worker learns that there is work: hints, never the truth.

Whoever waits also polls, so a hint that is lost costs time and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from rowlock.plan import Plan

TIMES = "@times"
"""Stands for the name of a queue, which it cannot be: a schedule or a ticker was changed."""

OnWake: TypeAlias = Callable[[str | None, str | None], None]
"""Called from any thread with namespace and queue; None stands for any."""


class Hint(NamedTuple):
    """A call to other processes, as this engine sends it."""

    channel: str
    payload: str


class Wakeups(Protocol):
    """One process's ear for new tasks.

    Attributes:
        poll_seconds: How long to sleep at most when nobody calls; short where nobody can call.
    """

    poll_seconds: float

    @property
    def second_looks(self) -> tuple[float, ...]:
        """After which seconds to look again, where one call stands for a burst of tasks."""
        ...

    def subscribe(self, on_wake: OnWake) -> Callable[[], None]:
        """Start calling `on_wake`; returns what ends it."""
        ...

    def announce(self, namespace: str, queues: Sequence[str], *, coalesce: bool) -> Plan[None]:
        """Send a hint with the transaction that stores tasks; it leaves on commit.

        Args:
            namespace: Whose queues.
            queues: Which queues got tasks.
            coalesce: Leave it out if one for the same queue was sent moments ago.
        """
        ...

    def hint(self, namespace: str, queue: str, *, coalesce: bool) -> Hint | None:
        """Return the hint that the statement which stores a task is to send along.

        Args:
            namespace: Whose queue.
            queue: Which queue gets the task.
            coalesce: Return None if one for the same queue was sent moments ago.
        """
        ...

    def sent(self, hint: Hint | None, *, coalesce: bool) -> None:
        """Take note of a hint that was sent along."""
        ...

    def wake_here(self, namespace: str | None, queue: str | None) -> None:
        """Tell the subscribers of this process, after a commit of its own."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


class LocalWakeups:
    """Subscribers within this process; the base of every engine's wake-ups."""

    poll_seconds: float = 1.0
    second_looks: tuple[float, ...] = ()

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: list[OnWake] = []

    def subscribe(self, on_wake: OnWake) -> Callable[[], None]:
        """Start calling `on_wake`. See `Wakeups.subscribe`."""
        with self._lock:
            self._subscribers.append(on_wake)
            if len(self._subscribers) == 1:
                self._start()

        def unsubscribe() -> None:
            with self._lock:
                if on_wake in self._subscribers:
                    self._subscribers.remove(on_wake)
                    if not self._subscribers:
                        self._stop()

        return unsubscribe

    def announce(self, namespace: str, queues: Sequence[str], *, coalesce: bool) -> Plan[None]:
        """Send nothing: see `Wakeups.announce` for engines that can call."""
        del namespace, queues, coalesce
        yield from ()

    def hint(self, namespace: str, queue: str, *, coalesce: bool) -> Hint | None:
        """Return None: see `Wakeups.hint` for engines that can call."""
        del namespace, queue, coalesce
        return None

    def sent(self, hint: Hint | None, *, coalesce: bool) -> None:
        """Take note of nothing: see `Wakeups.sent` for engines that can call."""

    def wake_here(self, namespace: str | None, queue: str | None) -> None:
        """Tell the subscribers of this process."""
        for subscriber in tuple(self._subscribers):
            subscriber(namespace, queue)

    def close(self) -> None:
        """Stop listening."""
        with self._lock:
            self._subscribers.clear()
            self._stop()

    def _start(self) -> None:
        """Begin to listen to other processes; the first subscriber came."""

    def _stop(self) -> None:
        """Cease to listen; the last subscriber went. Must not wait."""


class PollingWakeups(LocalWakeups):
    """For engines that cannot call: this process is told at once, others are found by polling."""

    poll_seconds = 0.25
