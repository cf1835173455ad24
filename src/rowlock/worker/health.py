"""A port that answers whether a worker lives and works, for container platforms."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from rowlock.errors import InvalidValueError

log = logging.getLogger(__name__)

REQUEST_SECONDS = 5.0
MAX_REQUEST_BYTES = 8 * 1024
MAX_CONNECTIONS = 64
MAX_PORT = 65_535
LOOPBACK = "127.0.0.1"


class Health(NamedTuple):
    """What is asked.

    Attributes:
        is_live: False if only a new process would help.
        is_ready: Whether it takes tasks now.
    """

    is_live: Callable[[], bool]
    is_ready: Callable[[], bool]


def checked_port(field: str, value: object) -> int:
    """Return a port; 0 stands for any that is free.

    Raises:
        InvalidValueError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_PORT:
        raise InvalidValueError(field, f"must be a port, 0 to {MAX_PORT}, not {value!r}")
    return value


@asynccontextmanager
async def answering(health: Health, port: int, host: str = LOOPBACK) -> AsyncGenerator[int]:
    """Answer `/livez`, `/readyz` and `/healthz` in this block; yields the port.

    Raises:
        InvalidValueError: The address cannot be used.
    """
    open_now: set[asyncio.StreamWriter] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now.add(writer)
        try:
            if len(open_now) <= MAX_CONNECTIONS:
                async with asyncio.timeout(REQUEST_SECONDS):
                    await _answer(health, reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            log.debug("a health check was not asked to its end")
        finally:
            open_now.discard(writer)
            writer.close()

    try:
        server = await asyncio.start_server(answer, host, port, limit=MAX_REQUEST_BYTES)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidValueError(
            "health_port", f"cannot listen on {host}:{port}: {reason}"
        ) from error
    bound: int = server.sockets[0].getsockname()[1]
    log.info("health checks are answered on http://%s:%d", host, bound)
    try:
        yield bound
    finally:
        server.close()
        for writer in tuple(open_now):
            with suppress(OSError):
                writer.close()


async def _answer(
    health: Health, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    asked = {b"/livez": health.is_live, b"/readyz": health.is_ready, b"/healthz": health.is_ready}
    if path not in asked:
        status, body = "404 Not Found", b"not found\n"
    elif method not in {b"GET", b"HEAD"}:
        status, body = "405 Method Not Allowed", b"only GET and HEAD\n"
    elif asked[path]():
        status, body = "200 OK", b"ok\n"
    else:
        status, body = "503 Service Unavailable", b"not ok\n"
    writer.write(
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    writer.write(b"" if method == b"HEAD" else body)
    await writer.drain()
