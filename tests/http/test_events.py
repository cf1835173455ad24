"""Live events, on every engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import quote

import pytest

from rowlock import AsyncRowlock
from rowlock.app import token_flows
from rowlock.app.flow import run_flow_async
from rowlock.http import Limits
from rowlock.http.application import Served
from tests.http.conftest import API, Caller, Service
from tests.http.streams import LONG, Stream, streaming
from tests.support.backends import Backend, sql_plan

ADDRESS = f"{API}/events"


@pytest.fixture
async def queue(admin: Caller) -> str:
    """A queue's name."""
    await admin.ok("POST", "queue", {"queue": "q"})
    return "q"


async def opened(stream: Stream) -> str:
    """Return the place at which a stream begins."""
    event = await stream.next()
    assert (event.name, event.data) == ("open", {})
    return event.id


async def enqueued(caller: Caller, queue: str = "q", **more: Any) -> str:
    return str((await caller.ok("POST", "task", {"queue": queue, "payload": {}, **more}))["id"])


async def freed(service: Service, count: int = 0) -> None:
    """Return once so many streams are left."""
    assert isinstance(service.asgi, Served)
    end = time.monotonic() + LONG
    while service.asgi.live.places.taken != count:
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


@pytest.mark.usefixtures("queue")
async def test_a_task_is_told_from_its_beginning_to_its_end(service: Service, admin: Caller):
    _, text = await service.token("tasks:read")
    async with streaming(service, text, ADDRESS) as stream:
        await opened(stream)
        assert stream.status == 200
        task_id = await enqueued(admin)
        first = await stream.next()
        assert first.name == "task"
        assert {"id": task_id, "queue": "q", "namespace": "default"}.items() <= first.data.items()
        assert (first.data["state"], first.data["attempt"]) == ("queued", 0)
        claim = await admin.ok("PUT", "task?worker=w")
        assert (await stream.next()).data["state"] == "running"
        held = {"token": claim["token"]}
        told = {**held, "percent": 45, "message": "rows"}
        await admin.ok("POST", f"task/{task_id}/progress", told)
        moved = (await stream.next()).data
        assert (moved["state"], moved["progress"]) == ("running", 45)
        assert moved["progress_message"] == "rows"
        await admin.ok("PATCH", f"task/{task_id}", {**held, "result": "canary"})
        last = await stream.next()
        assert (last.data["state"], last.data["progress"]) == ("succeeded", 100)
        assert "canary" not in str(last)
    await freed(service)


@pytest.mark.usefixtures("queue")
async def test_only_what_was_asked_for_is_told(service: Service, admin: Caller):
    await admin.ok("POST", "queue", {"queue": "other"})
    await admin.ok("POST", "definition", {"alias": "Send-Mail"})
    wanted = await enqueued(admin)
    _, text = await service.token("tasks:read")
    by_queue = streaming(service, text, f"{ADDRESS}?queue=other&queue=third")
    by_definition = streaming(service, text, f"{ADDRESS}?definition=sendmail")
    by_task = streaming(service, text, f"{ADDRESS}?task={wanted}")
    async with by_queue as queues, by_definition as definitions, by_task as tasks:
        for stream in (queues, definitions, tasks):
            await opened(stream)
        other = await enqueued(admin, "other")
        defined = await enqueued(admin, definition="send_mail")
        await admin.ok("POST", f"task/{wanted}/cancel")
        assert (await queues.next()).data["id"] == other
        told = (await definitions.next()).data
        assert (told["id"], told["definition"]) == (defined, "Send-Mail")
        canceled = (await tasks.next()).data
        assert (canceled["id"], canceled["state"]) == (wanted, "canceled")
        for stream in (queues, definitions, tasks):
            await stream.nothing(0.5)


async def test_another_namespace_is_not_told_of(service: Service):
    ours = await service.caller("admin", namespace="ours")
    theirs = await service.caller("admin", namespace="theirs")
    for caller in (ours, theirs):
        await caller.ok("POST", "queue", {"queue": "q"})
    _, text = await service.token("tasks:read", "metrics:read", namespace="ours")
    async with streaming(service, text, f"{ADDRESS}?stats=true") as stream:
        await opened(stream)
        assert (await stream.next()).name == "stats"
        hidden = await enqueued(theirs)
        shown = await enqueued(ours)
        events = [await stream.next() for _ in range(2)]
        assert {event.name for event in events} == {"task", "stats"}
        assert shown in str(events)
        assert hidden not in str(events)
    document = await ours.refused("GET", f"{API}/namespace/theirs/events")
    assert (document["code"], document["type"]) == (404, "RouteNotFoundError")


