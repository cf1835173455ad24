"""What a worker counts for good: how each attempt ended, how long it waited and ran."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

from rowlock import Cancel, Context, Rowlock, Snooze, Worker
from rowlock.model.tallies import Tally, TallyKey
from rowlock.worker.upkeep import Upkeep
from tests.app.steps import count
from tests.worker.steps import run_again


def tallies(app: Rowlock) -> Mapping[TallyKey, Tally]:
    storage = app.core.storage
    storage.tallier.append()
    return storage.runner.read(storage.tallies.read_tallies, app.core.namespace)


def told(app: Rowlock) -> dict[tuple[str | None, str], int]:
    return {
        (key.definition, key.counted): tally.count
        for key, tally in tallies(app).items()
        if key.counted != "enqueued"
    }


def test_every_way_in_which_an_attempt_ends_is_counted(app):
    @app.task(retry="immediate", max_attempts=2)
    def fail() -> None:
        raise ValueError

    @app.task(max_attempts=1)
    def unstorable() -> object:
        return object()

    @app.task
    def give_up() -> Cancel:
        return Cancel("why not")

    answers: list[Snooze | None] = [None, Snooze("1s")]

    @app.task
    def wait() -> Snooze | None:
        return answers.pop()

    for definition in (fail, unstorable, give_up, wait):
        definition.enqueue()
    Worker(app).run_once()
    run_again(app)
    assert told(app) == {
        ("fail", "retried"): 1,
        ("fail", "failed"): 1,
        ("unstorable", "failed"): 1,
        ("give_up", "canceled"): 1,
        ("wait", "snoozed"): 1,
        ("wait", "succeeded"): 1,
    }


def test_what_its_handler_settles_itself_is_counted(app, backend):
    @app.task
    def settle(ctx: Context) -> None:
        time.sleep(0.05)
        with ctx.transaction():
            pass

    settle.enqueue()
    Worker(app).run_once()
    [tally] = [one for key, one in tallies(app).items() if key.counted == "succeeded"]
    assert tally.count == 1
    assert 0.05 <= tally.runs.seconds < 5


def test_how_long_attempts_waited_and_ran_is_counted(app):
    @app.task
    def nap() -> None:
        time.sleep(0.1)

    nap.enqueue()
    time.sleep(0.3)
    Worker(app).run_once()
    [tally] = [one for key, one in tallies(app).items() if key.counted == "succeeded"]
    assert 0.3 <= tally.waits.seconds < 10
    assert 0.1 <= tally.runs.seconds < tally.waits.seconds + 5


async def test_upkeep_folds_what_was_counted(app):
    app.core.open()
    for _ in range(3):
        app.enqueue(None, 1)
        app.core.storage.tallier.append()
    assert count(app, "tally") == 3
    await Upkeep(app.core.storage, amnesty=timedelta(0)).round()
    assert count(app, "tally") == 1
    assert [tally.count for tally in tallies(app).values()] == [3]
