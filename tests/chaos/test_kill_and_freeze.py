"""Workers that are killed and frozen lose nothing and record nothing twice."""

from __future__ import annotations

import random
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

import pytest

from rowlock import Rowlock, TaskState
from tests.chaos.checker import History, check, counts
from tests.chaos.conftest import FULL, Place
from tests.chaos.fleet import Fleet, Nemesis, chosen_seed, run_by_all, wait_until
from tests.chaos.history import history_from
from tests.chaos.program import QUEUE, Options
from tests.chaos.runs import (
    DRAIN_SECONDS,
    MANY_CRASHES,
    QUICK_RETRY,
    START_SECONDS,
    show,
    wait_until_drained,
)

TASKS = 5_000 if FULL else 500
KILLS = 160 if FULL else 16
FREEZES = 24 if FULL else 3
WORKERS = 4
MAX_ATTEMPTS = 3

MUTANT_FREEZES = 6
MUTANT_TRIES = 4


def payloads(seed: int, number: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield definitions and arguments: most succeed, some fail once, a few always."""
    draw = random.Random(seed)
    for _ in range(number):
        failures = draw.choices((0, 1, 99), (90, 7, 3))[0]
        definition = draw.choice(("pause", "block"))
        yield definition, {"seconds": draw.uniform(0, 0.25), "failures": failures}


class Producer(threading.Thread):
    """Enqueues half at once and the rest one by one, while the workers are being killed."""

    def __init__(self, app: Rowlock, seed: int, number: int, *, seconds: float) -> None:
        super().__init__()
        self._app = app
        self._payloads = list(payloads(seed, number))
        self._pause = seconds / number
        self._ended = threading.Event()
        self.acknowledged: list[UUID] = []

    def run(self) -> None:
        half = len(self._payloads) // 2
        for name in ("pause", "block"):
            mine = [arguments for one, arguments in self._payloads[:half] if one == name]
            self.acknowledged += self._app.enqueue_many(name, mine, max_attempts=MAX_ATTEMPTS)
        for name, arguments in self._payloads[half:]:
            task = self._app.enqueue(name, arguments, max_attempts=MAX_ATTEMPTS)
            self.acknowledged.append(task.id)
            self._ended.wait(self._pause)

    def finish(self) -> None:
        """Enqueue what is left without pauses."""
        self._ended.set()
        self.join(timeout=DRAIN_SECONDS)
        assert not self.is_alive()


def test_killed_and_frozen_workers_lose_nothing_and_settle_nothing_twice(place: Place):
    seed = chosen_seed()
    place.app.register_queue(QUEUE, lease="1s", max_crashes=MANY_CRASHES, retry=QUICK_RETRY)
    options = Options(url=place.url, journal=str(place.journal), slots=4, prefetch=4)
    producer = Producer(place.app, seed, TASKS, seconds=KILLS)
    with Fleet(options, size=WORKERS, log=place.log) as fleet:
        producer.start()
        Nemesis(fleet, seed, frozen_seconds=(2.0, 4.0)).rage(
            kills=KILLS, freezes=FREEZES, seconds=20 * KILLS
        )
        producer.finish()
        wait_until_drained(place)
        # A worker that was restarted a moment ago may not listen to signals yet.
        assert set(fleet.stop()) <= {0, -signal.SIGTERM}, fleet.log_end
    history = history_from(place.journal, place.app.core.storage, producer.acknowledged)
    show(place.engine, fleet, history, seed=seed)
    assert len(history.acknowledged) == TASKS
    assert check(history) == []
    assert {row.state for row in history.tasks} == {TaskState.SUCCEEDED, TaskState.FAILED}
    found = counts(history)
    assert found["rescued"], "no kill hit a running task: the run proves nothing"
    assert found["retried"]


def mutant_run(place: Place, seed: int) -> tuple[Fleet, History]:
    """Freeze workers in slow handlers, so that they come back to tasks that others hold."""
    place.app.register_queue(QUEUE, lease="0.5s", max_crashes=MANY_CRASHES)
    options = Options(url=place.url, journal=str(place.journal), slots=8, mutant="no_token")
    draw = random.Random(seed)
    acknowledged = place.app.enqueue_many(
        "block", [{"seconds": draw.uniform(1, 2)} for _ in range(80)]
    )
    with Fleet(options, size=2, log=place.log) as fleet:
        wait_until(
            lambda: run_by_all(fleet, place.journal), seconds=START_SECONDS, what="all run tasks"
        )
        nemesis = Nemesis(fleet, seed, frozen_seconds=(1.6, 2.2))
        nemesis.rage(kills=0, freezes=MUTANT_FREEZES, seconds=60)
        wait_until_drained(place)
        # A worker whose settles collide may take longer than its turn; the block ends it.
        with suppress(subprocess.TimeoutExpired):
            fleet.stop()
    return fleet, history_from(place.journal, place.app.core.storage, acknowledged)


@pytest.mark.usefixtures("place")
def test_without_the_token_guard_the_checker_finds_stale_settles(place: Place):
    for _ in range(MUTANT_TRIES):
        seed = chosen_seed()
        fleet, history = mutant_run(place, seed)
        show(f"{place.engine} without token", fleet, history, seed=seed)
        if {"stale", "double"} & {violation.rule for violation in check(history)}:
            return
    pytest.fail(f"the mutant survived {MUTANT_TRIES} runs")