async def test_what_happens_elsewhere_is_not_counted(service: Service):
    ours = await service.caller("admin", namespace="ours")
    theirs = await service.caller("admin", namespace="theirs")
    for caller in (ours, theirs):
        await caller.ok("POST", "queue", {"queue": "q"})
    texts = [(await service.token("tasks:read", namespace=name))[1] for name in ("ours", "theirs")]
    async with (
        streaming(service, texts[0], ADDRESS) as stream,
        streaming(service, texts[1], ADDRESS) as other,
    ):
        epoch, _, number = (await opened(stream)).partition("-")
        await opened(other)
        for _ in range(3):
            await enqueued(theirs)
            await other.next()
        await enqueued(ours)
        assert (await stream.next()).id == f"{epoch}-{int(number) + 1}"


@pytest.mark.usefixtures("queue")
async def test_many_are_told_together_and_who_follows_one_is_told_of_it(
    service: Service, admin: Caller
):
    tasks = {"tasks": [{"queue": "q", "payload": 1} for _ in range(150)]}
    ids = (await admin.ok("POST", "enqueue", tasks))["body"]
    _, text = await service.token("tasks:read")
    by_task = streaming(service, text, f"{ADDRESS}?task={ids[70]}")
    async with streaming(service, text, ADDRESS) as stream, by_task as followed:
        await opened(stream)
        await opened(followed)
        await admin.ok("POST", "operation", {"action": "cancel", "filter": {"queue": "q"}})
        together = await stream.next()
        assert (together.name, together.data["tasks"]) == ("tasks", 150)
        assert (together.data["queue"], together.data["state"]) == ("q", "canceled")
        one = await followed.next()
        assert (one.name, one.data["id"], one.data["state"]) == ("task", ids[70], "canceled")
        assert one.id == ""


@pytest.mark.usefixtures("queue")
async def test_a_client_goes_on_where_it_was(service: Service, admin: Caller):
    _, text = await service.token("tasks:read")
    async with streaming(service, text, ADDRESS) as stream:
        await opened(stream)
        ids = [await enqueued(admin) for _ in range(3)]
        seen = await stream.next()
        assert seen.data["id"] == ids[0]
    ids.append(await enqueued(admin))
    async with streaming(service, text, ADDRESS, last_event_id=seen.id) as stream:
        events = [await stream.next() for _ in range(3)]
        assert [event.data["id"] for event in events] == ids[1:]
        assert [event.name for event in events] == ["task"] * 3
    address = f"{ADDRESS}?last_event_id={events[0].id}"
    async with streaming(service, text, address) as stream:
        assert [(await stream.next()).data["id"] for _ in range(2)] == ids[2:]


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("last", ["", "x", "abc-3", "-", "deadbeef-99999999999999999999", "ü-1"])
async def test_a_client_that_cannot_go_on_is_told(service: Service, admin: Caller, last: str):
    _, text = await service.token("tasks:read")
    async with streaming(service, text, f"{ADDRESS}?last_event_id={quote(last)}") as stream:
        event = await stream.next()
        assert event.name == "reset"
        task_id = await enqueued(admin)
        assert (await stream.next()).data["id"] == task_id
    async with streaming(service, text, ADDRESS, last_event_id=event.id) as stream:
        assert (await stream.next()).data["id"] == task_id


async def test_counts_are_told_when_they_change(service: Service, admin: Caller):
    await admin.ok("POST", "queue", {"queue": "q"})
    _, text = await service.token("tasks:read", "metrics:read")
    address = f"{ADDRESS}?stats=true&queue=none"
    async with streaming(service, text, address) as stream:
        await opened(stream)
        event = await stream.next()
        assert (event.name, event.data["queues"][0]["counts"]["queued"]) == ("stats", 0)
        await enqueued(admin)
        event = await stream.next()
        assert (event.name, event.data["queues"][0]["counts"]["queued"]) == ("stats", 1)
        assert event.id == ""
        # What waits grows older, and nothing else.
        await stream.nothing(2.5)


