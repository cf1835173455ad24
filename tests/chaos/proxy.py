"""A TCP proxy that loses the server's answer to a chosen request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

CHUNK = 65_536
KEPT = 100_000


class Proxy:
    """Forwards connections to a server until it is told to cut one.

    The request is forwarded and the server's answer awaited, so that whatever was asked for
    has happened; the answer is thrown away and the connection closed.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._lock = threading.Lock()
        self._marks: Sequence[bytes] = ()
        self._holds = False
        self._gate = threading.Event()
        self._gate.set()
        self._sockets: list[socket.socket] = []
        self.cut = threading.Event()

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._gate.set()
        _close(self._listener)
        for one in self._sockets:
            _close(one)

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

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._gate.wait()
        try:
            server = socket.create_connection(self._target)
        except OSError:
            _close(client)
            return
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.append(one)
        link = _Link()
        threading.Thread(target=self._answer, args=(link, server, client), daemon=True).start()
        self._ask(link, client, server)

    def _ask(self, link: _Link, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(CHUNK):
                self._look_at(link, data)
                server.sendall(data)
        _close(server)

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
                    _close(client)
                    _close(server)
                    self.cut.set()
                    return
                client.sendall(data)
        _close(client)


class _Link:
    """How far one connection has come with the marks."""

    def __init__(self) -> None:
        self.marks: Sequence[bytes] = ()
        self.seen = 0
        self.text = b""
        self.cutting = False


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
