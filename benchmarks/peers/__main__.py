"""`python -m benchmarks.peers`: Rowlock and its peers in turn, on the same servers.

What each kind of workload measures is told in `programs/measures.py`, their sizes in
`workloads.py`. Servers are thrown away afterwards
and run with their default durability; ROWLOCK_BENCH_POSTGRES names a PostgreSQL to use instead.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict

from benchmarks.machine import machine
from benchmarks.peers import report
from benchmarks.peers.runs import measure
from benchmarks.peers.table import PEERS
from benchmarks.peers.workloads import WORKLOADS

PEER_NAMES = tuple(peer.name for peer in PEERS)
WORKLOAD_NAMES = tuple(workload.name for workload in WORKLOADS)


def some_of(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    """Return what reads a list like `a,b` of these names."""

    def read(text: str) -> list[str]:
        names = list(filter(None, text.split(",")))
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        if not names:
            raise argparse.ArgumentTypeError("names nothing")
        return names

    return read


def positive(text: str) -> int:
    """Read a whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    for option, names in (("--peers", PEER_NAMES), ("--workloads", WORKLOAD_NAMES)):
        made.add_argument(option, type=some_of(names), default=list(names), help=",".join(names))
    made.add_argument("--rounds", type=positive, help="3, with --quick 1")
    made.add_argument("--minutes", type=positive, default=10, help="no run starts later")
    made.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    made.add_argument("--json", action="store_true")
    return made


def main() -> None:
    """Measure and print."""
    given = parser().parse_args()
    peers = [peer for peer in PEERS if peer.name in given.peers]
    rounds = given.rounds or (1 if given.quick else 3)
    workloads = [workload for workload in WORKLOADS if workload.name in given.workloads]
    outcomes, versions = measure(peers, workloads, rounds, given.minutes, quick=given.quick)
    found = report.document(peers, outcomes, {**machine(), **versions})
    found["workloads"] = {workload.name: asdict(workload) for workload in workloads}
    text = json.dumps(found, indent=2) if given.json else report.table(found, workloads)
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
