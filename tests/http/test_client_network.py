"""The typed client on real connections: certificates, how many are open, answers cut to pieces."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn

from rowlock import Rowlock
from rowlock.client import AsyncClient, Client
from rowlock.errors import ServerUnavailableError, UnexpectedAnswerError
from rowlock.http import create_asgi

# Made for these tests, good for the name `localhost` until 2126.
CERTIFICATE = Path(__file__).with_name("localhost.pem")
START_SECONDS = 30
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def tls_port() -> Iterator[int]:
    """Where the service is found over TLS."""
    with Rowlock("memory://") as app:
        config = uvicorn.Config(
            create_asgi(app, needs_token=False), port=0, log_config=None, lifespan="off",
            ssl_certfile=CERTIFICATE,
        )  # fmt: skip
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield server.servers[0].sockets[0].getsockname()[1]
        server.should_exit = True
        thread.join(START_SECONDS)


def ours() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATE))


async def names_over_tls(url: str, *, verify: ssl.SSLContext | bool) -> list[str]:
    """Ask for namespaces with both clients."""
    with Client(url, retries=0, verify=verify) as client:
        found = await asyncio.to_thread(client.list_namespaces)
    async with AsyncClient(url, retries=0, verify=verify) as other:
        assert await other.list_namespaces() == found
    return found.body


async def test_a_certificate_that_is_trusted_is_taken(tls_port):
    assert await names_over_tls(f"https://localhost:{tls_port}", verify=ours()) == []


async def test_the_check_can_be_left_out(tls_port):
    assert await names_over_tls(f"https://127.0.0.1:{tls_port}", verify=False) == []


@pytest.mark.parametrize(
    ("host", "verify"),
    [("localhost", lambda: True), ("127.0.0.1", ours)],
    ids=["nobody trusts it", "another name"],
)
async def test_any_other_certificate_is_refused(
    tls_port: int, host: str, verify: Callable[[], ssl.SSLContext | bool]
):
    url = f"https://{host}:{tls_port}"
    with (
        Client(url, "secret-token", retries=0, verify=verify()) as client,
        pytest.raises(ServerUnavailableError, match="certificate") as refused,
    ):
        await asyncio.to_thread(client.list_namespaces)
    assert not refused.value.outcome_unknown
    async with AsyncClient(url, "secret-token", retries=0, verify=verify()) as other:
        with pytest.raises(ServerUnavailableError, match="certificate"):
            await other.list_namespaces()


class Slow:
    """A server that answers every request with the same, and counts its connections.

    Attributes:
        most: How many were open at once.
    """

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.open = self.most = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(0.05)
                writer.write(self.answer)
        except asyncio.IncompleteReadError:
            pass
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def listening(slow: Slow) -> AsyncIterator[str]:
    """Listen in this block; yields where."""
    async with await asyncio.start_server(slow.serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("connections", [1, 3])
async def test_no_more_connections_are_open_than_said(connections):
    slow = Slow(OK)
    async with listening(slow) as url:
        async with AsyncClient(url, connections=connections) as client:
            assert all(await asyncio.gather(*(client.live() for _ in range(8))))
        assert slow.most == connections
        with Client(url, connections=connections) as shared:
            assert all(await asyncio.gather(*(asyncio.to_thread(shared.live) for _ in range(8))))
        assert slow.most == connections


@pytest.mark.parametrize(
    "body",
    [b"no gzip at all", gzip.compress(b'{"count": 0, "body": []}')[:-12]],
    ids=["not compressed", "cut off"],
)
async def test_an_answer_that_cannot_be_unpacked_is_one_clear_error(body):
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    async with listening(Slow(head.encode() + body)) as url:
        async with AsyncClient(url) as client:
            with pytest.raises(UnexpectedAnswerError) as caught:
                await client.list_namespaces()
            assert caught.value.status == 200
        with Client(url) as other, pytest.raises(UnexpectedAnswerError):
            await asyncio.to_thread(other.list_namespaces)


async def test_a_compressed_answer_is_read():
    body = gzip.compress(b'{"count": 1, "body": ["default"]}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    async with listening(Slow(head.encode() + body)) as url, AsyncClient(url) as client:
        assert (await client.list_namespaces()).body == ["default"]
