"""C128: metrics, each namespace its own, bounded, and read once however many ask."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from rowlock.app import figure_flows
from rowlock.errors import StorageUnavailableError
from rowlock.http import observing
from rowlock.http.exposition import exposition
from rowlock.http.observing import Memory, Tallies, Trace
from rowlock.model.figures import Figures
from rowlock.model.measures import Running
from rowlock.model.states import TaskState
from rowlock.model.tallies import BOUNDS, OTHER, Counted, Tally, TallyKey
from rowlock.model.tasks import QueueCounts
from tests.http.conftest import Caller, Service

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None and os.environ.get("CI") != "true", reason="needs promtool"
)
Samples = dict[tuple[str, tuple[str, ...]], float]


def samples_of(text: str) -> Samples:
    """Every sample by its name and the values of its labels, sorted by their names."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for name, labels, value, *_ in family.samples:
            key = (name, tuple(labels[label] for label in sorted(labels)))
            assert key not in found, key
            found[key] = value
    return found


async def scraped(caller: Caller, path: str = "metrics", **more: Any) -> Samples:
    response = await caller.send("GET", path, **more)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples_of(response.text)


async def test_every_queue_has_every_status_in_each_namespace(service: Service):
    for namespace in ("mine", "theirs"):
        caller = await service.caller(namespace=namespace)
        for queue in ("q", "empty"):
            await caller.ok("POST", "queue", {"queue": queue})
    mine = await service.caller(namespace="mine")
    for payload in range(3):
        await mine.ok("POST", "task", {"queue": "q", "payload": payload})
    claimed = await mine.ok("PUT", "task?worker=w")
    await mine.ok("PATCH", f"task/{claimed['id']}", {"token": claimed["token"]})
    await mine.ok("PUT", "task?worker=w")
    found = await scraped(await service.caller("metrics:read", everywhere=True))
    counts = {labels: value for (name, labels), value in found.items() if name == "queue_tasks"}
    expected = {
        (namespace, queue, state.value): 0.0
        for namespace in ("mine", "theirs")
        for queue in ("q", "empty")
        for state in TaskState
    }
    busy = {"queued": 1.0, "running": 1.0, "succeeded": 1.0}
    assert counts == expected | {("mine", "q", state): one for state, one in busy.items()}
    assert found["rowlock_queue_recent_tasks", ("mine", "q", "succeeded")] == 1
    assert found["rowlock_queue_recent_tasks", ("theirs", "q", "succeeded")] == 0


async def test_a_token_sees_nothing_of_another_namespace(service: Service):
    theirs = await service.caller(namespace="theirs")
    await theirs.ok("POST", "queue", {"queue": "canary"})
    await theirs.ok("POST", "task", {"queue": "canary", "payload": 1})
    await theirs.ok("PUT", "task?worker=canary")
    mine = await service.caller("metrics:read", namespace="mine")
    await mine.send("GET", "metrics")
    text = (await mine.send("GET", "metrics")).text
    assert "canary" not in text
    assert "theirs" not in text
    namespaces = {labels for _, labels in samples_of(text)}
    assert namespaces
    assert all("mine" in labels for labels in namespaces)
    for path in ("namespace/theirs/metrics", "namespace/nothing/metrics"):
        assert (await mine.refused("GET", path))["code"] == 404
    every = await service.caller("metrics:read", everywhere=True)
    ways: tuple[dict[str, Any], ...] = (
        {"path": "namespace/theirs/metrics"},
        {"headers": {"Rowlock-Namespace": "theirs"}},
    )
    for way in ways:
        found = await scraped(every, **way)
        assert {labels[0] for name, labels in found if name == "queue_tasks"} == {"theirs"}


