"""`python -m benchmarks.peers`: Rowlock and its peers in turn, on the same servers.

What each workload measures is told in `programs/contract.py`. Servers are thrown away afterwards
and run with their default durability; ROWLOCK_BENCH_POSTGRES names a PostgreSQL to use instead.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from benchmarks.machine import machine
from benchmarks.peers import report
from benchmarks.peers.runs import Sizes, measure
from benchmarks.peers.table import PEERS, WORKLOADS

NAMES = tuple(peer.name for peer in PEERS)
FULL = Sizes({"bulk": 20_000, "single": 1_000, "drain": 10_000, "latency": 100}, 100, 120)
QUICK = Sizes({"bulk": 1_000, "single": 100, "drain": 1_000, "latency": 10}, 100, 60)


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
    made.add_argument("--peers", type=some_of(NAMES), default=list(NAMES), help=",".join(NAMES))
    made.add_argument(
        "--workloads", type=some_of(WORKLOADS), default=list(WORKLOADS), help=",".join(WORKLOADS)
    )
    made.add_argument("--rounds", type=positive, help="3, with --quick 1")
    made.add_argument("--minutes", type=positive, default=12, help="no run starts later")
    made.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    made.add_argument("--json", action="store_true")
    return made


def main() -> None:
    """Measure and print."""
    given = parser().parse_args()
    peers = [peer for peer in PEERS if peer.name in given.peers]
    rounds = given.rounds or (1 if given.quick else 3)
    sizes = QUICK if given.quick else FULL
    outcomes = measure(peers, given.workloads, rounds, sizes, given.minutes)
    found = report.document(peers, outcomes, machine())
    text = json.dumps(found, indent=2) if given.json else report.table(found, given.workloads)
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
