"""Worker processes, and what is done to them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.chaos.journal import events_of
from tests.chaos.program import Options

ROOT = Path(__file__).parents[2]
KILL_EVERY_SECONDS = 0.5
PATIENCE_SECONDS = 5.0
STOP_SECONDS = 45.0
POLL_SECONDS = 0.05


def wait_until(holds: Callable[[], object], *, seconds: float, what: str) -> None:
    """Wait for a condition, not longer than that."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"after {seconds:g} s still not: {what}"
        time.sleep(POLL_SECONDS)


def run_by_all(fleet: Fleet, journal: Path, *, kind: str = "started") -> bool:
    """Whether every worker of the fleet has started a task, or whatever else is asked."""
    assert not fleet.ended, fleet.log_end
    started = {event["pid"] for event in events_of(journal, kind)}
    return started >= {worker.pid for worker in fleet.workers}


def start_program(options: Options, log: Path) -> subprocess.Popen[bytes]:
    """Start one worker process; its output is appended to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.program", options.text],
            cwd=ROOT,
            env=_unmeasured(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )


def _unmeasured() -> dict[str, str]:
    """Return our environment without coverage, whose start-up swallows a SIGINT that hits it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Kill a process of ours, frozen or not, and wait for its end."""
    process.kill()
    process.wait(timeout=STOP_SECONDS)


class Fleet:
    """Some worker processes with the same options; none outlives the block."""

    def __init__(self, options: Options, *, size: int, log: Path) -> None:
        self.options = options
        self.log = log
        self._size = size
        self.workers: list[subprocess.Popen[bytes]] = []
        self._frozen: dict[int, float] = {}
        self.kills = 0
        self.freezes = 0

    def __enter__(self) -> Self:
        for _ in range(self._size):
            self.start_one()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            end_process(worker)

    def start_one(self) -> subprocess.Popen[bytes]:
        """Start one more worker."""
        worker = start_program(self.options, self.log)
        self.workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """Kill a worker, and start another one in its place."""
        self.kills += 1
        end_process(worker)
        self.workers.remove(worker)
        self.start_one()

    def freeze(self, worker: subprocess.Popen[bytes], *, seconds: float = float("inf")) -> None:
        """Stop a worker in the middle of whatever it does."""
        self.freezes += 1
        self._frozen[worker.pid] = time.monotonic() + seconds
        worker.send_signal(signal.SIGSTOP)

    def freeze_between_writes(
        self, worker: subprocess.Popen[bytes], can_write: Callable[[], bool]
    ) -> None:
        """Stop a worker, but not while it keeps everybody else from writing.

        Who is frozen within a transaction on SQLite holds the file's only lock until it goes on.
        """
        self.freeze(worker)
        while not can_write():
            self.thaw(everyone=True)
            time.sleep(POLL_SECONDS)
            self.freeze(worker)

    def thaw(self, *, everyone: bool = False) -> None:
        """Let those go on that have been frozen long enough, or all."""
        now = time.monotonic()
        for worker in self.workers:
            if worker.pid in self._frozen and (everyone or self._frozen[worker.pid] <= now):
                del self._frozen[worker.pid]
                worker.send_signal(signal.SIGCONT)

    @property
    def ended(self) -> list[subprocess.Popen[bytes]]:
        """The workers that have ended by themselves."""
        return [worker for worker in self.workers if worker.poll() is not None]

    def replace_ended(self) -> int:
        """Start a worker for each that has ended; returns how many had."""
        ended = self.ended
        for worker in ended:
            self.workers.remove(worker)
            self.start_one()
        return len(ended)

    @property
    def awake(self) -> list[subprocess.Popen[bytes]]:
        """The workers that are not frozen."""
        return [worker for worker in self.workers if worker.pid not in self._frozen]

    def stop(self) -> list[int]:
        """Ask every worker to stop; returns their exit codes."""
        for worker in self.workers:
            worker.terminate()
        return [worker.wait(timeout=STOP_SECONDS) for worker in self.workers]

    @property
    def log_end(self) -> str:
        """The last of what the workers printed."""
        return self.log.read_text(errors="replace")[-6000:] if self.log.exists() else ""


class Nemesis:
    """Kills workers that are at work, and freezes others for longer than their leases."""

    def __init__(
        self, fleet: Fleet, seed: int, *, frozen_seconds: tuple[float, float], most_frozen: int = 1
    ) -> None:
        self._fleet = fleet
        self._random = random.Random(seed)
        self._frozen_seconds = frozen_seconds
        self._most_frozen = most_frozen
        self._patient_until = time.monotonic() + PATIENCE_SECONDS

    def rage(self, *, kills: int, freezes: int, seconds: float) -> None:
        """Go on until both numbers are reached, at most so long; then let all go on."""
        fleet, deadline = self._fleet, time.monotonic() + seconds
        while fleet.kills < kills or fleet.freezes < freezes:
            assert time.monotonic() < deadline, "the nemesis takes too long"
            time.sleep(KILL_EVERY_SECONDS)
            fleet.thaw()
            victims = self._victims()
            frozen = len(fleet.workers) - len(fleet.awake)
            if victims and frozen < self._most_frozen and fleet.freezes < freezes:
                victim = victims.pop(self._random.randrange(len(victims)))
                fleet.freeze(victim, seconds=self._random.uniform(*self._frozen_seconds))
            if victims and fleet.kills < kills:
                fleet.kill(self._random.choice(victims))
                self._patient_until = time.monotonic() + PATIENCE_SECONDS
        while len(fleet.awake) < len(fleet.workers):
            time.sleep(POLL_SECONDS)
            fleet.thaw()

    def _victims(self) -> list[subprocess.Popen[bytes]]:
        """Return whom to strike: one that is still starting holds nothing yet."""
        started = events_of(self._fleet.options.journal, "started")
        at_work = {event["pid"] for event in started}
        # After a while perhaps nothing is left to be started.
        anyone = time.monotonic() > self._patient_until
        return [one for one in self._fleet.awake if anyone or one.pid in at_work]


def chosen_seed() -> int:
    """Return CHAOS_SEED, or a fresh one; it is printed with the figures."""
    given = os.environ.get("CHAOS_SEED")
    return int(given) if given else random.SystemRandom().randrange(1_000_000)