async def test_what_runs_waits_and_has_run_is_told(service: Service, admin: Caller):
    @service.app.task(queue="q")
    def add(a: int) -> int:
        return a

    for number in range(4):
        await admin.ok("POST", "task", {"definition": "add", "arguments": {"a": number}})
    for fail in (True, False):
        claimed = await admin.ok("PUT", "task?worker=one")
        body = {"token": claimed["token"], "fail": fail}
        await admin.ok("PATCH", f"task/{claimed['id']}", body)
    await admin.ok("PUT", "task?worker=two")
    await admin.ok("POST", "queue", {"queue": "held"})
    await service.app.pause_queue("held")
    found = await scraped(admin)
    for name, labels, value in (
        ("rowlock_worker_running_tasks", ("default", "two"), 1),
        ("rowlock_busy_workers", ("default",), 1),
        ("rowlock_queue_paused", ("default", "held"), 1),
        ("rowlock_queue_paused", ("default", "q"), 0),
        ("rowlock_queue_overdue_leases", ("default", "q"), 0),
        ("rowlock_queue_oldest_wait_seconds", ("default", "held"), 0),
        ("rowlock_definition_recent_runs", ("add", "default"), 1),
        ("rowlock_definition_recent_failures", ("add", "default"), 0),
        ("rowlock_schedule_lag_seconds", ("default",), 0),
        ("rowlock_queue_tasks_capped", ("default", "q"), 0),
    ):
        assert found[name, labels] == value, name
    assert found["rowlock_queue_oldest_wait_seconds", ("default", "q")] > 0
    assert found["rowlock_queue_longest_run_seconds", ("default", "q")] > 0
    quantiles = [
        found["rowlock_definition_recent_run_seconds", ("add", "default", part)]
        for part in ("50", "95", "99")
    ]
    assert quantiles == sorted(quantiles)


def counts_of(found: Samples) -> dict[str, dict[tuple[str, ...], float]]:
    """The counters and histograms of tasks that are not zero, without their sums."""
    counts: dict[str, dict[tuple[str, ...], float]] = {}
    for (name, labels), value in found.items():
        told = name.removeprefix("rowlock_task")
        if told != name and value and not name.endswith(("_bucket", "_sum")):
            counts.setdefault(told, {})[labels] = value
    return counts


async def test_what_the_service_is_asked_to_do_is_counted(service: Service):
    mine, theirs = [await service.caller(namespace=name) for name in ("mine", "theirs")]
    for caller in (mine, theirs):
        await caller.ok("POST", "queue", {"queue": "q"})
        for payload in range(4):
            await caller.ok("POST", "task", {"queue": "q", "payload": payload})
    for body in ({}, {"fail": True, "retry": False}, {"fail": True}):
        claimed = await mine.ok("PUT", "task?worker=w")
        settled = {"token": claimed["token"], **body}
        for _ in range(2):  # the answer to the first time was lost
            await mine.ok("PATCH", f"task/{claimed['id']}", settled)
    service.app.core.storage.tallier.append()
    watching = await service.caller("metrics:read", namespace="mine")
    found = await scraped(watching)
    q = ("", "mine", "q")
    assert counts_of(found) == {
        "s_enqueued_total": {q: 4},
        "s_settled_total": {(*q, "succeeded"): 1, (*q, "failed"): 1},
        "s_retried_total": {q: 1},
        "_run_seconds_count": {q: 3},
        "_wait_seconds_count": {q: 3},
    }
    assert found["rowlock_tasks_settled_total", (*q, "expired")] == 0
    buckets = [value for (name, labels), value in found.items()
               if name == "rowlock_task_run_seconds_bucket"]  # fmt: skip
    assert buckets == sorted(buckets)
    assert (len(buckets), buckets[-1]) == (len(BOUNDS) + 1, 3)
    assert not any("theirs" in labels for _, labels in found)
    every = counts_of(await scraped(await service.caller("metrics:read", everywhere=True)))
    assert every["s_enqueued_total"] == {q: 4, ("", "theirs", "q"): 4}


async def test_counts_of_a_deleted_queue_go_with_it(service: Service, admin: Caller):
    for queue in ("q", "kept"):
        await admin.ok("POST", "queue", {"queue": queue})
        await admin.ok("POST", "task", {"queue": queue, "payload": 1})
    service.app.core.storage.tallier.append()
    await service.app.delete_queue("q")
    assert counts_of(await scraped(admin)) == {"s_enqueued_total": {("", "default", "kept"): 1}}


