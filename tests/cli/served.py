"""A server of this process, for the command line to ask."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from typing import NamedTuple

import uvicorn

from rowlock import AsyncRowlock, Rowlock
from rowlock.app import token_flows
from rowlock.app.flow import run_flow
from rowlock.http import Limits, create_asgi

GENEROUS = Limits(rate=100_000, burst=100_000, failed_rate=100_000, failed_burst=100_000)


class Served(NamedTuple):
    """A server that serves a database.

    Attributes:
        database: The URL of the database.
        url: Where the server listens.
    """

    database: str
    url: str

    def at(self, *scopes: str) -> dict[str, str]:
        """Return the environment in which commands ask it, by a new token."""
        return self.by(new_token(self.database, *scopes))

    def by(self, token: str) -> dict[str, str]:
        """Return the environment in which commands ask it, by that token."""
        return {"ROWLOCK_SERVER": self.url, "ROWLOCK_TOKEN": token}


def new_token(database: str, *scopes: str, everywhere: bool = False) -> str:
    """Make a token; for everything if no scopes are named."""
    with closing(Rowlock(database)) as app:
        flow = token_flows.create_token(
            app.core, "test", scopes or ("admin",), expires=None, everywhere=everywhere
        )
        return run_flow(app.core, flow)[1]


def use(database: str, token: str) -> None:
    """Let a token be used, which is written down."""
    with closing(Rowlock(database)) as app:
        assert run_flow(app.core, token_flows.valid_token(app.core, token)) is not None


@contextmanager
def served(database: str, limits: Limits = GENEROUS) -> Generator[Served]:
    """Serve a database in this block, without upkeep, which would change what is looked at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config("", log_level="error", lifespan="off"))
        thread = threading.Thread(target=_serve, args=(server, listener, database, limits))
        thread.start()
        try:
            yield Served(database, f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join()


def _serve(server: uvicorn.Server, listener: socket.socket, database: str, limits: Limits) -> None:
    async def serve() -> None:
        async with AsyncRowlock(database) as app:
            server.config.app = create_asgi(app, limits=limits)
            await server.serve(sockets=[listener])

    asyncio.run(serve())
