"""The answer to a commit is lost: whatever was asked for has happened once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from rowlock import Rowlock, Task, TaskState, Worker
from tests.chaos.conftest import Place
from tests.chaos.fleet import Fleet, wait_until
from tests.chaos.journal import Journal, events_of
from tests.chaos.program import QUEUE, Options, define
from tests.chaos.proxy import Proxy
from tests.chaos.runs import (
    DRAIN_SECONDS,
    QUICK_RETRY,
    START_SECONDS,
    is_drained,
    judged,
    wait_for_events,
    wait_until_drained,
)
from tests.support.backends import SERVERS, sql_plan

# A worker that forgot what it is waiting for would find it with its next poll only.
BEFORE_THE_POLL_SECONDS = 3.5

COMMIT = b"COMMIT"
INSERT = b"INSERT INTO rowlock_task "
LARGE = {"seconds": 0.0, "note": "x" * 5_000}

CLAIM = {
    "postgres": (b"SET state = 'running', ",),
    "mariadb": (b"SET t.state = 'running', ", COMMIT),
}
FINISH = {
    "postgres": (b"AS final",),
    "mariadb": (b"INSERT INTO rowlock_history", COMMIT),
}
RELEASE = {
    "postgres": (b"v.charged",),
    "mariadb": (b"INSERT INTO rowlock_attempt", COMMIT),
}

pytestmark = pytest.mark.parametrize("place", SERVERS, indirect=True)


@pytest.fixture
def proxy(place: Place) -> Iterator[Proxy]:
    """A proxy before the place's server."""
    port = urlsplit(place.url).port
    assert port is not None
    with Proxy(port) as proxy:
        yield proxy


@pytest.fixture
def far_app(place: Place, proxy: Proxy) -> Iterator[Rowlock]:
    """An app whose way to the database leads through the proxy; it knows its queue already."""
    with ExitStack() as opened:
        app = opened.enter_context(Rowlock(proxied(place, proxy)))
        journal = Journal(place.journal)
        opened.callback(journal.close)
        define(app, journal)
        assert app.enqueue("pause", {"seconds": 0}).state == "queued"
        yield app


def proxied(place: Place, proxy: Proxy) -> str:
    parts = urlsplit(place.url)
    user = "" if parts.username is None else f"{parts.username}@"
    return parts._replace(netloc=f"{user}{parts.hostname}:{proxy.port}").geturl()


def fleet_of_one(place: Place, url: str) -> Fleet:
    options = Options(url=url, journal=str(place.journal), slots=2)
    return Fleet(options, size=1, log=place.log)


def enqueue_one(arguments: dict[str, Any]) -> Callable[[Rowlock], list[UUID]]:
    return lambda app: [app.enqueue("pause", arguments).id]


def enqueue_many(app: Rowlock) -> list[UUID]:
    return app.enqueue_many("pause", [{"seconds": 0.0}] * 3)


@pytest.mark.parametrize(
    ("enqueue", "marks"),
    [
        (enqueue_one({"seconds": 0.0}), (INSERT,)),
        (enqueue_one(LARGE), (INSERT, COMMIT)),
        (enqueue_many, (b"rowlock_task (", COMMIT)),
    ],
    ids=["one statement", "a transaction", "a bulk"],
)
def test_an_enqueue_repeated_after_its_task_finished_runs_nothing_twice(
    place: Place, proxy: Proxy, far_app: Rowlock, enqueue, marks
):
    proxy.cut_after(*marks, hold=True)
    with fleet_of_one(place, place.url) as fleet, ThreadPoolExecutor(1) as thread:
        asked = thread.submit(enqueue, far_app)
        try:
            assert proxy.cut.wait(START_SECONDS)
            wait_for_events(place, "answered", 2)
            wait_until_drained(place)
        finally:
            proxy.let_in()
        ids = asked.result(timeout=DRAIN_SECONDS)
        wait_until_drained(place)
        assert fleet.stop() == [0], fleet.log_end
    history = judged(place, ids)
    assert len(history.tasks) == len(history.starts) == 1 + len(ids)
    assert {place.app.get_task(one).state for one in ids} == {"succeeded"}


