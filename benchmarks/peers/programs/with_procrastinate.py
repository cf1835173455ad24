"""procrastinate over psycopg's pool, with LISTEN/NOTIFY, deleting nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import contract
import procrastinate


class WithProcrastinate(contract.Program):
    async def set_up(self) -> None:
        self.app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=self.url))

        handler = self.handle_in_thread if self.given.blocking else self.handle
        self.note = self.app.task(name="note")(handler)
        await self.app.open_async()

    async def make_schema(self) -> None:
        await self.app.schema_manager.apply_schema_async()

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        await self.note.batch_defer_async(*map(self.payload, numbers))

    async def enqueue(self, number: int) -> None:
        await self.note.defer_async(**self.payload(number))

    async def start_worker(self) -> None:
        self.worker = asyncio.create_task(
            self.app.run_worker_async(
                concurrency=self.concurrency, install_signal_handlers=False, listen_notify=True
            )
        )

    async def stop_worker(self) -> None:
        # How a program stops its own worker: it settles what runs, then ends.
        self.worker.cancel()
        await asyncio.wait([self.worker])

    async def left(self) -> int:
        row = await self.app.connector.execute_query_one_async(
            "SELECT count(*) AS n FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
        )
        return int(row["n"])

    async def close(self) -> None:
        await self.app.close_async()


if __name__ == "__main__":
    contract.main(WithProcrastinate)
