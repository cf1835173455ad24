"""The service as a program: uvicorn with deadlines of ours, beside a worker or upkeep."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any, NamedTuple

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from rowlock.app.core import Application
from rowlock.errors import InvalidValueError
from rowlock.http.application import Served
from rowlock.http.front import NOTHING, Front
from rowlock.http.streaming import STALLED_SECONDS
from rowlock.worker.caretaking import looked_after
from rowlock.worker.notify import Notifier
from rowlock.worker.signals import stopping_on_signals
from rowlock.worker.worker import Worker

log = logging.getLogger(__name__)

HEAD_SECONDS = 10.0
IDLE_SECONDS = 5
MAX_HEAD_BYTES = 16 * 1024
MAX_CONNECTIONS = 1_000
GRACE_SECONDS = 30
BACKLOG = 2_048


class Place(NamedTuple):
    """Where the service listens; port 0 is any that is free."""

    host: str
    port: int


async def serve(
    app: Application,
    asgi: ASGIApp,
    place: Place,
    *,
    front: Front = NOTHING,
    worker: Worker | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT; requests that have begun are answered first.

    Args:
        app: Its database is looked after meanwhile, by the worker if there is one.
        asgi: What `create_asgi` returned.
        place: Where.
        front: What stands in front of it.
        worker: Runs beside it.

    Returns:
        How many running tasks the worker gave up.

    Raises:
        InvalidValueError: It cannot listen there.
        StorageError: The database cannot be reached, or its schema is not ours.
    """
    await app.core.aopen()
    notifier = Notifier()
    with listening(place) as listener:
        server = _Server(_config(asgi, front))

        def stop() -> None:
            notifier.stopping()
            server.should_exit = True
            if isinstance(asgi, Served):
                asgi.end_waits()
            if worker is not None:
                worker.request_stop()

        def hurry() -> None:
            server.force_exit = True
            if worker is not None:
                worker.request_hurry()

        with stopping_on_signals(stop, hurry):
            async with _beside(app, worker, stop) as given_up:
                log.info("listening on %s", _address(listener))
                notifier.ready()
                await server.serve(sockets=[listener])
                stop()
                return await given_up


@asynccontextmanager
async def _beside(
    app: Application, worker: Worker | None, stop: Callable[[], None]
) -> AsyncGenerator[asyncio.Future[int]]:
    """Run a worker, or upkeep; yields what becomes of the worker's tasks."""
    if worker is None:
        async with looked_after(app.core):
            nothing: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            nothing.set_result(0)
            yield nothing
        return
    await worker.start()
    waiting = asyncio.ensure_future(worker.wait())
    # A worker that ends by itself is replaced together with its server.
    waiting.add_done_callback(lambda _: stop())
    try:
        yield waiting
    finally:
        worker.request_stop()
        await asyncio.wait([waiting])


@contextmanager
def listening(place: Place) -> Generator[socket.socket]:
    """Listen in this block.

    Raises:
        InvalidValueError: The address cannot be used.
    """
    with ExitStack() as opened:
        try:
            found = socket.getaddrinfo(
                *place, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
            )
            family, kind, protocol, _, address = found[0]
            # With the protocol named: else asyncio does not see that it is TCP, lets the kernel
            # gather small writes, and every answer waits 40 ms for the client's acknowledgement.
            listener = opened.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError as error:
            reason = error.strerror or str(error)
            raise InvalidValueError(
                "port", f"cannot listen on {place.host}:{place.port}: {reason}"
            ) from error
        yield listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _config(asgi: ASGIApp, front: Front) -> uvicorn.Config:
    streams = asgi.live.places.most if isinstance(asgi, Served) else 0
    return uvicorn.Config(
        asgi,
        http=_Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(front.proxies),
        forwarded_allow_ips=list(front.proxies),
        root_path=front.prefix,
        limit_concurrency=MAX_CONNECTIONS + streams,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
    )


class _Server(uvicorn.Server):
    """uvicorn's server, whose signals are ours."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


class _Connection(H11Protocol):
    """uvicorn's connection, with deadlines: for a request's head to come, for an answer to go."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: a client may offer another protocol, and is answered in this one."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self._set_deadline()

    def data_received(self, data: bytes) -> None:
        before: RequestResponseCycle | None = self.cycle
        if self._deadline is None and (before is None or before.response_complete):  # pyright: ignore[reportUnnecessaryComparison] - it is None at first
            self._set_deadline()
        super().data_received(data)
        if self.cycle is not before:
            self._drop_deadline()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self._drop_stalled)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._drop_patience()

    def _drop_stalled(self) -> None:
        log.info("a client took nothing for %g s: its connection ends", STALLED_SECONDS)
        self.transport.abort()

    def _drop_patience(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._drop_deadline()
        self._drop_patience()
        super().connection_lost(exc)

    def _set_deadline(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _drop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
