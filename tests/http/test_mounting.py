"""The service below a prefix of other applications."""

from __future__ import annotations

import asyncio
import importlib
import sys
import types
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import fastapi
import httpx2
import litestar
import pytest
from django.core.asgi import get_asgi_application
from django.http import JsonResponse
from django.test import override_settings
from django.urls import path
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

import rowlock.http
from rowlock import AsyncRowlock, Rowlock
from rowlock.app import token_flows
from rowlock.app.flow import run_flow
from rowlock.client import Client
from rowlock.errors import MissingExtraError, StorageUnavailableError
from rowlock.http import create_asgi
from tests.http.conftest import Service
from tests.http.listening import on_a_port
from tests.http.streams import Event, streaming
from tests.transactions.callers import configure_django

OWN = {"own": True}


@pytest.fixture(autouse=True)
def django_project(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Django project with one address."""
    urls = types.ModuleType("urls_of_test_mounting")
    vars(urls)["urlpatterns"] = [path("own", lambda _: JsonResponse(OWN))]
    monkeypatch.setitem(sys.modules, urls.__name__, urls)
    configure_django()
    with override_settings(ALLOWED_HOSTS=["*"], ROOT_URLCONF=urls.__name__):
        yield


@asynccontextmanager
async def nothing(_: object) -> AsyncIterator[None]:
    yield


def in_starlette(service: Any, lifespan: Any = nothing) -> Any:
    own = Route("/own", lambda _: JSONResponse(OWN))
    return Starlette(routes=[own, Mount("/deep/queue", app=service)], lifespan=lifespan)


def in_fastapi(service: Any, lifespan: Any = nothing) -> Any:
    api = fastapi.FastAPI(lifespan=lifespan)

    @api.get("/own")
    def own() -> dict[str, bool]:
        return OWN

    api.mount("/deep/queue", service)
    return api


def in_litestar(service: Any, lifespan: Any = nothing) -> Any:
    @litestar.get("/own")
    async def own() -> dict[str, bool]:
        return OWN

    mounted = litestar.asgi("/deep/queue", is_mount=True, copy_scope=True)(service)
    return litestar.Litestar([own, mounted], lifespan=[lifespan], logging_config=None)


def beside_django(service: Any, lifespan: Any = nothing) -> Any:
    django: Any = get_asgi_application()
    routes = [Mount("/deep/queue", app=service), Mount("/", app=django)]
    return Starlette(routes=routes, lifespan=lifespan)


MOUNTED = pytest.mark.parametrize("mounted", [in_starlette, in_fastapi, in_litestar, beside_django])


@MOUNTED
async def test_the_service_works_below_a_prefix(mounted):
    with Rowlock("memory://") as app:
        _, text = run_flow(app.core, token_flows.create_token(app.core, "x", ["admin"]))
        asgi = mounted(create_asgi(app, allowed_hosts=["shop.example"]))
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(asgi),
            base_url="http://shop.example/deep/queue",
            headers={"Authorization": f"Bearer {text}"},
        ) as client:
            assert (await client.get("/healthz")).text == "ok\n"
            made = await client.post("/api/v1/queue", json={"queue": "q"})
            assert made.status_code == 201
            task = await client.post("/api/v1/task", json={"queue": "q", "payload": 1})
            address = task.headers["location"]
            assert address == f"/deep/queue/api/v1/task/{task.json()['id']}"
            found = await client.get(f"http://shop.example{address}")
            assert found.json() == task.json()
            document = await client.get("/api/v1/openapi.json")
            assert document.json()["servers"] == [{"url": "/deep/queue"}]
            missing = await client.get("/api/v1/nothing")
            assert missing.json()["type"] == "RouteNotFoundError"
        assert app.list_queues()[0].name == "q"


@MOUNTED
async def test_the_routes_of_the_application_go_on(mounted):
    with Rowlock("memory://") as app:
        asgi = mounted(create_asgi(app))
        transport = httpx2.ASGITransport(asgi)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            assert (await client.get("/own")).json() == OWN
            assert (await client.get("/deep/nothing")).status_code == 404
            for wrong in ("/api/v1/queue", "/own/api/v1/queue"):
                assert (await client.get(wrong)).status_code == 404


@MOUNTED
async def test_streams_go_on_below_a_prefix_and_end_with_the_application(mounted, tmp_path, caplog):
    app = AsyncRowlock(f"sqlite:///{tmp_path}/tasks.db")

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        async with app:
            yield

    service = create_asgi(app, needs_token=False)
    with on_a_port(mounted(service, lifespan), lifespan="on") as address:
        with Client(f"{address}/deep/queue", retries=0) as client:
            await asyncio.to_thread(client.create_queue, name="q")
            events = client.watch_events(queue=["q"])
            assert (await asyncio.to_thread(next, events)).name == "open"
            task = await asyncio.to_thread(client.create_task, queue="q", payload=1)
            told: Any = await asyncio.to_thread(next, events)
            assert (told.name, told.data.id) == ("task", task.id)
            events.close()
        assert httpx2.get(f"{address}/own").json() == OWN
    with pytest.raises(StorageUnavailableError, match="closed"):
        await app.stats()
    assert [record for record in caplog.records if record.levelname != "INFO"] == []


async def test_streams_end_when_the_app_is_closed(in_memory: Service):
    _, text = await in_memory.token("admin")
    async with streaming(in_memory, text, "/api/v1/events") as stream:
        assert (await stream.next()).name == "open"
        await in_memory.app.close()
        assert await stream.next() == Event()


async def test_a_mount_that_keeps_a_slash_at_the_end_is_no_other_address():
    with Rowlock("memory://") as app:
        asgi = in_litestar(create_asgi(app, needs_token=False))
        transport = httpx2.ASGITransport(asgi, client=("127.0.0.1", 1))
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://localhost/deep/queue"
        ) as client:
            assert (await client.get("/api/v1/queue")).status_code == 200
            for path in ("/api/v1/queue/", "/api/v1/queue//", ""):
                missing = await client.get(path)
                assert missing.json()["type"] == "RouteNotFoundError"


def test_without_the_extra_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'rowlock\[server\]'"):
        importlib.reload(rowlock.http)
