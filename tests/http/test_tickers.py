"""Tickers over HTTP, on every engine."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from rowlock.testing import ado_upkeep
from rowlock.wire.documents.tickers import (
    ConfirmedDocument,
    RenewedDocument,
    TickDocument,
    TickedDocument,
    TickerDocument,
    TickerList,
)
from tests.http.conftest import API, Service
from tests.http.streams import Stream, streaming
from tests.support.backends import sql_plan


async def test_the_life_of_a_ticker(admin):
    body = {"ticker": " Pulse ", "interval": "1h30m", "payload": {"depth": 2}}
    made = await admin.ok("POST", "ticker", body)
    assert msgspec.convert(made, TickerDocument).queue is None
    assert (made["name"], made["ticker"], made["namespace"]) == ("pulse", "pulse", "default")
    assert (made["interval"], made["interval_seconds"], made["timestamp"]) == (5400, 5400, None)
    assert made["payload"] == {"depth": 2}
    again = await admin.refused("POST", "ticker", {"name": "PULSE"})
    assert (again["code"], again["type"]) == (409, "DuplicateTickerError")
    assert again["detail"] == {"ticker": "pulse"}
    assert await admin.ok("GET", "ticker/Pulse") == made
    changed = await admin.ok("PATCH", "ticker/pulse", {"interval": 10})
    assert (changed["interval"], changed["payload"]) == (10, {"depth": 2})
    stopped = await admin.ok("PATCH", "ticker/pulse", {"interval": None, "payload": None})
    assert (stopped["interval"], stopped["payload"], stopped["next_tick_at"]) == (None, {}, None)
    assert await admin.ok("DELETE", "ticker/pulse?reason=over") == stopped
    assert (await admin.ok("GET", "ticker"))["count"] == 0


async def test_a_new_ticker_has_an_interval_of_a_minute_and_says_where_it_is(admin):
    response = await admin.send("POST", "ticker", {"name": "t"})
    assert (response.status_code, response.json()["interval"]) == (201, 60)
    assert response.json()["payload"] == {}
    assert await admin.ok("GET", response.headers["location"]) == response.json()


async def test_a_ticker_that_is_not_there(admin):
    token = {"token": str(uuid4())}
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"interval": 1}),
        ("DELETE", "", None),
        ("POST", "/confirm", token),
        ("POST", "/renew", token),
    ):
        refused = await admin.refused(method, f"ticker/nothing{path}", body)
        assert (refused["code"], refused["type"]) == (404, "TickerNotFoundError"), path


async def test_a_page_of_tickers_has_the_count_of_all(admin):
    for name in ("c", "a", "b", "d"):
        await admin.ok("POST", "ticker", {"name": name})
    page = await admin.ok("GET", "ticker?limit=2&offset=1")
    assert [one.name for one in msgspec.convert(page, TickerList).body] == ["b", "c"]
    assert page["count"] == 4
    assert (await admin.ok("GET", "ticker?offset=9"))["body"] == []
    assert len((await admin.ok("GET", "ticker?limit=500"))["body"]) == 4


async def test_a_tick_goes_to_one_taker_until_it_is_confirmed(admin):
    await admin.ok("POST", "ticker", {"name": "t", "interval": "1h", "payload": [1]})
    tick = await admin.ok("PUT", "ticker")
    assert msgspec.convert(tick, TickDocument).name == "t"
    assert (tick["payload"], tick["missed"], tick["attempt"]) == ([1], 0, 1)
    assert tick["lease_seconds"] == 30
    refused = await admin.refused("PUT", "ticker?name=t")
    assert (refused["code"], refused["type"]) == (404, "NoTickError")
    held = await admin.ok("GET", "ticker/t")
    assert (held["timestamp"], held["attempt"]) == (tick["at"], 1)
    assert held["held_until"] is not None
    renewed = await admin.ok("POST", "ticker/t/renew", {"token": tick["token"]})
    assert msgspec.convert(renewed, RenewedDocument).lease_seconds == 30
    after = await admin.ok("GET", "ticker/t")
    assert datetime.fromisoformat(after["held_until"]) > datetime.fromisoformat(held["held_until"])
    done = await admin.ok("POST", "ticker/t/confirm", {"token": tick["token"]})
    assert msgspec.convert(done, ConfirmedDocument).name == "t"
    assert (await admin.ok("GET", "ticker/t"))["held_until"] is None


async def test_a_tick_that_is_not_held_any_more_is_lost(admin):
    await admin.ok("POST", "ticker", {"name": "t", "interval": "1h"})
    await admin.ok("POST", "ticker", {"name": "u", "interval": "1h"})
    tick = await admin.ok("PUT", "ticker?name=t")
    ways: tuple[tuple[str, str], ...] = (
        ("t", str(uuid4())),
        ("u", tick["token"]),
    )
    for name, token in ways:
        for action in ("confirm", "renew"):
            refused = await admin.refused("POST", f"ticker/{name}/{action}", {"token": token})
            assert (refused["code"], refused["type"]) == (409, "TickLostError")
    await admin.ok("POST", "ticker/t/confirm", {"token": tick["token"]})
    for action in ("confirm", "renew"):
        refused = await admin.refused("POST", f"ticker/t/{action}", {"token": tick["token"]})
        assert refused["type"] == "TickLostError"


async def test_ticks_are_taken_of_the_tickers_that_are_named(admin):
    for name in ("a", "b", "c"):
        await admin.ok("POST", "ticker", {"name": name, "interval": "1h"})
    taken = {(await admin.ok("PUT", "ticker?name=b&name=c"))["name"] for _ in range(2)}
    assert taken == {"b", "c"}
    assert (await admin.refused("PUT", "ticker?name=b&name=c"))["type"] == "NoTickError"
    assert (await admin.ok("PUT", "ticker"))["name"] == "a"


async def test_a_ticker_with_a_queue_makes_tasks(service: Service, admin):
    body = {"name": "t", "interval": "1h", "queue": "reports", "payload": {"kind": "daily"}}
    refused = await admin.refused("POST", "ticker", body)
    assert (refused["code"], refused["type"]) == (404, "QueueNotFoundError")
    await admin.ok("POST", "queue", {"queue": "reports"})
    assert (await admin.ok("POST", "ticker", body))["queue"] == "reports"
    await ado_upkeep(service.app)
    [task] = (await admin.ok("GET", "task?queue=reports"))["body"]
    assert task["payload"] == {"kind": "daily"}
    assert (await admin.ok("GET", "ticker/t"))["last_task_at"] is not None
    refused = await admin.refused("PATCH", "ticker/t", {"queue": "nowhere"})
    assert refused["type"] == "QueueNotFoundError"
    assert (await admin.ok("PATCH", "ticker/t", {"queue": None}))["next_task_at"] is None


async def test_payloads_are_shown_to_those_who_may_read_them_and_to_takers(service: Service, admin):
    await admin.ok("POST", "ticker", {"name": "t", "payload": {"secret": "canary"}})
    reader = await service.caller("tickers:read", "tickers:write", "tasks:enqueue")
    for one in (
        await reader.ok("GET", "ticker/t"),
        (await reader.ok("GET", "ticker"))["body"][0],
        await reader.ok("PATCH", "ticker/t", {"interval": "2h"}),
        await reader.ok("POST", "ticker", {"name": "u", "payload": "canary"}),
        await reader.ok("DELETE", "ticker/u"),
    ):
        assert (one["payload"], one["hidden"]) == (None, ["payload"])
        assert "canary" not in str(one)
        msgspec.convert(one, TickerDocument)
    taker = await service.caller("tickers:work")
    assert (await taker.ok("PUT", "ticker"))["payload"] == {"secret": "canary"}


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("GET", "ticker?limit=x", None, "limit"),
        ("GET", "ticker?offset=-1", None, "offset"),
        ("POST", "ticker", {}, "name"),
        ("POST", "ticker", {"name": ""}, "ticker"),
        ("POST", "ticker", {"ticker": "1x"}, "ticker"),
        ("POST", "ticker", {"ticker": 7}, "ticker"),
        ("POST", "ticker", {"ticker": "x" * 65}, "ticker"),
        ("POST", "ticker", {"ticker": "n", "name": "n"}, "ticker"),
        ("POST", "ticker", {"name": "n", "interval": "soon"}, "interval"),
        ("POST", "ticker", {"name": "n", "interval": 0}, "interval"),
        ("POST", "ticker", {"name": "n", "interval": "367d"}, "interval"),
        ("POST", "ticker", {"name": "n", "queue": "1x"}, "queue"),
        ("POST", "ticker", {"name": "n", "reason": "x" * 10_001}, "reason"),
        ("PATCH", "ticker/t", {}, "ticker"),
        ("PATCH", "ticker/t", {"unknown": 1}, "ticker"),
        ("PATCH", "ticker/t", {"interval": -1}, "interval"),
        ("GET", "ticker/1x", None, "ticker"),
        ("PUT", "ticker?name=1x", None, "ticker"),
        ("PUT", "ticker?colour=red", None, "colour"),
        ("POST", "ticker/t/confirm", {}, "token"),
        ("POST", "ticker/t/confirm", {"token": "x"}, "token"),
        ("POST", "ticker/t/renew", {"token": 5}, "token"),
    ],
)
async def test_a_request_that_makes_no_sense_is_refused(
    in_memory: Service, method: str, path: str, body: dict[str, Any] | None, field: str
):
    before = await in_memory.app.create_ticker("t")
    refused = await (await in_memory.caller()).refused(method, path, body)
    assert (refused["code"], refused["detail"]["field"]) == (400, field)
    assert await in_memory.app.list_tickers() == [before]


async def test_a_ticker_of_another_namespace_is_not_there(service: Service, admin):
    await admin.ok("POST", "ticker", {"name": "t", "interval": "1h", "payload": "canary"})
    theirs = await service.caller("admin", namespace="theirs")
    assert (await theirs.refused("PUT", "ticker"))["type"] == "NoTickError"
    assert (await theirs.refused("PUT", "ticker?name=t"))["type"] == "NoTickError"
    token = {"token": (await admin.ok("PUT", "ticker"))["token"]}
    routes: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
        ("GET", "", None),
        ("PATCH", "", {"interval": 1}),
        ("DELETE", "", None),
        ("POST", "/renew", token),
        ("POST", "/confirm", token),
    )
    for method, path, body in routes:
        refused = await theirs.refused(method, f"ticker/t{path}", body)
        assert (refused["code"], refused["type"]) == (404, "TickerNotFoundError"), path
        assert "canary" not in str(refused)
    await theirs.ok("POST", "ticker", {"name": "t"})
    for action in ("renew", "confirm"):
        refused = await theirs.refused("POST", f"ticker/t/{action}", token)
        assert refused["type"] == "TickLostError"
    assert (await theirs.ok("GET", "ticker"))["count"] == 1
    await admin.ok("POST", "ticker/t/confirm", token)


async def test_a_change_is_in_the_audit_with_the_token_as_actor(service: Service):
    token, text = await service.token("tickers:write", "tasks:enqueue")
    caller = service.with_token(text)
    await caller.ok("POST", "ticker", {"name": "t", "reason": "asked for"})
    await caller.ok("PATCH", "ticker/t", {"interval": 3, "reason": "first"})
    await caller.ok("DELETE", "ticker/t?reason=over")
    entries = await service.app.audit(target="t")
    assert [(entry.action, entry.reason) for entry in reversed(entries)] == [
        ("create", "asked for"), ("edit", "first"), ("delete", "over")
    ]  # fmt: skip
    assert {entry.actor for entry in entries} == {f"token test ({token.id})"}


TICKS = f"{API}/ticker/next"


@pytest.mark.parametrize("address", [TICKS, f"{API}/ticker"])
async def test_ticks_are_streamed(service: Service, admin, address: str):
    _, text = await service.token("tickers:work", "tickers:read")
    async with streaming(service, text, address) as stream:
        began = time.monotonic()
        assert (await stream.next()).name == "ping"
        assert time.monotonic() - began < 1
        await admin.ok("POST", "ticker", {"ticker": "pulse", "interval": 1, "payload": {"a": 1}})
        for expected in range(2):
            tick = await next_tick(stream)
            assert (tick["name"], tick["payload"]) == ("pulse", {"a": 1}), expected
            told = msgspec.convert(tick, TickedDocument)
            assert (told.tick.at, told.tick.payload) == (told.timestamp, {"a": 1})
    await admin.ok("PATCH", "ticker/pulse", {"interval": None})


async def next_tick(stream: Stream) -> Any:
    """Return the next tick of a stream."""
    while (event := await stream.next()).name == "ping":
        pass
    assert event.name == "ticker", event
    return event.data


async def test_a_streamed_tick_may_be_confirmed_by_its_listener(service: Service, admin):
    await admin.ok("POST", "ticker", {"ticker": "pulse", "interval": "1h"})
    worker = await service.caller("tickers:work")
    _, text = await service.token("tickers:work")
    async with streaming(service, text, TICKS) as stream:
        token = (await next_tick(stream))["tick"]["token"]
        assert await worker.ok("POST", "ticker/pulse/confirm", {"token": token})
    again = await worker.refused("POST", "ticker/pulse/confirm", {"token": token})
    assert again["type"] == "TickLostError"


async def test_a_tick_goes_to_one_listener(service: Service, admin):
    _, text = await service.token("tickers:work")
    one, two = streaming(service, text, TICKS), streaming(service, text, f"{TICKS}?name=pulse")
    async with one as first, two as second:
        await admin.ok("POST", "ticker", {"ticker": "pulse", "interval": "1h"})
        coming = {asyncio.ensure_future(next_tick(stream)) for stream in (first, second)}
        done, left = await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        _, left = await asyncio.wait(left, timeout=1.5)
        assert len(left) == 1
        for task in left:
            task.cancel()


async def test_a_listener_that_goes_away_loses_no_tick(service: Service, admin):
    await admin.ok("POST", "ticker", {"ticker": "pulse", "interval": "1h", "payload": {"n": 7}})
    _, text = await service.token("tickers:work")
    async with streaming(service, text, TICKS) as stream:
        first = await next_tick(stream)
    # It had gone before the tick was confirmed.
    moved = "UPDATE rowlock_ticker SET due_at = created_at WHERE token IS NOT NULL"
    await asyncio.to_thread(service.app.core.storage.runner.run, sql_plan, moved)
    async with streaming(service, text, TICKS) as stream:
        again = await next_tick(stream)
    assert (again["timestamp"], again["payload"]) == (first["timestamp"], {"n": 7})
    assert again["attempt"] > 1


async def test_no_ticker_is_called_as_the_stream(admin):
    refused = await admin.refused("POST", "ticker", {"ticker": " Next "})
    assert (refused["code"], refused["type"]) == (400, "InvalidValueError")
    assert refused["reason"] == "ticker: 'next' is reserved: the service streams ticks there"
    for method in ("PATCH", "DELETE", "PUT"):
        assert (await admin.refused(method, "ticker/next", {}))["code"] == 405


async def test_ticks_need_their_scope(in_memory: Service):
    caller = await in_memory.caller("tickers:read")
    assert (await caller.refused("GET", "ticker/next"))["type"] == "ScopeError"
    headers = {"Accept": "text/event-stream"}
    assert (await caller.refused("GET", "ticker", headers=headers))["type"] == "ScopeError"
    assert (await caller.ok("GET", "ticker"))["count"] == 0
    worker = await in_memory.caller("tickers:work")
    refused = await worker.refused("GET", "ticker/next?name=!")
    assert (refused["code"], refused["detail"]["field"]) == (400, "ticker")
