"""Child processes of whole programs: how they find the code, and that none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rowlock import Rowlock
from rowlock.runtime.processes.memory import _told_by_ps, resident_bytes
from tests.cli.commands import PROCESS_SECONDS, environment, run, start

pytestmark = pytest.mark.processes

SCRIPT = """
import os, time
from rowlock import Rowlock, Worker

app = Rowlock("sqlite:///own.db")

@app.task(executor="process", max_attempts=1)
def where() -> list[object]:
    return [os.getpid(), __name__]

{start}
"""
GUARDED = """
if __name__ == "__main__":
    task = where.enqueue()
    Worker(app).run_once()
    found = app.get_task(task)
    print(found.state, os.getpid() != found.result[0], found.result[1])
"""
UNGUARDED = """
task = where.options(id="01890000-0000-7000-8000-000000000001").enqueue()
Worker(app).run_once()
print(app.get_task(task).error.message)
"""

JOBS = '''
import os, time
from rowlock import Rowlock

app = Rowlock("sqlite:///own.db")

def make() -> None:
    """Define what no module has at its top."""

    @app.task(executor="process")
    def nap(seconds: float) -> None:
        print(os.getpid(), flush=True)
        time.sleep(seconds)

    @app.task(executor="process")
    def more() -> None:
        nap.enqueue(0)

make()
'''


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database that knows the definitions of `jobs:app`."""
    (tmp_path / "jobs.py").write_text(JOBS)
    url = f"sqlite:///{tmp_path}/tasks.db"
    result = run("worker", "jobs:app", "--once", "--url", url, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    return url


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PROCESS_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("way", [["program.py"], ["-m", "program"]], ids=["file", "module"])
def test_a_program_is_loaded_under_another_name(tmp_path, way):
    (tmp_path / "program.py").write_text(SCRIPT.format(start=GUARDED))
    printed = subprocess.check_output(
        [sys.executable, *way], cwd=tmp_path, env=environment(), timeout=PROCESS_SECONDS
    )
    assert printed.decode() == "succeeded True __rowlock_main__\n"


def test_a_program_without_a_guard_is_told_so(tmp_path):
    (tmp_path / "program.py").write_text(SCRIPT.format(start=UNGUARDED))
    printed = subprocess.check_output(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.DEVNULL,
        timeout=PROCESS_SECONDS,
    )
    assert b"put that below if __name__ == '__main__'" in printed


def test_the_command_tells_its_processes_the_app_and_the_database(tmp_path, url):
    with Rowlock(url) as app:
        task = app.enqueue("more", {})
        result = run("worker", "jobs:app", "--once", "--url", url, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        assert app.get_task(task).state == "succeeded"
        assert [one.definition for one in app.list_tasks()] == ["nap", "more"]
    assert not (tmp_path / "own.db").exists()


def test_no_process_outlives_a_worker_that_was_killed(tmp_path, url):
    with Rowlock(url) as app:
        app.enqueue("nap", {"seconds": 600})
        worker = start("worker", "jobs:app", "--url", url, cwd=tmp_path)
        assert worker.stdout is not None
        child = int(worker.stdout.readline())
        worker.send_signal(signal.SIGKILL)
        worker.communicate(timeout=PROCESS_SECONDS)
        until(lambda: not exists(child))


def test_memory_is_known_with_and_without_proc():
    seen, told = resident_bytes(os.getpid()), _told_by_ps(os.getpid())
    assert seen > 10**6
    assert 0.5 < told / seen < 2
    assert resident_bytes(2**22 + 1) == 0
