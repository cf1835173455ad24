"""Connections of one process that nobody uses just now."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from rowlock.errors import StorageUnavailableError


class IdleConnections:
    """The last used one first; from any thread.

    A forked child has none of its parent's, and closes none of them.
    """

    def __init__(self, close: Callable[[Any], None]) -> None:
        """Have none.

        Args:
            close: Closes one; never raises.
        """
        self._close = close
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._idle: list[Any] = []
        self._closed = False

    @property
    def are_inherited(self) -> bool:
        """Whether this process was forked from the one that they belong to."""
        return self._pid != os.getpid()

    def take(self) -> Any:
        """Return one, or None if there is none.

        Raises:
            StorageUnavailableError: After `close`.
        """
        with self._lock:
            if self._closed:
                raise StorageUnavailableError("the application was closed")
            return self._idle.pop() if self._idle else None

    def keep(self, connection: Any) -> None:
        """Keep one for the next who needs one; after `close` it is closed."""
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        self._close(connection)

    def drop(self) -> None:
        """Close all: one of their kind broke."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            self._close(connection)

    def close(self) -> None:
        """Close all, and what is kept from now on."""
        with self._lock:
            self._closed = True
        if not self.are_inherited:
            self.drop()
