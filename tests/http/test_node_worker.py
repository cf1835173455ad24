"""A worker in another language: nothing is lost when it is killed in the middle."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from rowlock import Rowlock
from tests.docs.pages import ROOT
from tests.http.programs import new_token, serving

TASKS = 1_000 if os.environ.get("ROWLOCK_CHAOS") == "full" else 200
SECONDS = 120
SCRIPT = ROOT / "examples" / "worker.mjs"
NODE = shutil.which("node")

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.processes,
    pytest.mark.skipif(NODE is None and os.environ.get("CI") != "true", reason="needs node"),
]


@contextmanager
def worker(server: str, token: str, log: Path) -> Generator[subprocess.Popen[bytes]]:
    """Run the script in this block."""
    assert NODE is not None
    given = {"ROWLOCK_SERVER": server, "ROWLOCK_TOKEN": token, "ROWLOCK_LEASE": "2"}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [NODE, str(SCRIPT), "numbers"],
            env={**os.environ, **given},
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(app: Rowlock, finished: int) -> None:
    deadline = time.monotonic() + SECONDS
    while app.count(states=("succeeded",)).count < finished:
        assert time.monotonic() < deadline, app.stats()
        time.sleep(0.02)


def test_a_kill_in_the_middle_loses_no_task(tmp_path: Path):
    url, log = f"sqlite:///{tmp_path}/tasks.db", tmp_path / "worker.log"
    token = new_token(url, "tasks:work")
    with closing(Rowlock(url)) as app, serving(tmp_path, "--url", url) as server:
        app.enqueue_many(None, [{"number": number} for number in range(TASKS)], queue="numbers")
        with worker(server.url, token, log) as first:
            wait_until(app, TASKS // 3)
            deadline = time.monotonic() + SECONDS
            while not app.count(states=("running",)).count and time.monotonic() < deadline:
                pass
            first.kill()
            first.wait()
        assert app.count(states=("succeeded",)).count < TASKS
        with worker(server.url, token, log) as second:
            wait_until(app, TASKS)
            second.terminate()
            assert second.wait(30) == 0
        results = [task.result["doubled"] for task in app.list_tasks(limit=1_000)]
        assert sorted(results) == [2 * number for number in range(TASKS)]
        assert app.count().count == TASKS
        assert server.stop() == 0
    assert len(log.read_text().splitlines()) >= TASKS - 1


def test_the_script_is_as_short_as_it_says():
    assert len(SCRIPT.read_text("utf-8").splitlines()) <= 60
