"""The child's end of the pair of sockets: blocking, for any thread to send on."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import suppress

from rowlock.model import json_text
from rowlock.runtime.processes.messages import (
    LENGTH,
    FromChild,
    Logged,
    ToChild,
    decode_to_child,
    framed,
)

EXTRAS = ("task_id", "queue", "attempt")


class Channel:
    """Sends to the worker and receives from it."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        # What a handler starts must not keep the worker from seeing that this process ended.
        self._socket.set_inheritable(False)
        self._sending = threading.Lock()

    def send(self, message: FromChild) -> None:
        """Send; a worker that is gone is noticed by who receives."""
        data = framed(message)
        with self._sending, suppress(OSError):
            self._socket.sendall(data)

    def receive(self) -> ToChild | None:
        """Return the next message; None if the worker is gone or wants no more."""
        head = self._read(LENGTH.size)
        body = head and self._read(LENGTH.unpack(head)[0])
        return decode_to_child(body) if body else None

    def _read(self, size: int) -> bytes:
        """Return so many bytes, or none if they will not come."""
        parts = bytearray()
        while len(parts) < size:
            try:
                part = self._socket.recv(size - len(parts))
            except OSError:
                return b""
            if not part:
                return b""
            parts += part
        return bytes(parts)


class LogRelay(logging.Handler):
    """Gives the records of a child's logging to the worker's."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record."""
        try:
            text = json_text.printable(self.format(record))
        except Exception:  # noqa: BLE001 - as every handler does it
            self.handleError(record)
            return
        known = {name: getattr(record, name, None) for name in EXTRAS}
        extra = {name: value for name, value in known.items() if isinstance(value, (str, int))}
        self._channel.send(Logged(record.name, record.levelno, text, record.created, extra))