def run_with_lost_answer(
    place: Place, proxy: Proxy, marks: tuple[bytes, ...], *, failures: int = 0
) -> UUID:
    """Run a task in a worker that loses one answer; return its id."""
    place.app.register_queue(QUEUE, lease="3s", retry=QUICK_RETRY)
    with fleet_of_one(place, proxied(place, proxy)) as fleet:
        # The worker's connections are open, and it sleeps.
        first = place.app.enqueue("pause", {"seconds": 0}).id
        wait_until_drained(place)
        proxy.cut_after(*marks)
        task = place.app.enqueue("pause", {"seconds": 0.1, "failures": failures}).id
        assert proxy.cut.wait(START_SECONDS), fleet.log_end
        wait_until_drained(place, seconds=BEFORE_THE_POLL_SECONDS)
        assert fleet.stop() == [0], fleet.log_end
    judged(place, [first, task])
    return task


def runs_of(place: Place, kind: str, task: UUID) -> int:
    return sum(event["task"] == str(task) for event in events_of(place.journal, kind))


def test_a_claim_whose_answer_is_lost_is_found_by_its_token(place: Place, proxy: Proxy):
    task = run_with_lost_answer(place, proxy, CLAIM[place.engine])
    found = place.app.get_task(task)
    assert (found.state, found.attempt, found.crashes) == ("succeeded", 1, 0)
    assert runs_of(place, "started", task) == 1


def test_a_finish_whose_answer_is_lost_is_recognised_when_repeated(place: Place, proxy: Proxy):
    task = run_with_lost_answer(place, proxy, FINISH[place.engine])
    found = place.app.get_task(task)
    assert (found.state, found.attempt, found.crashes) == ("succeeded", 1, 0)
    assert [runs_of(place, kind, task) for kind in ("started", "ended")] == [1, 1]
    answers = [one for one in events_of(place.journal, "answered") if one["task"] == str(task)]
    assert [one["recorded"] for one in answers] == [True]
    assert runs_of(place, "asked", task) == 2


def test_a_retry_whose_answer_is_lost_is_recognised_when_repeated(place: Place, proxy: Proxy):
    task = run_with_lost_answer(place, proxy, RELEASE[place.engine], failures=1)
    found = place.app.get_task(task)
    assert (found.state, found.attempt, found.crashes) == ("succeeded", 2, 0)
    outcomes = [attempt.outcome for attempt in place.app.attempts(task)]
    assert outcomes == ["failed", "succeeded"]
    assert runs_of(place, "started", task) == 2


def effects(place: Place) -> list[int]:
    rows = place.app.core.storage.runner.run(sql_plan, "SELECT attempt FROM effect").rows
    return [row[0] for row in rows]


def settle_through(place: Place, far_app: Rowlock) -> Task:
    place.app.core.storage.runner.run(
        sql_plan, "CREATE TABLE effect (task varchar(36), attempt integer)"
    )
    place.app.register_queue(QUEUE, retry=QUICK_RETRY)
    task = far_app.enqueue("insert", {"seconds": 0})
    Worker(far_app, queues=[QUEUE]).run_once()
    wait_until(lambda: is_drained_by(far_app), seconds=DRAIN_SECONDS, what="the task is final")
    return far_app.get_task(task)


def is_drained_by(app: Rowlock) -> bool:
    Worker(app, queues=[QUEUE]).run_once()
    return is_drained(app)


def test_an_effect_that_was_committed_is_not_repeated(place: Place, proxy: Proxy, far_app: Rowlock):
    """The handler cannot know; the end that its worker asks for finds the task settled."""
    proxy.cut_after(b"INSERT INTO effect", COMMIT)
    task = settle_through(place, far_app)
    assert proxy.cut.is_set()
    assert (task.state, task.attempt, effects(place)) == (TaskState.SUCCEEDED, 1, [1])


def test_an_effect_that_was_not_committed_is_had_by_the_next_attempt(
    place: Place, proxy: Proxy, far_app: Rowlock
):
    proxy.cut_after(b"INSERT INTO effect", FINISH[place.engine][0])
    task = settle_through(place, far_app)
    assert proxy.cut.is_set()
    assert (task.state, task.attempt, effects(place)) == (TaskState.SUCCEEDED, 2, [2])
