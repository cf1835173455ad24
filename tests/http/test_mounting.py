"""The service below a prefix of other applications."""

from __future__ import annotations

import importlib
from typing import Any

import fastapi
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

import rowlock.http
from rowlock import Rowlock
from rowlock.app import token_flows
from rowlock.app.flow import run_flow
from rowlock.errors import MissingExtraError
from rowlock.http import create_asgi


def in_starlette(service: Any) -> Any:
    return Starlette(routes=[Mount("/deep/queue", app=service)])


def in_fastapi(service: Any) -> Any:
    api = fastapi.FastAPI()

    @api.get("/own")
    def own() -> dict[str, bool]:
        return {"own": True}

    api.mount("/deep/queue", service)
    return api


@pytest.mark.parametrize("mounted", [in_starlette, in_fastapi])
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


async def test_mounted_in_fastapi_its_own_routes_go_on():
    with Rowlock("memory://") as app:
        asgi = in_fastapi(create_asgi(app))
        transport = httpx2.ASGITransport(asgi)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            assert (await client.get("/own")).json() == {"own": True}


def test_without_the_extra_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'rowlock\[server\]'"):
        importlib.reload(rowlock.http)
