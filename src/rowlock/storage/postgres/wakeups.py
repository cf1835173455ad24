"""Wake-ups by LISTEN and NOTIFY, on a connection of their own."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Sequence

import psycopg
from psycopg import sql

from rowlock.plan import Plan, Statement
from rowlock.sql_text import SqlText
from rowlock.storage.postgres.connection import PostgresDriver
from rowlock.storage.wakeups import Hint, LocalWakeups

log = logging.getLogger(__name__)

LISTEN_SLICE_SECONDS = 1.0
PROBE_SECONDS = 15.0
RECONNECT_SECONDS = 1.0
COALESCE_SECONDS = 0.02
# What a burst's single notification leaves unsaid is committed within moments of it.
SECOND_LOOKS_SECONDS = (0.05, 0.2, 0.5)

_NOTIFY = SqlText("SELECT pg_notify(:channel, :payload)")


class NotifyWakeups(LocalWakeups):
    """Calls when a producer notified our channel.

    A connection can die without a sound, so a quiet one is asked for an answer now and then;
    after every reconnect the subscribers are called at once, for what they may have missed.
    """

    poll_seconds = 5.0
    second_looks = SECOND_LOOKS_SECONDS

    def __init__(self, driver: PostgresDriver, channel: str) -> None:
        super().__init__()
        self._driver = driver
        self._channel = channel
        self._stopping = threading.Event()
        self._announced_at: dict[str, float] = {}

    def announce(self, namespace: str, queues: Sequence[str], *, coalesce: bool) -> Plan[None]:
        """NOTIFY once for each queue. See `Wakeups.announce`.

        A woken worker claims until nothing is left and looks once more a little later, so a
        burst needs no more than its first notification: each costs a lock at commit.
        """
        for queue in queues:
            hint = self.hint(namespace, queue, coalesce=coalesce)
            if hint is not None:
                self.sent(hint, coalesce=coalesce)
                yield Statement("notify", _NOTIFY, hint._asdict())

    def hint(self, namespace: str, queue: str, *, coalesce: bool) -> Hint | None:
        """Return what to NOTIFY along with a task. See `Wakeups.hint`."""
        hint = Hint(self._channel, f"{namespace} {queue}")
        since = time.monotonic() - self._announced_at.get(hint.payload, -1.0)
        return None if coalesce and since < COALESCE_SECONDS else hint

    def sent(self, hint: Hint | None, *, coalesce: bool) -> None:
        """Take note of what was sent. See `Wakeups.sent`."""
        # Not so in a caller's transaction, which may be rolled back, and its hint with it.
        if hint is not None and coalesce:
            self._announced_at[hint.payload] = time.monotonic()

    def _start(self) -> None:
        self._stopping = threading.Event()
        listener = threading.Thread(
            target=self._listen, args=(self._stopping,), name="rowlock-wakeups", daemon=True
        )
        listener.start()

    def _stop(self) -> None:
        self._stopping.set()

    def _listen(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                connection = self._driver.connect()
            except psycopg.Error as error:
                log.debug("cannot listen for wake-ups, polling meanwhile: %s", error)
            else:
                try:
                    self._follow(connection, stopping)
                except psycopg.Error as error:
                    log.debug("lost the connection that listens for wake-ups: %s", error)
                finally:
                    self._driver.close(connection)
            stopping.wait(RECONNECT_SECONDS * (0.5 + random.random()))  # noqa: S311 - jitter

    def _follow(self, connection: psycopg.Connection, stopping: threading.Event) -> None:
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
        self.wake_here(None, None)
        heard_at = time.monotonic()
        while not stopping.is_set():
            for notice in connection.notifies(timeout=LISTEN_SLICE_SECONDS, stop_after=1):
                heard_at = time.monotonic()
                self._tell(notice.payload)
            if time.monotonic() - heard_at > PROBE_SECONDS:
                connection.execute("SELECT 1")
                heard_at = time.monotonic()

    def _tell(self, payload: str) -> None:
        namespace, _, queue = payload.partition(" ")
        self.wake_here(namespace or None, queue or None)
