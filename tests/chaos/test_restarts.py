"""A database server that crashes under load costs time, and nothing else."""

from __future__ import annotations

import random
import threading
import time
from uuid import UUID

from rowlock import Rowlock, TaskState
from rowlock.errors import StorageUnavailableError
from rowlock.model.ids import new_task_id
from tests.chaos.conftest import FULL, Place
from tests.chaos.fleet import Fleet, chosen_seed, run_by_all, wait_until
from tests.chaos.program import QUEUE, Options
from tests.chaos.runs import (
    DRAIN_SECONDS,
    MANY_CRASHES,
    QUICK_RETRY,
    START_SECONDS,
    judged,
    show,
    wait_until_drained,
)

RESTARTS = 3
UP_SECONDS = 10.0 if FULL else 1.5
BULK = 25
PAUSE_SECONDS = 0.01


class InsistentProducer(threading.Thread):
    """Enqueues one by one and in bulk, again and again until it is told that it is stored."""

    def __init__(self, app: Rowlock, seed: int) -> None:
        super().__init__()
        self._app = app
        self._random = random.Random(seed)
        self._stopping = threading.Event()
        self.acknowledged: list[UUID] = []
        self.refusals = 0

    def run(self) -> None:
        while not self._stopping.wait(PAUSE_SECONDS):
            if self._random.random() < 1 / BULK:
                self._enqueue_bulk()
            else:
                self._enqueue_one()

    def _enqueue_one(self) -> None:
        """A user who tries again under the same id gets one task, whatever was committed."""
        task_id = new_task_id()
        arguments = self._arguments()
        while True:
            try:
                self._app.enqueue("pause", arguments, id=task_id)
            except StorageUnavailableError:
                self._refused()
            else:
                self.acknowledged.append(task_id)
                return

    def _enqueue_bulk(self) -> None:
        arguments = [self._arguments() for _ in range(BULK)]
        while True:
            try:
                self.acknowledged += self._app.enqueue_many("block", arguments)
            except StorageUnavailableError:
                self._refused()
            else:
                return

    def _refused(self) -> None:
        self.refusals += 1
        time.sleep(0.05)

    def _arguments(self) -> dict[str, float]:
        return {
            "seconds": self._random.uniform(0, 0.1),
            "failures": self._random.choices((0, 1), (9, 1))[0],
        }

    def finish(self) -> None:
        self._stopping.set()
        self.join(timeout=DRAIN_SECONDS)
        assert not self.is_alive()


def test_a_server_that_crashes_three_times_loses_nothing(own_place: Place):
    place, seed = own_place, chosen_seed()
    place.app.register_queue(QUEUE, lease="2s", max_crashes=MANY_CRASHES, retry=QUICK_RETRY)
    options = Options(url=place.url, journal=str(place.journal), slots=8)
    producer = InsistentProducer(place.app, seed)
    assert place.server is not None
    with Fleet(options, size=2, log=place.log) as fleet:
        producer.start()
        try:
            wait_until(
                lambda: run_by_all(fleet, place.journal), seconds=START_SECONDS, what="all run"
            )
            for _ in range(RESTARTS):
                time.sleep(UP_SECONDS)
                place.server.restart(immediate=True)
            time.sleep(UP_SECONDS)
        finally:
            producer.finish()
        wait_until_drained(place)
        assert fleet.stop() == [0, 0], fleet.log_end
    history = judged(place, producer.acknowledged)
    name = f"{place.engine} restarted"
    show(name, fleet, history, restarts=RESTARTS, refusals=producer.refusals, seed=seed)
    assert {row.state for row in history.tasks} == {TaskState.SUCCEEDED}
