"""Who is put under pressure, and how its programs are run."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import Any

from benchmarks.peers.environments import ROOT, command_of
from benchmarks.peers.table import PEERS, Peer
from benchmarks.pressure.crew import Kept

NAMES = ("rowlock-postgresql", "graphile-worker-batched", "pgqueuer-200")
CONCURRENCY = 100
PROGRAM_SECONDS = 120


@dataclass(frozen=True)
class System:
    """One of them, installed."""

    peer: Peer
    command: tuple[str, ...]

    def kept(self, kind: str, url: str, *, rate: float = 0.0) -> Kept:
        """Return one of its processes, to be kept going."""
        return Kept([*self.command, self._told(kind, url, rate=rate)], self._environment())

    def run(self, kind: str, url: str, *, tasks: int = 0) -> dict[str, Any]:
        """Run one of its processes to the end; returns what it said."""
        done = subprocess.run(
            [*self.command, self._told(kind, url, tasks=tasks)],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            timeout=PROGRAM_SECONDS,
            check=True,
        )
        return dict(json.loads(done.stdout))

    def _told(self, kind: str, url: str, *, rate: float = 0.0, tasks: int = 0) -> str:
        most = self.peer.concurrency or CONCURRENCY
        told = {"kind": kind, "url": url, "tasks": tasks, "concurrency": most, "rate": rate}
        # Programs in JavaScript read what is there, and have no defaults.
        told |= {"variant": self.peer.variant, "padding": 0, "pause": 0, "callers": 1}
        return json.dumps(told)

    def _environment(self) -> dict[str, str]:
        environment = dict(os.environ)
        environment.pop("PYTHONPATH", None)
        if not self.peer.pins:
            environment["PYTHONPATH"] = str(ROOT / "src")
        return environment


def installed(name: str) -> System:
    """Return a system, after making its environment if there is none.

    Raises:
        EnvironmentFailedError: It cannot be made.
    """
    peer = next(one for one in PEERS if one.name == name)
    return System(peer, tuple(command_of(peer)))
