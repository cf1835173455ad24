"""Running one peer's program once, and every peer's in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.peers.environments import ROOT, EnvironmentFailedError, command_of
from benchmarks.peers.stores import Stores, StoreUnavailableError
from benchmarks.peers.table import Peer

Run = Callable[[Peer, str], dict[str, float]]


class RunFailedError(RuntimeError):
    """A run ended badly, did not do every task, or took too long."""


@dataclass(frozen=True)
class Sizes:
    """How much is done in each run; `seconds` is the most that one run may take."""

    tasks: Mapping[str, int]
    concurrency: int
    seconds: float


@dataclass
class Outcome:
    """What became of a peer: figures by workload, one a round, or what went wrong."""

    figures: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def figures_from(workload: str, tasks: int, said: Mapping[str, Any]) -> dict[str, float]:
    """Return a run's figures: tasks a second, or milliseconds.

    Raises:
        RunFailedError: It did not do each task once, as far as its store knows.
    """
    if said["done"] != tasks or said["left"] != 0:
        raise RunFailedError(f"{said['done']} of {tasks} tasks done, {said['left']} left")
    if workload == "latency":
        return {"p50_ms": said["p50_ms"], "p99_ms": said["p99_ms"]}
    # From the first handler to the last lie one task fewer than there are.
    counted = tasks - 1 if workload == "drain" else tasks
    return {"per_second": counted / max(said["seconds"], 1e-9)}


def run_once(
    command: Sequence[str], peer: Peer, workload: str, url: str, sizes: Sizes
) -> dict[str, float]:
    """Run a program and read its line.

    Raises:
        RunFailedError: There is no figure.
    """
    tasks = sizes.tasks[workload]
    options = ["--tasks", str(tasks), "--concurrency", str(peer.concurrency or sizes.concurrency)]
    if peer.variant:
        options += ["--variant", peer.variant]
    environment = dict(os.environ)
    environment.pop("PYTHONPATH", None)
    if not peer.pins:
        environment["PYTHONPATH"] = str(ROOT / "src")
    try:
        done = subprocess.run(
            [*command, workload, url, *options],
            env=environment,
            capture_output=True,
            text=True,
            timeout=sizes.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RunFailedError(f"not done within {sizes.seconds:.0f} s") from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise RunFailedError(said[-1] if said else f"exit {done.returncode}")
    return figures_from(workload, tasks, json.loads(done.stdout))


def measure(
    peers: Sequence[Peer], workloads: Sequence[str], rounds: int, sizes: Sizes, minutes: float
) -> dict[str, Outcome]:
    """Run everything in turn; after `minutes` no further run is started."""
    with Stores() as stores:
        outcomes = {peer.name: Outcome() for peer in peers}
        commands: dict[str, list[str]] = {}
        for peer in peers:
            try:
                stores.prepare(peer.engine)
                commands[peer.name] = command_of(peer)
            except (EnvironmentFailedError, StoreUnavailableError) as error:
                outcomes[peer.name].errors = dict.fromkeys(workloads, str(error))

        def run(peer: Peer, workload: str) -> dict[str, float]:
            with stores.empty(peer.engine) as url:
                return run_once(commands[peer.name], peer, workload, url, sizes)

        ready = [peer for peer in peers if peer.name in commands]
        # Installing does not count: it is done once.
        end = time.monotonic() + minutes * 60
        round_robin(ready, workloads, rounds, run, outcomes, lambda: time.monotonic() > end)
    return outcomes


def round_robin(
    peers: Sequence[Peer],
    workloads: Sequence[str],
    rounds: int,
    run: Run,
    outcomes: Mapping[str, Outcome],
    is_over: Callable[[], bool],
) -> None:
    """Let each peer do each workload once a round; what has failed is not tried again."""
    for number in range(rounds):
        for workload in workloads:
            for peer in peers:
                outcome = outcomes[peer.name]
                if workload in outcome.errors or workload not in peer.workloads:
                    continue
                if is_over():
                    if workload not in outcome.figures:
                        outcome.errors[workload] = "the time was over before its turn"
                    continue
                sys.stderr.write(f"round {number + 1}: {workload} {peer.name} …\n")
                try:
                    outcome.figures.setdefault(workload, []).append(run(peer, workload))
                except RunFailedError as error:
                    outcome.figures.pop(workload, None)
                    outcome.errors[workload] = str(error)