def test_counts_of_too_many_are_told_together_and_said_to_be():
    sums = {TallyKey("n", OTHER, OTHER, Counted.ENQUEUED): Tally(7),
            TallyKey("n", "q", None, Counted.SUCCEEDED): Tally(1)}  # fmt: skip
    figures = replace(many(0, 0), tallies=sums)
    text = exposition([figures], lambda: iter(()), namespaces_left_out=0).decode()
    found = samples_of(text)
    assert found["rowlock_tasks_enqueued_total", (OTHER, "n", OTHER)] == 7
    assert found["rowlock_metrics_left_out", ("tally", "n")] == 1


async def test_a_schedule_that_nobody_fires_is_late(service: Service, admin: Caller):
    @service.app.task
    def tidy() -> None:
        return None

    await service.app.create_schedule("tidy", "1s", tidy)
    await asyncio.sleep(1.2)
    assert (await scraped(admin))["rowlock_schedule_lag_seconds", ("default",)] > 0


async def test_requests_are_counted_by_route_and_status(service: Service, admin: Caller):
    await admin.ok("POST", "queue", {"queue": "q"})
    for _ in range(2):
        await admin.ok("GET", "queue/q")
    await admin.refused("GET", "queue/nothing")
    await admin.refused("GET", "nothing")
    before = await scraped(admin)
    name = "rowlock_http_requests_total"
    assert before[name, ("default", "get_queue", "200")] == 2
    assert before[name, ("default", "get_queue", "404")] == 1
    assert (name, ("", "", "404")) not in before
    assert before["rowlock_http_request_duration_seconds_count", ("default", "get_queue")] == 3
    after = await scraped(admin)
    assert after[name, ("default", "metrics", "200")] == 1
    counters = [key for key in before if key[0].endswith(("_total", "_count", "_bucket"))]
    assert all(after[key] >= before[key] for key in counters)
    every = await scraped(await service.caller(everywhere=True))
    assert every[name, ("", "", "404")] == 1


async def test_errors_of_the_database_are_counted(in_memory: Service):
    caller = await in_memory.caller()
    tallies = Tallies()
    tallies.fail(Trace("mine"), StorageUnavailableError("gone"))
    tallies.fail(Trace("mine"), ValueError("no"))
    [sample] = [
        sample
        for metric in tallies.collect("mine")
        for sample in metric.samples
        if metric.name == "rowlock_database_errors"
    ]
    assert (sample.name, sample.value) == ("rowlock_database_errors_total", 1)
    assert sample.labels == {"namespace": "mine", "type": "StorageUnavailableError"}
    assert await scraped(caller)


async def test_parameters_are_refused(in_memory: Service):
    caller = await in_memory.caller()
    assert (await caller.refused("GET", "metrics?name=x"))["code"] == 400


async def test_many_who_ask_at_once_are_told_what_one_read(service: Service, monkeypatch):
    read = Counter[str]()
    flow = figure_flows.figures

    def counted(core: Any) -> Any:
        read[core.namespace] += 1
        return flow(core)

    monkeypatch.setattr(figure_flows, "figures", counted)
    callers = [await service.caller("metrics:read", namespace="mine") for _ in range(8)]
    callers += [await service.caller("metrics:read", namespace="theirs") for _ in range(2)]
    await asyncio.gather(*(scraped(caller) for caller in callers))
    assert read == {"mine": 1, "theirs": 1}


async def test_what_was_read_is_kept_for_a_while_and_longer_if_it_took_long():
    now, reads = 100.0, 0
    memory = Memory(seconds=5.0, clock=lambda: now)

    async def read() -> int:
        nonlocal now, reads
        now, reads = now + 2, reads + 1
        return reads

    assert await memory.get("a", read) == 1
    now += 19
    assert await memory.get("a", read) == 1
    now += 2
    assert await memory.get("a", read) == 2