async def test_counts_need_a_scope(service: Service):
    caller = await service.caller("tasks:read")
    document = await caller.refused("GET", "events?stats=true")
    assert (document["code"], document["type"]) == (403, "ScopeError")
    other = await service.caller("metrics:read")
    assert (await other.refused("GET", "events"))["code"] == 403


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("queue=!", "queue"),
        ("task=7", "task"),
        ("definition=--", "alias"),
        ("stats=maybe", "stats"),
        ("other=1", "other"),
        ("&".join(["task=01a2281b-b423-716b-be02-53c5c5a7c4f2"] * 21), "task"),
        ("&".join(["queue=q"] * 101), "queue"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(in_memory: Service, query: str, name: str):
    caller = await in_memory.caller("admin")
    document = await caller.refused("GET", f"events?{query}")
    assert (document["code"], document["detail"]["field"]) == (400, name)


async def test_it_ends_when_the_token_is_revoked(service: Service):
    service.serve(limits=Limits(recheck_seconds=0.2))
    token, text = await service.token("tasks:read")
    async with streaming(service, text, ADDRESS) as stream:
        await opened(stream)
        core = service.app.core
        await run_flow_async(core, token_flows.revoke_token(core, token.id))
        event = await stream.next()
        assert (event.name, event.data["code"]) == ("error", 401)
        assert await stream.next() == ("", None, "")
    await freed(service)


async def test_a_client_that_goes_away_frees_its_place(in_memory: Service):
    _, text = await in_memory.token("tasks:read")
    for _ in range(3):
        async with streaming(in_memory, text, ADDRESS) as stream:
            await opened(stream)
            await freed(in_memory, 1)
        await freed(in_memory)
    async with streaming(in_memory, text, ADDRESS):
        pass
    await freed(in_memory)


async def test_there_is_only_so_much_room(in_memory: Service):
    in_memory.serve(limits=Limits(streams=2, streams_each=1))
    first, second, third = [(await in_memory.token("tasks:read"))[1] for _ in range(3)]
    async with streaming(in_memory, first, ADDRESS) as stream:
        await opened(stream)
        document = await in_memory.with_token(first).refused("GET", "events")
        assert (document["code"], document["type"]) == (429, "RateLimitError")
        async with streaming(in_memory, second, ADDRESS) as other:
            await opened(other)
            response = await in_memory.with_token(third).send("GET", "events")
            assert (response.status_code, response.headers["retry-after"]) == (503, "1")
            assert response.json()["type"] == "OverloadedError"
            assert "full" in response.json()["reason"]
    await freed(in_memory)


async def test_streams_end_when_the_service_stops(in_memory: Service):
    _, text = await in_memory.token("tasks:read")
    assert isinstance(in_memory.asgi, Served)
    async with streaming(in_memory, text, ADDRESS) as stream:
        await opened(stream)
        in_memory.asgi.end_waits()
        assert await stream.next() == ("", None, "")
    async with streaming(in_memory, text, ADDRESS) as stream:
        assert await stream.next() == ("", None, "")


async def test_it_may_be_the_first_thing_that_is_asked_for(backend: Backend):
    app = AsyncRowlock(backend.url)
    async with AsyncExitStack() as stack:
        service = Service(app, stack)
        service.serve(needs_token=False)
        async with streaming(service, None, ADDRESS) as stream:
            await opened(stream)
            task = await app.enqueue(None, {}, queue="q")
            assert (await stream.next()).data["id"] == str(task.id)
    await app.close()


async def test_the_head_alone_can_be_asked_for(in_memory: Service):
    caller = await in_memory.caller("admin")
    response = await asyncio.wait_for(caller.send("HEAD", "events"), LONG)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "content-length" not in response.headers


async def test_a_gap_is_told_although_the_look_that_found_it_could_not_read(
    service: Service, admin: Caller, queue: str, caplog: pytest.LogCaptureFixture
):
    async def seen(condition: Callable[[], Awaitable[bool]]) -> None:
        end = time.monotonic() + LONG
        while not await condition():
            assert time.monotonic() < end
            await asyncio.sleep(0.05)

    async def tell(sql: str) -> list[Any]:
        result = await asyncio.to_thread(service.app.core.storage.runner.run, sql_plan, sql)
        return list(result.rows)

    async def is_kept() -> bool:
        [[kept]] = await tell(
            "SELECT s.until_at > t.created_at FROM rowlock_subscription AS s, rowlock_task AS t"
        )
        return bool(kept)

    await enqueued(admin, queue)
    _, text = await service.token("tasks:read")
    async with streaming(service, text, ADDRESS) as stream:
        await opened(stream)
        # From here on events cannot be read, while the subscription is found to have run out.
        await tell("ALTER TABLE rowlock_event RENAME COLUMN reason TO away")
        await tell(
            "UPDATE rowlock_subscription SET until_at = (SELECT min(created_at) FROM rowlock_task)"
        )
        assert not await is_kept()
        await seen(is_kept)
        caplog.clear()

        async def has_failed() -> bool:
            return "cannot read events, trying again" in caplog.text

        await seen(has_failed)
        await tell("ALTER TABLE rowlock_event RENAME COLUMN away TO reason")
        # Comments that keep the connection would let it wait for ever.
        async with asyncio.timeout(LONG):
            assert (await stream.next()).name == "reset"
        await enqueued(admin, queue)
        assert (await stream.next()).name == "task"
