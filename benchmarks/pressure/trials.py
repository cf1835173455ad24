"""One system under one pressure."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import psycopg

from benchmarks.growth.accounts import Account, account
from benchmarks.pressure.crew import Kept, Word
from benchmarks.pressure.scenarios import Scenario, Trial
from benchmarks.pressure.systems import System
from tests.support.databases import fresh_database
from tests.support.servers import PostgresServer

WARMING_SECONDS = 6.0
PEAK_DRAIN = 20_000
PEAK_SHARE = 1.2
PEAK_SECONDS = 10.0
HALVINGS = 5
KEPT_UP = 0.95
RECOVERED = 0.9
LEFT_TRIES = 3
DEAD = "SELECT coalesce(sum(n_dead_tup), 0)::bigint FROM pg_stat_user_tables"

Found = dict[str, Any]


def peak_of(
    system: System,
    server: PostgresServer,
    *,
    seconds: float = PEAK_SECONDS,
    halvings: int = HALVINGS,
) -> float:
    """Return the most tasks a second that are stored and started, with none piling up.

    Not what it starts while more is stored: how fast a system is with a heap of waiting tasks
    depends on how long they have piled up, and on whether the server has noticed.
    """
    with fresh_database(server.dsn()) as url:
        drained = system.run("drain", url, tasks=PEAK_DRAIN)
    low, high = 0.0, PEAK_SHARE * PEAK_DRAIN / drained["seconds"]
    for _ in range(halvings):
        rate = (low + high) / 2
        if _keeps_up(system, server, rate, seconds):
            low = rate
        else:
            high = rate
    return low


def _keeps_up(system: System, server: PostgresServer, rate: float, seconds: float) -> bool:
    with fresh_database(server.dsn()) as url:
        system.run("drain", url, tasks=1)
        with (
            system.kept("serve", url) as worker,
            system.kept("supply", url, rate=rate) as producer,
        ):
            time.sleep(WARMING_SECONDS)
            began = time.monotonic()
            time.sleep(seconds)
            window = (began, time.monotonic())
    found = figures(worker, producer, window, rate)
    stored = found["made_per_second"]
    return bool(stored >= KEPT_UP * rate and found["started_per_second"] >= KEPT_UP * stored)


def put_under(
    system: System, scenario: Scenario, server: PostgresServer, peak: float, seconds: float
) -> Found:
    """Let it work at a share of its peak for so long while things go wrong, and a while after."""
    rate = peak * scenario.load
    hits: list[float] = []
    with fresh_database(server.dsn()) as url:
        system.run("drain", url, tasks=1)
        with (
            system.kept("serve", url) as worker,
            system.kept("supply", url, rate=rate) as producer,
        ):
            time.sleep(WARMING_SECONDS)
            first = time.monotonic()
            before = account(url)
            trial = Trial(server, url, worker, seconds, lambda: hits.append(time.monotonic()))
            with scenario.during(trial):
                time.sleep(max(0.0, first + seconds - time.monotonic()))
                dead = _dead_rows(url)
                after = account(url)
            ended = time.monotonic()
            # So long that a pressure's end shows.
            time.sleep(WARMING_SECONDS)
        found = figures(worker, producer, (first, ended), rate)
        found |= _spent(before, after, found["started"])
        left = _left(system, url)
    if scenario.name not in {"kills", "restart"}:
        hits = [ended]
    return found | {
        "dead_rows": dead,
        "left": left,
        "recover_s": recovery(worker.said, hits, rate),
        "worker_starts": worker.starts,
    }


def figures(worker: Kept, producer: Kept, window: tuple[float, float], rate: float) -> Found:
    """Return what was started within the window, and how long it had waited."""
    seconds = window[1] - window[0]
    served = worker.said_between(*window)
    waits: Counter[float] = Counter()
    for word in served:
        waits.update({float(wait): count for wait, count in word.words["waits"].items()})
    made = sum(word.words["made"] for word in producer.said_between(*window))
    started = sum(word.words["started"] for word in served)
    return {
        "rate": rate,
        "made_per_second": made / seconds,
        "started": started,
        "started_per_second": started / seconds,
        "p50_ms": quantile(waits, 0.5),
        "p99_ms": quantile(waits, 0.99),
        "per_second": [
            [round(word.at - window[0], 1), word.words["started"]]
            for word in worker.said_between(0.0, window[1] + WARMING_SECONDS)
        ],
    }


def quantile(counts: Mapping[float, int], share: float) -> float | None:
    """Return the value below which this share of the counted lies; None if there are none."""
    reached, wanted = 0, share * sum(counts.values())
    for value in sorted(counts):
        reached += counts[value]
        if reached >= wanted:
            return value
    return None


def recovery(said: Sequence[Word], hits: Sequence[float], rate: float) -> float | None:
    """Return the median seconds from a blow until a second starts nearly as much as is stored.

    None if there was a blow after which none did.
    """
    took: list[float] = []
    for hit in hits:
        # A second that began before the blow says nothing of it.
        good = (
            word.at - hit
            for word in said
            if word.at > hit + 1.0 and word.words["started"] >= RECOVERED * rate
        )
        seconds = next(good, None)
        if seconds is None:
            return None
        took.append(seconds)
    return statistics.median(took) if took else None


def _spent(before: Account, after: Account, tasks: int) -> Found:
    commits, wal = after.commits - before.commits, after.log_bytes - before.log_bytes
    # A server that crashed has forgotten what it had counted.
    return {
        "commits_per_task": commits / tasks if tasks and commits > 0 else None,
        "wal_bytes_per_task": wal / tasks if tasks else None,
    }


def _dead_rows(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(DEAD).fetchone()
    assert row is not None
    return int(row[0])


def _left(system: System, url: str) -> int | None:
    for _ in range(LEFT_TRIES):
        with suppress(Exception):
            return int(system.run("count", url)["left"])
    return None