async def test_a_database_that_is_away_is_not_asked_again_at_once():
    reads, memory = 0, Memory()

    async def read() -> int:
        nonlocal reads
        reads += 1
        raise StorageUnavailableError("gone")

    for _ in range(3):
        with pytest.raises(StorageUnavailableError, match="gone"):
            await memory.get("a", read)
    assert reads == 1


async def test_what_is_kept_is_bounded():
    memory = Memory(most=2)

    async def read() -> None:
        return None

    for number in range(5):
        await memory.get(f"n{number}", read)
    assert len(memory._kept) == 2


def test_namespaces_are_counted_by_name_up_to_a_bound():
    tallies = Tallies()
    for number in range(100):
        tallies.count(Trace(f"n{number}"), 200, 0.1)
    names = {one.labels["namespace"] for metric in tallies.collect(None) for one in metric.samples}
    assert len(names) == observing.MOST_COUNTED + 1
    totals = [
        sample.value
        for metric in tallies.collect("_other")
        for sample in metric.samples
        if sample.name == "rowlock_http_requests_total"
    ]
    assert totals == [100 - observing.MOST_COUNTED]


def many(queues: int, workers: int) -> Figures:
    counts = [
        QueueCounts(
            queue=f"q{number:04}", paused=False, counts={TaskState.QUEUED: 1},
            oldest_wait=timedelta(seconds=number),
        )
        for number in range(queues)
    ]  # fmt: skip
    second = timedelta(seconds=1)
    running = [Running("q0000", f"w{number}", number, second, 0) for number in range(workers)]
    return Figures(
        namespace="n", counts=counts, running=running, ended={}, durations=[],
        schedule_lag=timedelta(0), tallies={},
    )  # fmt: skip


def test_series_are_bounded_and_what_is_left_out_is_told():
    text = exposition([many(1_000, 500)], lambda: iter(()), namespaces_left_out=3).decode()
    found = samples_of(text)
    queued = {labels[1]: one for (name, labels), one in found.items()
              if name == "queue_tasks" and labels[2] == "queued"}  # fmt: skip
    assert len(queued) == 101
    assert (queued["_other"], sum(queued.values())) == (900, 1_000)
    assert found["rowlock_queue_oldest_wait_seconds", ("n", "_other")] == 999
    workers = [labels[1] for name, labels in found if name == "rowlock_worker_running_tasks"]
    assert len(workers) == 100
    assert "w499" in workers
    left = {labels: one for (name, labels), one in found.items()
            if name == "rowlock_metrics_left_out"}  # fmt: skip
    assert left == {("queue", "n"): 900, ("definition", "n"): 0, ("worker", "n"): 400,
                    ("tally", "n"): 0,
                    ("namespace", ""): 3}  # fmt: skip
    assert found["rowlock_busy_workers", ("n",)] == 500


async def test_odd_names_of_workers_and_definitions_are_escaped(in_memory: Service):
    caller = await in_memory.caller()
    await caller.ok("POST", "queue", {"queue": "q"})
    await caller.ok("POST", "task", {"queue": "q", "payload": 1})
    odd = 'a"b\\c{d="e"} # ü'
    await caller.ok("PUT", "task", params={"worker": odd})
    assert ("rowlock_worker_running_tasks", ("default", odd)) in await scraped(caller)


@needs_promtool
async def test_promtool_finds_nothing_to_say(in_memory: Service):
    caller = await in_memory.caller()
    await caller.ok("POST", "queue", {"queue": "q"})
    await caller.ok("POST", "task", {"queue": "q", "payload": 1})
    claimed = await caller.ok("PUT", "task?worker=w")
    await caller.ok("PATCH", f"task/{claimed['id']}", {"token": claimed["token"]})
    text = (await caller.send("GET", "metrics")).text
    done = await asyncio.to_thread(
        subprocess.run, [PROMTOOL or "promtool", "check", "metrics"],
        input=text, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
