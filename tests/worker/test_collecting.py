"""How often Python looks for garbage while workers run, and afterwards."""

from __future__ import annotations

import gc

import pytest

from rowlock import Rowlock, Worker
from rowlock.worker.collecting import THRESHOLD
from tests.worker.steps import working


@pytest.fixture(autouse=True)
def _default():
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


@pytest.fixture
def app():
    with Rowlock("memory://") as opened:
        yield opened


async def test_a_worker_has_garbage_looked_for_less_often(app):
    async with working(app):
        assert gc.get_threshold() == (THRESHOLD, 10, 10)
        async with working(app):
            pass
        assert gc.get_threshold() == (THRESHOLD, 10, 10)
    assert gc.get_threshold() == (700, 10, 10)


def test_so_has_one_that_runs_once(app):
    seen: list[int] = []

    @app.task
    def look() -> None:
        seen.append(gc.get_threshold()[0])

    look.enqueue()
    Worker(app).run_once()
    assert (seen, gc.get_threshold()) == ([THRESHOLD], (700, 10, 10))


@pytest.mark.parametrize("own", [0, THRESHOLD + 1])
async def test_what_the_program_has_set_stays_if_it_is_rarer(app, own):
    gc.set_threshold(own, 10, 10)
    async with working(app):
        assert gc.get_threshold()[0] == own
    assert gc.get_threshold()[0] == own


async def test_what_a_program_sets_meanwhile_stays(app):
    async with working(app):
        gc.set_threshold(1_234, 5, 6)
    assert gc.get_threshold() == (1_234, 5, 6)
