"""What workers set in Python itself while they run, and set back afterwards."""

from __future__ import annotations

import gc
import sys

import pytest

from rowlock import Rowlock, Worker
from rowlock.worker.interpreter import COLLECT_AFTER, SWITCH_SECONDS
from tests.worker.steps import working

DEFAULT = (700, 0.005)
TUNED = (COLLECT_AFTER, SWITCH_SECONDS)


def settings() -> tuple[int, float]:
    return gc.get_threshold()[0], sys.getswitchinterval()


@pytest.fixture(autouse=True)
def _default():
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(DEFAULT[0], 10, 10)
    sys.setswitchinterval(DEFAULT[1])
    yield
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


@pytest.fixture
def app():
    with Rowlock("memory://") as opened:
        yield opened


async def test_both_are_set_until_the_last_worker_has_stopped(app):
    async with working(app):
        assert settings() == TUNED
        async with working(app):
            pass
        assert settings() == TUNED
    assert settings() == DEFAULT
    assert gc.get_threshold() == (DEFAULT[0], 10, 10)


def test_a_worker_that_runs_once_sets_them_too(app):
    seen: list[tuple[int, float]] = []

    @app.task
    def look() -> None:
        seen.append(settings())

    look.enqueue()
    Worker(app).run_once()
    assert (seen, settings()) == ([TUNED], DEFAULT)


@pytest.mark.parametrize("own", [0, COLLECT_AFTER + 1])
async def test_what_the_program_has_set_stays(app, own):
    gc.set_threshold(own, 10, 10)
    sys.setswitchinterval(0.003)
    before = settings()
    async with working(app):
        assert settings() == before
    assert settings() == before


async def test_what_the_program_sets_meanwhile_stays(app):
    async with working(app):
        gc.set_threshold(1_234, 5, 6)
        sys.setswitchinterval(0.003)
        before = settings()
    assert settings() == before
    assert gc.get_threshold() == (1_234, 5, 6)
