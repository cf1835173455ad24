"""A TCP proxy to a server that can fall silent: it accepts, and nothing passes."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

CHUNK = 65_536


class StallingProxy:
    """Forwards connections to a server, and stalls when it is told to.

    While it stalls, connections are accepted and stay open without an answer, as with a server
    that hangs or a network that swallows every packet. What was sent meanwhile arrives later.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._passing = threading.Event()
        self._passing.set()
        self._mark: bytes | None = None
        self._sockets: list[socket.socket] = []
        self.stalled = threading.Event()

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listener, *self._sockets):
            _close(one)
        self._passing.set()

    def url(self, dsn: str) -> str:
        """Return the DSN of a server, by way of this proxy."""
        return dsn.replace(f":{urlsplit(dsn).port}/", f":{self.port}/")

    def stall(self) -> None:
        """Let nothing pass from now on."""
        self._passing.clear()
        self.stalled.set()

    def stall_at(self, mark: bytes) -> None:
        """Stall as soon as a request contains `mark`: it arrives, its answer does not."""
        self._mark = mark

    def go_on(self) -> None:
        """Let everything pass again, beginning with what was held up."""
        self._mark = None
        self.stalled.clear()
        self._passing.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                return
            self._sockets += [client, server]
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for pair in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, asks: bool) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if asks and self._mark is not None and self._mark in data:
                    self.stall()
                else:
                    self._passing.wait()
                sink.sendall(data)
        _close(source)
        _close(sink)


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
