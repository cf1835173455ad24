"""`rowlock worker --server` as a process, whose server and which itself are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from rowlock import Rowlock
from tests.cli.commands import PROCESS_SECONDS, run, start
from tests.http.programs import new_token, serving

TASKS = 150
SECONDS = 120
APP = '''
import time
from rowlock import Rowlock

app = Rowlock("memory://")  # never used: what has no database cannot write to it

@app.task(queue="numbers")
def double(number: int) -> int:
    """Take a little while."""
    time.sleep(0.02)
    return 2 * number

@app.task(queue="numbers", executor="process", max_attempts=1)
def stores() -> None:
    """Try to enqueue in a child process."""
    double.enqueue(1)

@app.task(queue="numbers", executor="process")
def computes(number: int) -> int:
    return 2 * number
'''

pytestmark = pytest.mark.processes


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with an app, to work in."""
    (tmp_path / "numbers_app.py").write_text(APP, "utf-8")
    return tmp_path


@contextmanager
def working(place: Path, *args: str, **env: str) -> Generator[subprocess.Popen[str]]:
    """Run a worker in this block."""
    command = start("worker", "numbers_app:app", *args, cwd=place, **env)
    try:
        yield command
    finally:
        command.kill()
        command.communicate(timeout=PROCESS_SECONDS)


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def enqueue(app: Rowlock, count: int = TASKS) -> None:
    app.register_queue("numbers", lease="2s")

    @app.task(queue="numbers")
    def double(number: int) -> int:
        return number

    double.enqueue_many({"number": number} for number in range(count))


def succeeded(app: Rowlock) -> int:
    return app.count(states=("succeeded",)).count


def has_succeeded(app: Rowlock, count: int) -> bool:
    return succeeded(app) >= count


def check(app: Rowlock, count: int = TASKS) -> None:
    results = sorted(task.result for task in app.list_tasks(limit=1_000))
    assert results == [2 * number for number in range(count)]


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(place: Path):
    url = f"sqlite:///{place}/tasks.db"
    token = new_token(url, "tasks:work")
    with closing(Rowlock(url)) as app, serving(place, "--url", url) as server:
        enqueue(app)
        given = {"ROWLOCK_SERVER": server.url, "ROWLOCK_TOKEN": token}
        with working(place, "--queue", "numbers=4", **given) as first:
            wait_until(lambda: succeeded(app) > TASKS // 4)
            wait_until(lambda: app.count(states=("running",)).count)
            os.kill(first.pid, signal.SIGKILL)
            first.wait(PROCESS_SECONDS)
        assert succeeded(app) < TASKS
        with working(place, "--queue", "numbers=4", **given) as second:
            wait_until(lambda: succeeded(app) == TASKS)
            second.terminate()
            assert second.wait(PROCESS_SECONDS) == 0
        check(app)


def test_a_server_that_is_killed_in_the_middle_loses_nothing(place: Path):
    url = f"sqlite:///{place}/tasks.db"
    token = new_token(url, "tasks:work")
    with closing(Rowlock(url)) as app, ExitStack() as servers:
        enqueue(app)
        server = servers.enter_context(serving(place, "--url", url))
        port = str(server.port)
        given = {"ROWLOCK_SERVER": server.url, "ROWLOCK_TOKEN": token}
        with working(place, "--queue", "numbers=4", **given) as worker:
            for count in (TASKS // 4, TASKS // 2):
                wait_until(partial(has_succeeded, app, count))
                server.process.kill()
                server.process.wait(PROCESS_SECONDS)
                time.sleep(0.5)
                assert worker.poll() is None
                server = servers.enter_context(serving(place, "--url", url, "--port", port))
            wait_until(partial(has_succeeded, app, TASKS))
            worker.terminate()
            assert worker.wait(PROCESS_SECONDS) == 0
        check(app)


def test_once_runs_what_waits_and_says_how_much(place: Path):
    url = f"sqlite:///{place}/tasks.db"
    token = new_token(url, "tasks:work")
    with closing(Rowlock(url)) as app, serving(place, "--url", url) as server:
        enqueue(app, 7)
        told = ("worker", "numbers_app:app", "--once", "--json", "--server", server.url)
        done = run(*told, cwd=place, ROWLOCK_TOKEN=token)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["recorded"] == 7
        assert "HTTP Request" not in done.stderr
        check(app, 7)
        refused = run(*told, cwd=place, ROWLOCK_TOKEN="x" * 9)
        assert (refused.returncode, "Traceback" in refused.stderr) == (7, False)
        assert "a valid token is needed" in refused.stderr
        reads = new_token(url, "tasks:read")
        denied = run(*told, cwd=place, ROWLOCK_TOKEN=reads)
        assert "lacks the scope tasks:work" in denied.stderr
    down = run(*told, cwd=place, ROWLOCK_TOKEN=token)
    assert (down.returncode, "Traceback" in down.stderr) == (3, False)


def test_processes_under_one_work_for_a_server(place: Path):
    url = f"sqlite:///{place}/tasks.db"
    token = new_token(url, "tasks:work")
    with closing(Rowlock(url)) as app, serving(place, "--url", url) as server:
        enqueue(app, 20)
        told = ("--processes", "2", "--server", server.url)
        with working(place, *told, ROWLOCK_TOKEN=token, ROWLOCK_URL="sqlite:///x.db") as worker:
            wait_until(lambda: succeeded(app) == 20)
            workers = {task.worker for task in app.list_tasks(limit=100)}
            worker.terminate()
            assert worker.wait(PROCESS_SECONDS) == 0
        assert 1 <= len(workers) <= 2
        check(app, 20)
        assert not (place / "x.db").exists()


def test_a_child_process_runs_handlers_and_stores_no_tasks(place: Path):
    url = f"sqlite:///{place}/tasks.db"
    token = new_token(url, "tasks:work")
    with closing(Rowlock(url)) as app, serving(place, "--url", url) as server:
        for alias in ("stores", "computes"):
            app.create_definition(alias, queue="numbers", max_attempts=1)
        stored, computed = app.enqueue("stores"), app.enqueue("computes", {"number": 4})
        told = ("worker", "numbers_app:app", "--once", "--server", server.url)
        done = run(*told, cwd=place, ROWLOCK_TOKEN=token)
        assert done.returncode == 0, done.stderr
        assert app.get_task(computed).result == 8
        error = app.get_task(stored).error
        assert error is not None
        assert (error.type, "child processes" in error.message) == ("ConfigError", True)
