"""`rowlock worker --processes` and `--watch`, as the processes that they are."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from rowlock import Rowlock, TaskState
from rowlock.cli.exits import ExitCode
from rowlock.cli.options import Database
from rowlock.cli.places import Server
from rowlock.cli.worker import command
from rowlock.cli.worker_options import passed_on
from rowlock.cli.working import environment_at
from tests.cli.commands import PROCESS_SECONDS, cli, run, start
from tests.support.backends import DURABLE

pytestmark = pytest.mark.processes

APP = '''
import os, time
from rowlock import Rowlock

app = Rowlock("sqlite:///own.db")

@app.task
def nap(seconds: float) -> int:
    """Sleep, and say where."""
    print(f"napping {os.getpid()} VERSION", flush=True)
    time.sleep(seconds)
    return os.getpid()
'''


class Program:
    """A supervisor, and what it and its workers have said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.text = ""
        self.readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (process.stdout, process.stderr)
        ]
        for reader in self.readers:
            reader.start()

    def _read(self, stream: Any) -> None:
        with stream:
            for line in stream:
                self.text += line

    def wait_for(self, pattern: str, count: int = 1) -> list[str]:
        """Wait until something was said so often; return each time it was."""

        def found() -> list[str]:
            said = re.findall(pattern, self.text)
            assert len(said) >= count or self.process.poll() is None, self.text
            return said if len(said) >= count else []

        said: list[str] = until(found)
        return said

    def stopped(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """Return the exit code."""
        code = self.process.wait(PROCESS_SECONDS)
        for reader in self.readers:
            reader.join(PROCESS_SECONDS)
        return code


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PROCESS_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


class Place:
    """An app's folder, its database, and the supervisors that work there."""

    def __init__(self, url: str, folder: Path) -> None:
        self.app = Rowlock(url)
        self.url = url
        self.folder = folder
        self.programs: list[Program] = []
        self.write("first")

    def write(self, version: str) -> None:
        """Write the app's source."""
        (self.folder / "naps.py").write_text(APP.replace("VERSION", version))

    def start(self, *options: str, **environment: str) -> Program:
        """Start a worker with these options."""
        args = ("worker", "naps:app", "--url", self.url, "--queue", "default=1", *options)
        self.programs.append(Program(start(*args, cwd=self.folder, **environment)))
        return self.programs[-1]

    def nap(self, seconds: float = 0.0) -> UUID:
        """Enqueue a nap."""
        return self.app.enqueue("nap", {"seconds": seconds}).id

    def result(self, task: UUID) -> Any:
        """Wait until a task is final; return its result."""
        until(lambda: self.app.get_task(task).state.is_final)
        return self.app.get_task(task).result


@pytest.fixture
def place(backend, tmp_path) -> Iterator[Place]:
    place = Place(backend.url, tmp_path)

    @place.app.task
    def nap(seconds: float) -> int:
        raise NotImplementedError

    with place.app:
        yield place
    for program in place.programs:
        program.process.kill()
        program.ended()


on_a_file = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_a_dead_workers_task_runs_again_within_a_second(place):
    """C145: long before its lease of 30 s runs out."""
    program = place.start("--processes", "2")
    program.wait_for("1 slots", 2)
    task = place.nap(1.5)
    [dead] = map(int, program.wait_for(r"napping (\d+)"))
    os.kill(dead, signal.SIGKILL)
    died = time.time()
    assert place.result(task) != dead
    found = place.app.get_task(task)
    assert (found.attempt, found.crashes, found.state) == (2, 1, TaskState.SUCCEEDED)
    assert found.started_at.timestamp() - died < 10  # a second, and what a busy machine takes
    program.wait_for("was killed by SIGKILL; another starts")
    program.wait_for("1 slots", 3)
    assert program.stopped() == 0


@on_a_file
def test_a_stop_reaches_every_worker_and_lets_tasks_finish(place):
    """Though the variable that asks for two reaches all processes, only one supervises."""
    program = place.start(ROWLOCK_WORKER_PROCESSES="2")
    tasks = [place.nap(1.0) for _ in range(2)]
    program.wait_for("napping", 2)
    assert program.stopped() == 0
    assert len({place.app.get_task(one).result for one in tasks}) == 2
    assert len(re.findall(r"worker \d+ started", program.text)) == 2


@on_a_file
def test_a_second_signal_hands_back_and_the_exit_code_is_kept(place):
    """C133."""
    program = place.start("--processes", "2")
    tasks = [place.nap(600) for _ in range(2)]
    program.wait_for("napping", 2)
    program.process.send_signal(signal.SIGINT)
    program.wait_for("SIGTERM: stopping", 2)
    assert program.stopped() == 1
    assert {place.app.get_task(one).state for one in tasks} == {TaskState.QUEUED}


@on_a_file
def test_workers_stop_when_their_supervisor_is_killed(place):
    program = place.start("--processes", "1")
    [worker] = map(int, program.wait_for(r"process (\d+)"))
    program.wait_for("1 slots")
    program.process.kill()
    until(lambda: "stopped, 0 tasks given up" in program.text)
    until(lambda: not Path(f"/proc/{worker}").exists())


@on_a_file
def test_a_worker_that_had_enough_tasks_is_replaced(place):
    program = place.start("--processes", "1", "--max-tasks", "2")
    pids = [place.result(place.nap()) for _ in range(3)]
    assert pids[0] == pids[1] != pids[2]
    assert "another starts" not in program.text
    assert program.stopped() == 0


@on_a_file
def test_a_worker_alone_exits_cleanly_after_so_many_tasks(place):
    tasks = [place.nap() for _ in range(3)]
    assert place.start("--max-tasks", "2").ended() == 0
    states = [place.app.get_task(one).state for one in tasks]
    assert states == ["succeeded", "succeeded", "queued"]


@on_a_file
def test_a_worker_that_lost_its_slots_for_good_exits_as_unhealthy(place):
    task = place.app.enqueue("nap", {"seconds": 600}, timeout="0.1s", max_attempts=1).id
    program = place.start("--grace", "0.2s")
    assert program.ended() == ExitCode.UNHEALTHY
    assert "all 1 slots are lost" in program.text
    assert place.app.get_task(task).reason == "timeout"


@on_a_file
def test_a_worker_that_holds_too_much_memory_exits_cleanly(place):
    program = place.start("--max-memory", "1MB")
    assert program.ended() == 0
    assert re.search(r"the worker holds \d+ MB, over 1 MB: it stops", program.text)


@on_a_file
def test_a_failure_that_would_repeat_stops_all_with_its_code(place):
    (place.folder / "naps.py").write_text(
        APP + "\nif os.getppid() != int(os.environ['ABOVE']): raise ValueError('broken')\n"
    )
    args = ("worker", "naps:app", "--url", place.url, "--processes", "2")
    result = run(*args, cwd=place.folder, ABOVE=str(os.getpid()))
    assert result.returncode == 2
    assert "importing 'naps' failed: ValueError: broken" in result.stderr
    assert "starting it again would not help" in result.stderr


@on_a_file
def test_a_change_of_the_source_is_loaded_and_running_tasks_finish(place):
    program = place.start("--watch")
    first = place.nap(1.0)
    program.wait_for("napping .* first")
    place.write("second")
    second = place.nap()
    assert place.result(first) != place.result(second)
    program.wait_for("naps.py changed: loading anew")
    assert "second" in program.wait_for(r"napping \d+ (second)")
    assert place.app.get_task(first).attempt == 1
    assert program.stopped() == 0


@on_a_file
def test_a_source_that_cannot_be_loaded_waits_for_its_repair(place):
    program = place.start("--watch")
    program.wait_for("1 slots")
    (place.folder / "naps.py").write_text("raise ValueError('broken')\n")
    program.wait_for("it starts again when something changes")
    place.write("repaired")
    place.nap()
    program.wait_for("napping .* repaired")
    assert program.stopped() == 0


@on_a_file
@pytest.mark.parametrize(
    ("options", "field"),
    [
        (["--processes", "0"], "processes"),
        (["--processes", "many"], "processes"),
        (["--processes", "2", "--max-tasks", "0"], "max_tasks"),
        (["--max-memory", "lots"], "max_memory"),
        (["--max-tasks-per-child", "0"], "max_tasks_per_child"),
        (["--max-child-age", "old"], "max_child_age"),
        (["--max-child-memory", "1kB"], "max_child_memory"),
        (["--health-port", "70000"], "health_port"),
        (["--once", "--processes", "2"], "--once"),
        (["--once", "--watch"], "--once"),
    ],
)
def test_bad_options_are_refused_before_anything_starts(place, monkeypatch, options, field):
    monkeypatch.chdir(place.folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    result = cli("worker", "naps:app", *options, url=place.url)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"rowlock: {field}")


def test_workers_are_told_what_the_supervisor_was_told_but_for_what_is_its_own():
    told = ["--queue", "x=1", "--queue", "y", "--max-tasks", "5", "--max-child-memory", "1GB"]
    own = ["--processes", "2", "--watch", "--health-port", "0", "--url", "sqlite:///x.db"]
    context = command.make_context("worker", ["naps:app", *told, *own, "--json"])
    given = passed_on(context)
    defaults = ["--grace", "30s", "--unknown", "leave", "--log-level", "info"]
    pairs = {tuple(part) for part in zip(given[::2], given[1::2], strict=False)}
    assert given.count("--json") == 1
    for pair in zip((told + defaults)[::2], (told + defaults)[1::2], strict=True):
        assert pair in pairs
    assert len(given) == len(told + defaults) + 1


def test_workers_find_the_place_of_the_supervisor_and_no_other():
    theirs = {"ROWLOCK_SERVER": "http://x", "ROWLOCK_URL": "sqlite:///y.db", "HOME": "/root"}
    database = Database(url="sqlite:///x.db", namespace="n", prefix=None, schema=None)
    assert environment_at(database, theirs) == {
        "HOME": "/root",
        "ROWLOCK_URL": "sqlite:///x.db",
        "ROWLOCK_NAMESPACE": "n",
    }
    server = Server(url="https://queue.example", token="s" * 3, namespace=None)
    assert environment_at(server, theirs) == {
        "HOME": "/root",
        "ROWLOCK_SERVER": "https://queue.example",
        "ROWLOCK_TOKEN": "sss",
    }
