"""SIGTERM and SIGINT at any moment: a worker ends in time and gives back what it holds."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Sequence
from uuid import UUID

import pytest

from rowlock.worker.stopping import SETTLE_ON_STOP_SECONDS
from tests.chaos.checker import check
from tests.chaos.conftest import FULL, Place
from tests.chaos.fleet import Fleet, run_by_all, wait_until
from tests.chaos.history import history_from
from tests.chaos.journal import events_of
from tests.chaos.program import EXIT_ABANDONED, QUEUE, Options
from tests.chaos.runs import START_SECONDS, judged_so_far, wait_for_events, wait_until_drained
from tests.support.backends import sql_plan

LONG_SECONDS = 60.0
PROMPT_SECONDS = 10.0
SLOTS = 4
SIGINTS = 20
AT_ONCE = 4


def enqueued(place: Place, number: int, seconds: float) -> list[UUID]:
    names = ("pause", "block")
    return [place.app.enqueue(names[which % 2], {"seconds": seconds}).id for which in range(number)]


def options(place: Place, *, grace: float) -> Options:
    return Options(url=place.url, journal=str(place.journal), slots=SLOTS, grace=grace)


def assert_given_back(place: Place, ids: list[UUID]) -> None:
    """Assert that the tasks wait again, as if they had never been started."""
    for one in ids:
        task = place.app.get_task(one)
        assert (task.state, task.attempt, task.crashes) == ("queued", 0, 0)
        assert [attempt.outcome for attempt in place.app.attempts(one)] == ["handed_back"]


def test_sigterm_lets_running_tasks_finish_and_starts_no_more(place: Place):
    running, waiting = enqueued(place, 4, 1.0), enqueued(place, 4, 1.0)
    with Fleet(options(place, grace=LONG_SECONDS), size=1, log=place.log) as fleet:
        wait_for_events(place, "started", len(running))
        assert fleet.stop() == [0], fleet.log_end
    assert {place.app.get_task(one).state for one in running} == {"succeeded"}
    assert {place.app.get_task(one).state for one in waiting} == {"queued"}
    judged_so_far(place, running + waiting)


def test_sigterm_gives_back_what_does_not_finish_in_time(place: Place):
    ids = enqueued(place, 2, LONG_SECONDS)
    with Fleet(options(place, grace=0.5), size=1, log=place.log) as fleet:
        wait_for_events(place, "started", len(ids))
        began = time.monotonic()
        assert fleet.stop() == [EXIT_ABANDONED], fleet.log_end
        assert time.monotonic() - began < PROMPT_SECONDS
    assert_given_back(place, ids)
    judged_so_far(place, ids)


def test_a_second_sigterm_gives_everything_back_at_once(place: Place):
    ids = enqueued(place, 2, LONG_SECONDS)
    with Fleet(options(place, grace=LONG_SECONDS), size=1, log=place.log) as fleet:
        wait_for_events(place, "started", len(ids))
        [worker] = fleet.workers
        worker.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            worker.wait(timeout=1.0)
        began = time.monotonic()
        assert fleet.stop() == [EXIT_ABANDONED], fleet.log_end
        assert time.monotonic() - began < PROMPT_SECONDS
    assert_given_back(place, ids)


def test_sigint_at_any_moment_of_the_start_ends_a_worker(place: Place):
    sigints = SIGINTS if FULL or place.engine == "sqlite" else SIGINTS // 2
    place.app.register_queue(QUEUE, lease="30s")
    ids = enqueued(place, (sigints + AT_ONCE) * SLOTS, LONG_SECONDS)
    began = time.monotonic()
    # The first few tell how long a start takes: they are interrupted when they run tasks.
    codes = interrupted(place, [None] * AT_ONCE)
    start_up = time.monotonic() - began
    draw = random.Random()
    while len(codes) < sigints:
        codes += interrupted(place, [draw.uniform(0, start_up) for _ in range(AT_ONCE)])
    born = len(events_of(place.journal, "born"))
    print(f"CHAOS {place.engine} interrupted: {born} came to life, exit codes {sorted(codes)}")  # noqa: T201
    for one in ids:
        task = place.app.get_task(one)
        assert (task.state, task.attempt, task.crashes) == ("queued", 0, 0)


def interrupted(place: Place, moments: Sequence[float | None]) -> list[int]:
    """Send SIGINT to a new worker at each moment, None: once all run; return the exit codes."""
    given = options(place, grace=0.2)
    with Fleet(given, size=len(moments), log=place.log) as fleet:
        began = time.monotonic()
        if None in moments:
            wait_until(lambda: run_by_all(fleet, place.journal), seconds=START_SECONDS, what="run")
        by_moment = sorted(zip(moments, fleet.workers, strict=True), key=lambda pair: pair[0] or 0)
        for moment, worker in by_moment:
            time.sleep(max(0.0, began + (moment or 0) - time.monotonic()))
            worker.send_signal(signal.SIGINT)
        return [ended(fleet, worker) for worker in fleet.workers]


def ended(fleet: Fleet, worker: subprocess.Popen[bytes]) -> int:
    """Wait for an interrupted worker; return its exit code."""
    try:
        return worker.wait(timeout=PROMPT_SECONDS)
    except subprocess.TimeoutExpired:
        # Python itself drops an interrupt that comes within a destructor or a callback of the
        # import system, and says so: whoever pressed Ctrl-C presses it again.
        if "Exception ignored" not in fleet.log_end:
            raise
    worker.send_signal(signal.SIGINT)
    return worker.wait(timeout=PROMPT_SECONDS)


@pytest.mark.parametrize("crashes", [0, 1] if FULL else [1])
def test_sigterm_during_an_outage_ends_a_worker_in_time(own_place: Place, crashes: int):
    place = own_place
    place.app.register_queue(QUEUE, lease="2s", max_crashes=2)
    ids = enqueued(place, 2, 1.0)
    # With a crash to its name, one more is the last: the worker runs such tasks one by one.
    said = "UPDATE rowlock_task SET crashes = :crashes"
    place.app.core.storage.runner.run(sql_plan, said, {"crashes": crashes})
    assert place.server is not None
    with Fleet(options(place, grace=1.0), size=1, log=place.log) as fleet:
        wait_for_events(place, "started", 1)
        place.server.halt(immediate=True)
        wait_for_events(place, "ended", 1)
        time.sleep(1.0)
        began = time.monotonic()
        assert fleet.stop() == [EXIT_ABANDONED], fleet.log_end
        assert time.monotonic() - began < SETTLE_ON_STOP_SECONDS + PROMPT_SECONDS
        place.server.start()
        fleet.workers.clear()
        fleet.start_one()
        wait_until_drained(place)
        assert fleet.stop() == [0], fleet.log_end
    history = history_from(place.journal, place.app.core.storage, ids)
    assert {"lost", "copied", "double", "stale"}.isdisjoint(one.rule for one in check(history))
