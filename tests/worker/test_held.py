"""What a worker holds, as its heartbeat's thread sees it while tasks start and end."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from rowlock import Rowlock, Worker


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Let threads take turns between any two steps, as they do now and then."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_threads")
def test_a_beat_may_come_between_any_two_steps(monkeypatch):
    """Hundreds of tasks start and end while the heartbeat asks what is held."""
    monkeypatch.setattr("rowlock.runtime.heartbeat.TICK_SECONDS", 1e-5)
    with Rowlock("memory://") as app:

        @app.task
        async def nothing() -> None:
            assert threading.active_count() > 1

        app.enqueue_many("nothing", ({} for _ in range(6_000)))
        assert Worker(app, concurrency=500).run_once() == 6_000
