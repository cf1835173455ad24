"""The floor on SQLite: the least that a queue does, with sqlite3, a thousand tasks at a time.

Its worker ends when nothing waits, so it has no latency.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Sequence

import contract

BATCH = 1_000


class WithSqlite(contract.Program):
    async def set_up(self) -> None:
        path = self.url.removeprefix("sqlite:///")
        # WAL with synchronous=FULL: what is committed survives a power failure.
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE task (id INTEGER PRIMARY KEY, payload TEXT, state INTEGER)",
            "CREATE INDEX task_claim ON task (id) WHERE state = 0",
            "CREATE TABLE done (id INTEGER PRIMARY KEY, payload TEXT)",
        ):
            self.connection.execute(statement)

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany(
            "INSERT INTO task (payload, state) VALUES (?, 0)", ((str(n),) for n in numbers)
        )
        self.connection.execute("COMMIT")

    def enqueue_blocking(self, number: int) -> None:
        self.connection.execute("INSERT INTO task (payload, state) VALUES (?, 0)", (str(number),))

    async def start_worker(self) -> None:
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self) -> None:
        while True:
            claimed = self.connection.execute(
                "UPDATE task SET state = 1 WHERE id IN"
                " (SELECT id FROM task WHERE state = 0 ORDER BY id LIMIT ?) RETURNING id, payload",
                (BATCH,),
            ).fetchall()
            if not claimed:
                return
            for _, payload in claimed:
                self.recorder.note(int(payload))
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.executemany("INSERT INTO done VALUES (?, ?)", claimed)
            self.connection.executemany(
                "DELETE FROM task WHERE id = ?", ((one,) for one, _ in claimed)
            )
            self.connection.execute("COMMIT")

    async def stop_worker(self) -> None:
        await asyncio.to_thread(self.thread.join)

    async def left(self) -> int:
        return int(self.connection.execute("SELECT count(*) FROM task").fetchone()[0])

    async def close(self) -> None:
        self.connection.close()


if __name__ == "__main__":
    contract.main(WithSqlite)
