"""A TCP proxy that loses the server's answer to a chosen request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress

from tests.support.proxying import CHUNK, TcpProxy, close_socket

KEPT = 100_000


class Proxy(TcpProxy):
    """Forwards connections to a server until it is told to cut one.

    The request is forwarded and the server's answer awaited, so that whatever was asked for
    has happened; the answer is thrown away and the connection closed.
    """

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._lock = threading.Lock()
        self._marks: Sequence[bytes] = ()
        self._holds = False
        self._gate = threading.Event()
        self._gate.set()
        self.cut = threading.Event()

    def release(self) -> None:
        """Let go of who waits to be let in. See `TcpProxy.release`."""
        self._gate.set()

    def cut_after(self, *marks: bytes, hold: bool = False) -> None:
        """Cut the connection that sends these texts, one after the other, once answered.

        Args:
            marks: What the requests contain; with the last of them the answer is lost.
            hold: Let nobody in from then on, until `let_in`.
        """
        with self._lock:
            self._marks, self._holds = marks, hold
            self.cut.clear()

    def let_in(self) -> None:
        """Serve new connections again."""
        self._gate.set()

    def serve(self, client: socket.socket) -> None:
        """Pass requests on, and answers back until one is to be lost. See `TcpProxy.serve`."""
        self._gate.wait()
        server = self.connected(client)
        if server is None:
            return
        link = _Link()
        threading.Thread(target=self._answer, args=(link, server, client), daemon=True).start()
        self._ask(link, client, server)

    def _ask(self, link: _Link, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(CHUNK):
                self._look_at(link, data)
                server.sendall(data)
        close_socket(server)

    def _look_at(self, link: _Link, data: bytes) -> None:
        with self._lock:
            if link.marks is not self._marks:
                link.marks, link.seen, link.text = self._marks, 0, b""
            link.text = (link.text + data)[-KEPT:]
            while link.seen < len(link.marks) and link.marks[link.seen] in link.text:
                link.text = link.text.partition(link.marks[link.seen])[2]
                link.seen += 1
            if link.marks and link.seen == len(link.marks):
                self._marks = ()
                link.cutting = True

    def _answer(self, link: _Link, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(CHUNK):
                if link.cutting:
                    if self._holds:
                        self._gate.clear()
                    close_socket(client)
                    close_socket(server)
                    self.cut.set()
                    return
                client.sendall(data)
        close_socket(client)


class _Link:
    """How far one connection has come with the marks."""

    def __init__(self) -> None:
        self.marks: Sequence[bytes] = ()
        self.seen = 0
        self.text = b""
        self.cutting = False
