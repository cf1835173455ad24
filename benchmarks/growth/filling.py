"""Very many tasks, made by the server itself: ten million take minutes.

They have the ids, times and columns of real ones. What waits was due an hour ago, what is
scheduled is due in a month, and what is finished ended within the last hour.
"""

from __future__ import annotations

from typing import Any

from rowlock.plan import Plan, Result, Statement
from rowlock.sql_text import SqlText
from rowlock.storage.storage import Storage

KINDS = ("waiting", "scheduled", "finished")
CHUNK = 500_000
# Those that grow and shrink with tasks and schedules.
TABLES = ("rowlock_task", "rowlock_history", "rowlock_attempt", "rowlock_firing")

# How each engine spells the same: rows numbered from :first to :last, the id made of a number,
# and microseconds from now on.
NUMBERS = {
    "postgresql": "generate_series({first}, {last}) AS s (n)",
    "sqlite": (
        "(WITH RECURSIVE s (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last})"
        " SELECT n FROM s)"
    ),
    "mysql": "(SELECT CAST(seq AS SIGNED) AS n FROM seq_{first}_to_{last}) AS s",
}
IDS = {
    "postgresql": ("('01900000-0000-7{kind}-8000-' || lpad(to_hex(n), 12, '0'))::uuid"),
    "sqlite": "printf('01900000-0000-7{kind}-8000-%012x', n)",
    "mysql": "UNHEX(CONCAT('0190000000007{kind}8000', LPAD(HEX(n), 12, '0')))",
}
TIMES = {
    "postgresql": "now() + ({micros}) * interval '1 microsecond'",
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER) + {micros}",
    "mysql": "UTC_TIMESTAMP(6) + INTERVAL ({micros}) MICROSECOND",
}
QUEUES = {
    "postgresql": "'q' || (n % {queues})",
    "sqlite": "'q' || (n % {queues})",
    "mysql": "CONCAT('q', n % {queues})",
}
HOUR = 3_600_000_000
MONTH = 30 * 24 * HOUR

LIVE = """
INSERT INTO rowlock_task (
    id, namespace, queue, definition, state, priority, run_at, max_attempts, max_crashes, payload,
    created_at)
SELECT {id}, 'default', {queue}, 'noop', '{state}', 0, {run_at}, 4, 3, '{{}}', {created_at}
FROM {numbers}
"""
FINISHED = """
INSERT INTO rowlock_history (
    id, namespace, queue, definition, state, priority, run_at, attempt, max_attempts, crashes,
    max_crashes, started_at, finished_at, progress, payload, created_at)
SELECT {id}, 'default', {queue}, 'noop', 'succeeded', 0, {created_at}, 1, 4, 0, 3, {created_at},
    {run_at}, 1.0, '{{}}', {created_at}
FROM {numbers}
"""


def dialect_of(url: str) -> str:
    """Return which of the spellings a database takes."""
    scheme = url.partition(":")[0]
    return {"postgres": "postgresql", "mariadb": "mysql"}.get(scheme, scheme)


def statement(text: str) -> Plan[Result]:
    """Plan one statement that stands in no catalogue."""
    return (yield Statement("benchmark", SqlText(text), {}))


def fill(
    storage: Storage, url: str, kind: str, count: int, *, since: int = 0, queues: int = 0
) -> None:
    """Add rows until there are `count` of a kind, of which `since` are there already.

    Without `queues` all are in the default queue; with them they are spread over q0, q1, …
    """
    for first in range(since + 1, count + 1, CHUNK):
        text = _insert(dialect_of(url), kind, first, min(first + CHUNK - 1, count), queues)
        storage.patient_runner.run(statement, text)
    analyze(storage, url)


def analyze(storage: Storage, url: str) -> None:
    """Let the server know its tables now, as it would by itself soon."""
    for table in TABLES:
        command = "VACUUM ANALYZE" if dialect_of(url) == "postgresql" else "ANALYZE"
        if dialect_of(url) == "mysql":
            command = "ANALYZE TABLE"
        storage.patient_runner.run(statement, f"{command} {table}")


def _insert(dialect: str, kind: str, first: int, last: int, queues: int) -> str:
    values: dict[str, Any] = {
        "id": IDS[dialect].format(kind=f"{KINDS.index(kind):03x}"),
        "queue": QUEUES[dialect].format(queues=queues) if queues else "'default'",
        "state": {"waiting": "queued"}.get(kind, kind),
        "run_at": TIMES[dialect].format(
            micros=f"n - {HOUR}" if kind != "scheduled" else f"n + {MONTH}"
        ),
        "created_at": TIMES[dialect].format(micros=f"n - {HOUR}"),
        "numbers": NUMBERS[dialect].format(first=first, last=last),
    }
    return (FINISHED if kind == "finished" else LIVE).format(**values)
