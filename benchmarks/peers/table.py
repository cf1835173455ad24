"""Who is measured, how it is set up, and what it gives up for its speed."""

from __future__ import annotations

from dataclasses import dataclass

# Which workloads a peer does; `workloads.py` says what they are. Not everybody does all of them,
# so that the time is enough for those who are closest.
CORE = ("drain", "bulk", "single", "latency")
NARROW = ("drain-1", "drain-10")
PROCESSES = ("flow-1", "flow-2", "flow-4")
LARGE = ("drain-10kb", "bulk-10kb")
ASYNC = (*CORE, *NARROW, *PROCESSES, "single-100", "loaded", "drain-1ms", *LARGE)
"""Whose handlers are coroutines."""
BOTH = (*ASYNC, "drain-threads", "single-blocking")
"""Who has an interface that blocks too, and handlers in threads."""


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
        concurrency: The most at once, where more fail or only wait for each other.
        share: Of the tasks of each workload: slow ones need fewer for a figure.
        workloads: What it does.
        python: The oldest that it runs on.
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
    share: float = 1.0
    workloads: tuple[str, ...] = CORE
    python: tuple[int, int] = (3, 11)

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
        workloads=BOTH,
    ),
    Peer(
        "rowlock-sqlite",
        "sqlite",
        "with_rowlock.py",
        "",
        "defaults",
        "docs/guides/workers.md",
        "nothing: history kept, every commit durable",
        workloads=BOTH,
    ),
    Peer(
        "rowlock-prefetch",
        "postgresql",
        "with_rowlock.py",
        "",
        "a worker that holds 500 tasks ahead",
        "docs/guides/workers.md",
        "what a killed worker held waits for its lease, and is charged a crash",
        variant="500",
        workloads=("drain", *NARROW, "drain-1ms"),
    ),
    Peer(
        "bare-sql",
        "postgresql",
        "with_bare_sql.py",
        "",
        "no queue: Rowlock's statements, by pgbench on one connection, or by psycopg",
        "https://www.postgresql.org/docs/current/pgbench.html",
        "everything but the statements: nothing is run between a claim and its settle",
        workloads=("drain", *NARROW, "single-blocking"),
    ),
    Peer(
        "sqlite3",
        "sqlite",
        "with_sqlite3.py",
        "",
        "no queue: the least statements, a thousand tasks at a time, WAL and synchronous=FULL",
        "",
        "everything: no leases, tokens, retries or priorities",
        workloads=("drain", "bulk", "single"),
    ),
    Peer(
        "awa",
        "postgresql",
        "with_awa.py",
        "awa-pg",
        "queue storage, COPY for many; its runtime is native",
        "https://github.com/hardbyte/awa/blob/main/docs/configuration.md",
        "nothing here: finished jobs stay for 24 hours",
        share=0.4,
        workloads=(*ASYNC, "single-blocking"),
    ),
    Peer(
        "graphile-worker",
        "postgresql",
        "with_graphile_worker.mjs",
        "graphile-worker",
        "one job a round trip",
        "https://worker.graphile.org/docs/performance",
        "deletes finished jobs",
        workloads=(*CORE, *NARROW, "single-100"),
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
        workloads=ASYNC,
    ),
    Peer(
        "pg-boss",
        "postgresql",
        "with_pg_boss.mjs",
        "pg-boss",
        "batches of 100, the next at once after a full one, LISTEN/NOTIFY",
        "https://pgboss.io/api/workers",
        "a batch is settled as one: if one of its jobs fails, so do all of them",
        workloads=ASYNC,
    ),
    *(
        Peer(
            f"pgqueuer-{batch}",
            "postgresql",
            "with_pgqueuer.py",
            "pgqueuer",
            f"asyncpg, uvloop, batches of {batch}, no limit at a concurrency of 100",
            "https://pgqueuer.readthedocs.io/",
            "deletes the job and keeps a log line; runs more than 100 at once if it likes",
            variant=str(batch),
            share=0.5,
            workloads=workloads,
        )
        for batch, workloads in ((10, ASYNC), (200, CORE))
    ),
    Peer(
        "oban",
        "postgresql",
        "with_oban.py",
        "oban",
        "uvloop as its command line has it, a pool of 20 connections",
        "https://oban.pro/docs/py",
        "nothing here: finished jobs stay for a day",
        share=0.2,
        python=(3, 12),
        workloads=ASYNC,
    ),
    Peer(
        "chancy",
        "postgresql",
        "with_chancy.py",
        "chancy",
        "its executors for asyncio and threads, eager polling, a pool of 20 connections",
        "https://tkte.ch/chancy/",
        "ends are written once a second: a killed worker takes those since with it",
        share=0.1,
        workloads=(*CORE, *NARROW, "single-100", "drain-threads", "single-blocking"),
    ),
    Peer(
        "procrastinate",
        "postgresql",
        "with_procrastinate.py",
        "procrastinate",
        "asynchronous tasks at the run's concurrency, LISTEN/NOTIFY",
        "https://procrastinate.readthedocs.io/en/stable/howto/production/concurrency.html",
        "nothing here: finished jobs stay in its table",
        share=0.1,
        workloads=(*ASYNC, "drain-threads"),
    ),
    Peer(
        "saq-postgresql",
        "postgresql",
        "with_saq.py",
        "saq",
        "asyncio at the run's concurrency",
        "https://saq-py.readthedocs.io/",
        "finished jobs expire; no bulk call",
        share=0.1,
        workloads=(*CORE, *NARROW, "single-100"),
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
        share=0.3,
        workloads=(*CORE, *NARROW, *PROCESSES, "loaded", *LARGE),
    ),
    Peer(
        "bullmq",
        "redis",
        "with_bullmq.mjs",
        "bullmq",
        "finished jobs removed at once",
        "https://docs.bullmq.io/guide/workers/concurrency",
        "Redis may lose what it has not yet saved; keeps no history",
        share=0.5,
        workloads=ASYNC,
    ),
    Peer(
        "dramatiq",
        "redis",
        "with_dramatiq.py",
        "dramatiq",
        "threads, retries as the only middleware",
        "https://dramatiq.io/guide.html",
        "Redis may lose what it has not yet saved; keeps no history; no bulk call",
        concurrency=50,
        share=0.3,
        workloads=(*CORE, *NARROW, "flow-2", "loaded"),
    ),
    Peer(
        "taskiq",
        "redis",
        "with_taskiq.py",
        "taskiq",
        "uvloop, a stream as its queue, which is faster than its list, no results",
        "https://github.com/taskiq-python/taskiq-redis",
        "Redis may lose what it has not yet saved; keeps no history; no bulk call",
        share=0.2,
        workloads=(*CORE, *NARROW, "single-100", "drain-threads"),
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
        share=0.3,
    ),
    Peer(
        "saq-redis",
        "redis",
        "with_saq.py",
        "saq",
        "asyncio at the run's concurrency",
        "https://saq-py.readthedocs.io/",
        "Redis may lose what it has not yet saved; finished jobs expire; no bulk call",
        share=0.1,
        workloads=(*CORE, "single-100"),
    ),
    Peer(
        "celery",
        "redis",
        "with_celery.py",
        "celery",
        "a pool of 50 threads, results and events off, prefetching 64 for each thread",
        "https://docs.celeryq.dev/en/stable/userguide/optimizing.html",
        "acknowledges a task before it runs: a crash loses it; keeps no history; no bulk call",
        concurrency=50,
        share=0.1,
    ),
    Peer(
        "rq",
        "redis",
        "with_rq.py",
        "rq",
        "SimpleWorker, which forks no process for each job; results not kept",
        "https://github.com/rq/rq/blob/master/docs/benchmark.md",
        "one job at a time; one that crashes ends its worker; keeps no history",
        concurrency=1,
        share=0.03,
        workloads=(*CORE, "drain-1"),
    ),
)


def baseline_of(peer: Peer) -> str:
    """Return the name of what its ratio is made to: Rowlock on the same kind of store."""
    return "rowlock-sqlite" if peer.engine == "sqlite" else "rowlock-postgresql"
