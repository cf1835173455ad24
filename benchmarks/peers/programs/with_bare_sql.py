"""The floor on PostgreSQL: the statements that Rowlock sends, and nothing of its runtime.

pgbench claims and settles on one connection, as many tasks at a time as the run's concurrency;
psycopg stores single ones. Both prepare statements and keep their plans, as Rowlock does. The
texts are those of the catalogue, which are written as pgbench wants them, so the floor follows
when they change. The library itself only makes the schema and stores what is drained.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

import contract
import psycopg

from rowlock import Rowlock
from rowlock.model.ids import new_task_id
from rowlock.storage import postgres
from rowlock.storage.catalog import Catalog
from rowlock.storage.contract import FIRST_PRIORITY, LAST_PRIORITY
from rowlock.storage.postgres.planning import KEEP_PLANS
from tests.support.servers import find_postgres

TOKEN = uuid.UUID(int=7)
CATALOG = Catalog(Path(postgres.__file__).parent / "sql")
INSERTED = {
    "namespace": "default",
    "queue": "default",
    "priority": 0,
    "max_attempts": 4,
    "max_crashes": 3,
    **dict.fromkeys(("lifetime", "unique_key", "tags", "options", "run_at", "delay", "now")),
    **dict.fromkeys(("channel", "hint")),  # nobody is called
}


def script() -> str:
    """Return what pgbench does for each batch: claim tasks, settle what was claimed."""
    claim, settle = CATALOG.text("claim_tasks").text, CATALOG.text("finish_tasks").text
    # An array that pgbench can put into the next statement.
    claimed = "coalesce(array_agg(id), '{}')::text AS ids"
    texts = (
        f"WITH claimed AS ({claim}) SELECT {claimed} FROM claimed \\gset claimed_\n",  # noqa: S608
        f"{settle.replace(':ids::', ':claimed_ids::')};\n",
    )
    # It has no value for NULL.
    return "".join(texts).replace(":now::", "NULL::")


def variables(batch: int, definition: str) -> dict[str, str]:
    """Return what the statements are given."""

    def each(value: str) -> str:
        return f"{{{','.join([value] * batch)}}}"

    return {
        "namespace": "default",
        "queues": "{default}",
        "limits": f"{{{batch}}}",
        "worker": "bench",
        "definitions": f'{{"{definition}"}}',
        "without_definition": "true",
        "from_priorities": f"{{{FIRST_PRIORITY}}}",
        "to_priorities": f"{{{LAST_PRIORITY}}}",
        "run_ats": "{NULL}",
        "lane_ids": "{NULL}",
        "limit": str(batch),
        "token": str(TOKEN),
        "lease": "30 seconds",
        "tokens": each(str(TOKEN)),
        "states": each("succeeded"),
        **dict.fromkeys(("results", "errors", "reasons"), each("NULL")),
    }


def session_options(settings: str) -> str:
    """Return SET statements as options that a session begins with."""
    pairs = re.findall(r"SET (\w+) = (\w+)", settings)
    return " ".join(f"-c {name}={value}" for name, value in pairs)


class WithBareSql(contract.Program):
    async def set_up(self) -> None:
        self.app = Rowlock(self.url)
        self.app.task(alias="note")(self.handle_in_thread)
        self.connection = psycopg.connect(self.url, autocommit=True)
        self.connection.execute(KEEP_PLANS)

    async def make_schema(self) -> None:
        self.app.migrate()
        self.app.enqueue("note", self.payload(0))  # so that its definition is stored
        self.connection.execute("DELETE FROM rowlock_task")
        found = self.connection.execute("SELECT key FROM rowlock_definition").fetchone()
        self.definition = str(found[0])

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        self.app.enqueue_many("note", map(self.payload, numbers))

    def enqueue_blocking(self, number: int) -> None:
        task = {
            "id": new_task_id(),
            "definition": self.definition,
            "payload": json.dumps(self.payload(number)),
        }
        self.connection.execute(CATALOG.text("insert_task").pyformat, {**INSERTED, **task})

    async def start_worker(self) -> None:
        """Claim and settle everything; nothing goes on afterwards."""
        batch, tasks = self.concurrency, self.given.tasks
        given = [f"-D{name}={value}" for name, value in variables(batch, self.definition).items()]
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(script())
            file.flush()
            process = await asyncio.create_subprocess_exec(
                find_postgres() / "pgbench",
                *("--no-vacuum", "--client=1", f"--transactions={-(-tasks // batch)}"),
                *("--protocol=prepared", "-f", file.name, *given, self.url),
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "PGOPTIONS": session_options(KEEP_PLANS.decode())},
            )
            said, _ = await process.communicate()
        rate = re.search(rb"tps = ([\d.]+)", said)
        if process.returncode or rate is None:
            raise RuntimeError("pgbench failed")
        found = self.connection.execute("SELECT count(*) FROM rowlock_history").fetchone()
        # No handler tells when it started.
        recorder = self.recorder
        recorder.runs = int(found[0])
        recorder.started = dict.fromkeys(range(recorder.runs), 0.0)
        recorder.last = -(-tasks // batch) / float(rate[1])

    async def stop_worker(self) -> None:
        """There is none any more."""

    async def left(self) -> int:
        found = self.connection.execute("SELECT count(*) FROM rowlock_task").fetchone()
        return int(found[0])

    async def close(self) -> None:
        self.app.close()
        self.connection.close()


if __name__ == "__main__":
    contract.main(WithBareSql)
