"""The service on a port, in a thread of this process."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import uvicorn

from rowlock import Rowlock
from rowlock.http import create_asgi
from rowlock.http.serving import Place, listening

CLOSE_SECONDS = 0.05


@contextmanager
def served(app: Rowlock, port: int = 0, **settings: Any) -> Generator[str]:
    """Serve an app in this block, without tokens if nothing else is said; yields the address."""
    with on_a_port(create_asgi(app, **{"needs_token": False, **settings}), port) as address:
        yield address


@contextmanager
def on_a_port(asgi: Any, port: int = 0, *, lifespan: Any = "off") -> Generator[str]:
    """Serve an ASGI application in this block; yields the address."""
    config = uvicorn.Config(asgi, lifespan=lifespan, log_config=None, ws="none")
    server = uvicorn.Server(config)
    with listening(Place("127.0.0.1", port)) as listener:
        thread = threading.Thread(target=asyncio.run, args=[_serve(server, listener)])
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit, server.force_exit = True, lifespan == "off"
            thread.join()


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    await server.serve(sockets=[listener])
    # It waits for nobody; what it leaves open would be found unclosed by any later test.
    for connection in list(server.server_state.connections):
        transport = connection.transport
        if transport is not None:
            transport.abort()
    await asyncio.sleep(CLOSE_SECONDS)
