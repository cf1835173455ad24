"""Who is measured, how it is set up, and what it gives up for its speed."""

from __future__ import annotations

from dataclasses import dataclass

WORKLOADS = ("bulk", "single", "drain", "latency")


@dataclass(frozen=True)
class Peer:
    """One line of the table.

    Attributes:
        name: How it is chosen and printed.
        engine: `postgresql`, `sqlite` or `redis`.
        program: The file in `programs/` that runs it.
        pins: Its requirements in `pins/`, or its project in `npm/`; empty for this checkout.
        fastest: The configuration that is run, the fastest one of its documentation.
        documentation: Where that is written.
        gives_up: What it does not keep or promise, so that a figure can be judged.
        variant: Told to the program.
        concurrency: Instead of the run's, where so many fail or only wait for each other.
        workloads: What it can do.
    """

    name: str
    engine: str
    program: str
    pins: str
    fastest: str
    documentation: str
    gives_up: str
    variant: str = ""
    concurrency: int | None = None
    workloads: tuple[str, ...] = WORKLOADS

    @property
    def is_npm(self) -> bool:
        """Whether it runs on Node.js."""
        return self.program.endswith(".mjs")


PEERS = (
    Peer(
        "rowlock-postgresql",
        "postgresql",
        "with_rowlock.py",
        "",
        "defaults",
        "docs/guides/workers.md",
        "nothing: history kept, every commit durable",
    ),
    Peer(
        "rowlock-sqlite",
        "sqlite",
        "with_rowlock.py",
        "",
        "defaults",
        "docs/guides/workers.md",
        "nothing: history kept, every commit durable",
    ),
    Peer(
        "sqlite3",
        "sqlite",
        "with_sqlite3.py",
        "",
        "no queue: the least statements, a thousand tasks at a time, WAL and synchronous=FULL",
        "",
        "everything: no leases, tokens, retries or priorities",
        workloads=("bulk", "single", "drain"),
    ),
    Peer(
        "procrastinate",
        "postgresql",
        "with_procrastinate.py",
        "procrastinate",
        "asynchronous tasks at the run's concurrency, LISTEN/NOTIFY",
        "https://procrastinate.readthedocs.io/en/stable/howto/production/concurrency.html",
        "nothing here: finished jobs stay in its table",
    ),
    *(
        Peer(
            f"pgqueuer-{batch}",
            "postgresql",
            "with_pgqueuer.py",
            "pgqueuer",
            f"asyncpg, uvloop, batches of {batch}, no limit of concurrency",
            "https://pgqueuer.readthedocs.io/",
            "deletes the job and keeps a log line; the run's concurrency is not applied",
            variant=str(batch),
        )
        for batch in (10, 200)
    ),
    Peer(
        "graphile-worker",
        "postgresql",
        "with_graphile_worker.mjs",
        "graphile-worker",
        "one job a round trip",
        "https://worker.graphile.org/docs/performance",
        "deletes finished jobs",
    ),
    Peer(
        "graphile-worker-batched",
        "postgresql",
        "with_graphile_worker.mjs",
        "graphile-worker",
        "local queue of 500, completions batched without delay",
        "https://worker.graphile.org/docs/performance#batching",
        "deletes finished jobs; what a killed worker had fetched stays locked, by default 4 hours",
        variant="batched",
    ),
    Peer(
        "huey-sqlite",
        "sqlite",
        "with_huey.py",
        "huey",
        "4 threads, no results, no periodic tasks",
        "https://huey.readthedocs.io/en/latest/consumer.html",
        "removes a task before it runs: a crash loses it; keeps no history; no bulk call",
        concurrency=4,
    ),
    Peer(
        "huey-redis",
        "redis",
        "with_huey.py",
        "huey",
        "50 threads, blocking pop, no results, no periodic tasks",
        "https://huey.readthedocs.io/en/latest/consumer.html",
        "removes a task before it runs; Redis may lose what it has not yet saved; no bulk call",
        concurrency=50,  # more threads than that use up its client's pool of connections
    ),
    Peer(
        "saq-redis",
        "redis",
        "with_saq.py",
        "saq",
        "asyncio at the run's concurrency",
        "https://saq-py.readthedocs.io/",
        "Redis may lose what it has not yet saved; finished jobs expire; no bulk call",
    ),
    Peer(
        "saq-postgresql",
        "postgresql",
        "with_saq.py",
        "saq",
        "asyncio at the run's concurrency",
        "https://saq-py.readthedocs.io/",
        "finished jobs expire; no bulk call",
    ),
)


def baseline_of(peer: Peer) -> str:
    """Return the name of what its ratio is made to: Rowlock on the same kind of store."""
    return "rowlock-sqlite" if peer.engine == "sqlite" else "rowlock-postgresql"
