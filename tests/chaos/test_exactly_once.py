"""An effect in `ctx.transaction()` happens once, whatever happens to the workers."""

from __future__ import annotations

import random
import signal
from collections import Counter
from typing import Any
from uuid import UUID

from rowlock import TaskState
from tests.chaos.conftest import FULL, Place
from tests.chaos.fleet import Fleet, Nemesis, chosen_seed, run_by_all, wait_until
from tests.chaos.history import history_from
from tests.chaos.program import QUEUE, Options
from tests.chaos.runs import MANY_CRASHES, QUICK_RETRY, START_SECONDS, wait_until_drained
from tests.support.backends import sql_plan

TASKS = 10_000 if FULL else 500
KILLS = 100 if FULL else 3
FREEZES = 16 if FULL else 1
WORKERS = 4 if FULL else 2
LONGEST_SECONDS = 0.2
PATIENCE_SECONDS = 1_200.0 if FULL else 120.0
MANY_ATTEMPTS = 1_000


def rows_of(place: Place, sql: str) -> list[Any]:
    return place.app.core.storage.runner.run(sql_plan, sql).rows


def test_effects_are_as_many_as_tasks(place: Place):
    seed = chosen_seed()
    draw = random.Random(seed)
    rows_of(place, "CREATE TABLE effect (task varchar(36), attempt integer)")
    place.app.register_queue(QUEUE, lease="1s", max_crashes=MANY_CRASHES, retry=QUICK_RETRY)
    pauses = [{"seconds": draw.uniform(0, LONGEST_SECONDS)} for _ in range(TASKS)]
    options = Options(url=place.url, journal=str(place.journal), slots=4)
    with Fleet(options, size=WORKERS, log=place.log) as fleet:
        ids = place.app.enqueue_many("insert", pauses, max_attempts=MANY_ATTEMPTS)
        wait_until(
            lambda: run_by_all(fleet, place.journal, kind="claimed"),
            seconds=START_SECONDS,
            what="all have tasks",
        )
        Nemesis(fleet, seed, frozen_seconds=(1.2, 2.0)).rage(
            kills=KILLS, freezes=FREEZES, seconds=20 * KILLS
        )
        wait_until_drained(place, seconds=PATIENCE_SECONDS)
        assert set(fleet.stop()) <= {0, -signal.SIGTERM}, fleet.log_end
    history = history_from(place.journal, place.app.core.storage, ids)
    effects = [UUID(task) for (task,) in rows_of(place, "SELECT task FROM effect")]
    rescued = sum(row.crashes for row in history.tasks)
    line = f"tasks={TASKS} effects={len(effects)} kills={fleet.kills} freezes={fleet.freezes}"
    print(f"CHAOS {place.engine} exactly once: {line} rescued={rescued} seed={seed}")  # noqa: T201
    assert Counter(effects) == Counter(ids)
    assert {row.state for row in history.tasks} == {TaskState.SUCCEEDED}
    assert rescued, "no kill hit a running task: the run proves nothing"
