"""A TCP proxy to a server of this host; what it does to the connections, its subclasses say."""

from __future__ import annotations

import socket
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Self

CHUNK = 65_536


class TcpProxy(ABC):
    """Listens on a port of its own and gives each connection a thread.

    Attributes:
        port: Where it listens, inside its block.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        for one in (self._listener, *self._sockets):
            close_socket(one)

    @abstractmethod
    def release(self) -> None:
        """Let go of every thread that is held up."""

    @abstractmethod
    def serve(self, client: socket.socket) -> None:
        """Serve one connection, on a thread of its own."""

    def connected(self, client: socket.socket) -> socket.socket | None:
        """Return the client's own connection to the server; without one it is hung up."""
        try:
            server = socket.create_connection(self._target)
        except OSError:
            close_socket(client)
            return None
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.append(one)
        return server

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()


def close_socket(one: socket.socket) -> None:
    """Close a socket, also under a thread that reads from it."""
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
