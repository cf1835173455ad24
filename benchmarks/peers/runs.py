"""Running one peer's program once, and every peer's in turn."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.peers.environments import ROOT, EnvironmentFailedError, command_of
from benchmarks.peers.stores import Stores, StoreUnavailableError
from benchmarks.peers.table import Peer
from benchmarks.peers.workloads import Workload

Run = Callable[[Peer, Workload], dict[str, float]]

NO_TURN = "the time was over before its turn"
LEAST = 10
"""So many tasks has everybody, however slow."""
CLAIMS = 10
"""So many times as many tasks as run at once has everybody in a drain."""
RUN_SECONDS = 90
"""The most that one run may take."""


class RunFailedError(RuntimeError):
    """A run ended badly, did not do every task, or took too long."""


@dataclass
class Outcome:
    """What became of a peer: figures by workload, one a round, or what went wrong."""

    figures: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def asked(peer: Peer, workload: Workload, url: str, *, quick: bool) -> dict[str, Any]:
    """Return what a program is told."""
    most = workload.concurrency if peer.concurrency is None else peer.concurrency
    concurrency = min(workload.concurrency, most)
    tasks = workload.quick if quick else workload.tasks
    if workload.kind != "latency":
        # The first claim of a drain is free, so there must be more than a few.
        least = CLAIMS * concurrency if workload.kind == "drain" else LEAST
        tasks = max(least, round(tasks * peer.share))
    return {
        "kind": workload.kind,
        "url": url,
        "tasks": tasks,
        "concurrency": concurrency,
        "variant": peer.variant,
        "blocking": False,
        "callers": 1,
        "pause": 0.0,
        "padding": 0,
        "load": 0.0,
        "workers": 0,
        **workload.options,
    }


def figures_from(workload: Workload, tasks: int, said: Mapping[str, Any]) -> dict[str, float]:
    """Return a run's figures: tasks a second, or milliseconds.

    Raises:
        RunFailedError: It did not do each task once, as far as its store knows.
    """
    if said["done"] != tasks or said["left"] != 0:
        raise RunFailedError(f"{said['done']} of {tasks} tasks done, {said['left']} left")
    if workload.kind == "latency":
        return {"p50_ms": said["p50_ms"], "p99_ms": said["p99_ms"]}
    # From the first handler to the last lie one task fewer than there are.
    counted = tasks - 1 if workload.kind == "drain" else tasks
    return {"per_second": counted / max(said["seconds"], 1e-9)}


def run_once(
    command: Sequence[str], peer: Peer, workload: Workload, url: str, *, quick: bool
) -> dict[str, float]:
    """Run a program and read its line.

    Raises:
        RunFailedError: There is no figure.
    """
    given = asked(peer, workload, url, quick=quick)
    environment = dict(os.environ)
    environment.pop("PYTHONPATH", None)
    if not peer.pins:
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    said = _said([*command, json.dumps(given)], environment)
    return figures_from(workload, given["tasks"], json.loads(said))


def _said(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return what a program prints; if it does not end, it is killed with all that it started."""
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said, complaints = process.communicate(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise RunFailedError(f"not done within {RUN_SECONDS} s") from error
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode != 0:
        lines = complaints.strip().splitlines()
        raise RunFailedError(lines[-1] if lines else f"exit {process.returncode}")
    return said


def measure(
    peers: Sequence[Peer],
    workloads: Sequence[Workload],
    rounds: int,
    minutes: float,
    *,
    quick: bool,
) -> tuple[dict[str, Outcome], dict[str, str]]:
    """Run everything in turn; after `minutes` no further run is started.

    Returns:
        What became of each peer, and the versions of the servers.
    """
    with Stores() as stores:
        outcomes = {peer.name: Outcome() for peer in peers}
        commands: dict[str, list[str]] = {}
        for peer in peers:
            try:
                stores.prepare(peer.engine)
                commands[peer.name] = command_of(peer)
            except (EnvironmentFailedError, StoreUnavailableError) as error:
                outcomes[peer.name].errors = dict.fromkeys(
                    (one.name for one in workloads if one.name in peer.workloads), str(error)
                )

        def run(peer: Peer, workload: Workload) -> dict[str, float]:
            with stores.empty(peer.engine) as url:
                return run_once(commands[peer.name], peer, workload, url, quick=quick)

        ready = [peer for peer in peers if peer.name in commands]
        # Installing does not count: it is done once.
        end = time.monotonic() + minutes * 60
        round_robin(ready, workloads, rounds, run, outcomes, lambda: time.monotonic() > end)
    return outcomes, stores.versions


def round_robin(
    peers: Sequence[Peer],
    workloads: Sequence[Workload],
    rounds: int,
    run: Run,
    outcomes: Mapping[str, Outcome],
    is_over: Callable[[], bool],
) -> None:
    """Let each peer do each workload once a round; what has failed is not tried again."""
    for number in range(rounds):
        for workload in (one for one in workloads if number < one.rounds):
            for peer in peers:
                outcome, name = outcomes[peer.name], workload.name
                if name in outcome.errors or name not in peer.workloads:
                    continue
                if is_over():
                    if name not in outcome.figures:
                        outcome.errors[name] = NO_TURN
                    continue
                sys.stderr.write(f"round {number + 1}: {name} {peer.name} …\n")
                try:
                    outcome.figures.setdefault(name, []).append(run(peer, workload))
                except RunFailedError as error:
                    outcome.figures.pop(name, None)
                    outcome.errors[name] = str(error)
