"""A TCP proxy to a server that can fall silent: it accepts, and nothing passes."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

from tests.support.proxying import CHUNK, TcpProxy, close_socket


class StallingProxy(TcpProxy):
    """Forwards connections to a server, and stalls when it is told to.

    While it stalls, connections are accepted and stay open without an answer, as with a server
    that hangs or a network that swallows every packet. What was sent meanwhile arrives later.
    """

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._passing = threading.Event()
        self._passing.set()
        self._mark: bytes | None = None
        self.stalled = threading.Event()

    def release(self) -> None:
        """Let go of what is held up. See `TcpProxy.release`."""
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

    def serve(self, client: socket.socket) -> None:
        """Pass on what both sides send. See `TcpProxy.serve`."""
        server = self.connected(client)
        if server is not None:
            threading.Thread(
                target=self._pass_on, args=(server, client, False), daemon=True
            ).start()
            self._pass_on(client, server, True)

    def _pass_on(self, source: socket.socket, sink: socket.socket, asks: bool) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if asks and self._mark is not None and self._mark in data:
                    self.stall()
                else:
                    self._passing.wait()
                sink.sendall(data)
        close_socket(source)
        close_socket(sink)
