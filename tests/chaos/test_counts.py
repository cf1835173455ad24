"""What is counted of tasks, by several processes of which some die, is told exactly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import httpx2
import pytest

from rowlock import Rowlock
from tests.chaos.conftest import Place
from tests.chaos.fleet import Fleet, wait_until
from tests.chaos.program import QUEUE, Options
from tests.chaos.proxy import Proxy
from tests.chaos.runs import QUICK_RETRY, START_SECONDS, wait_for_events, wait_until_drained
from tests.chaos.test_lost_answers import proxied
from tests.cli.served import new_token
from tests.http.programs import serving
from tests.http.test_metrics import Samples, samples_of
from tests.support.backends import SERVERS

TASKS = 40
LEASE_SECONDS = 2.0


def told(url: str, token: str) -> Samples:
    """What a server tells Prometheus of tasks."""
    answer = httpx2.get(
        f"{url}/api/v1/metrics", headers={"Authorization": f"Bearer {token}"}, timeout=60
    )
    assert answer.status_code == 200, answer.text
    return {
        key: value for key, value in samples_of(answer.text).items() if "rowlock_task" in key[0]
    }


def of(found: Samples, definition: str) -> dict[str, float]:
    """The counts of a definition that are not zero, by what was counted."""
    return {
        "_".join((name, *labels[3:])): value
        for (name, labels), value in found.items()
        if labels[0] == definition and value and not name.endswith(("_bucket", "_sum"))
    }


def test_totals_are_exact_after_retries_a_kill_and_a_restart(place: Place, tmp_path: Path):
    place.app.register_queue(QUEUE, lease=LEASE_SECONDS, retry=QUICK_RETRY)
    options = Options(url=place.url, journal=str(place.journal), slots=8)
    with Fleet(options, size=1, log=place.log) as fleet:
        place.app.enqueue("until_told")
        wait_for_events(place, "started", 1)
        fleet.kill(fleet.workers[0])
        for number in range(TASKS):
            place.app.enqueue("pause", {"seconds": 0.01, "failures": number % 2})
        with closing(Rowlock(place.url, namespace="theirs")) as theirs:
            theirs.enqueue(None, 1, queue="canary")
        fleet.start_one()
        wait_until_drained(place)
        fleet.stop()
    place.app.core.storage.tallier.append()
    mine, all_namespaces = new_token(place.url), new_token(place.url, everywhere=True)
    with serving(tmp_path, "--url", place.url) as server:
        found = told(server.url, mine)
    with serving(tmp_path, "--url", place.url) as server:
        assert told(server.url, mine) == found
        every = told(server.url, all_namespaces)
    settled = "rowlock_tasks_settled_total_succeeded"
    assert of(found, "pause") == {
        "rowlock_tasks_enqueued_total": TASKS,
        settled: TASKS,
        "rowlock_tasks_retried_total": TASKS // 2,
        "rowlock_task_run_seconds_count": TASKS + TASKS // 2,
        "rowlock_task_wait_seconds_count": TASKS + TASKS // 2,
    }
    assert of(found, "until_told") == {
        "rowlock_tasks_enqueued_total": 1,
        settled: 1,
        "rowlock_tasks_rescued_total": 1,
        "rowlock_task_run_seconds_count": 1,
        "rowlock_task_wait_seconds_count": 1,
    }
    runs = found["rowlock_task_run_seconds_sum", ("pause", "default", QUEUE)]
    assert 0.01 * TASKS <= runs < 10 * TASKS
    assert not any("theirs" in labels for _, labels in found)
    assert every["rowlock_tasks_enqueued_total", ("", "theirs", "canary")] == 1
    assert found.items() <= every.items()


@pytest.fixture
def far(place: Place) -> Iterator[tuple[Rowlock, Proxy]]:
    """An app whose way to the database leads through a proxy, and that one."""
    port = urlsplit(place.url).port
    assert port is not None
    with ExitStack() as opened:
        proxy = opened.enter_context(Proxy(port))
        app = opened.enter_context(Rowlock(proxied(place, proxy)))
        yield app, proxy


@pytest.mark.parametrize("place", SERVERS, indirect=True)
@pytest.mark.parametrize("marks", [(b"rowlock_tally",), (b"rowlock_tally", b"COMMIT")])
def test_counts_whose_storing_was_not_answered_are_there_once(
    place: Place, far: tuple[Rowlock, Proxy], marks: tuple[bytes, ...]
):
    app, proxy = far
    ids: list[UUID] = [app.enqueue(None, 1, queue="q").id for _ in range(3)]
    tallier = app.core.storage.tallier
    proxy.cut_after(*marks)
    tallier.append()
    assert proxy.cut.wait(START_SECONDS)
    ids += [app.enqueue(None, 1, queue="q").id for _ in range(2)]

    def counted() -> int:
        tallier.append()
        read = place.app.core.storage.runner.read
        found = read(place.app.core.storage.tallies.read_tallies, "default")
        return sum(tally.count for tally in found.values())

    wait_until(lambda: counted() == len(ids), seconds=START_SECONDS, what="all are counted")
    tallier.append()
    assert counted() == len(ids)
