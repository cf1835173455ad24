"""pgqueuer over asyncpg and uvloop; the variant is the size of its batches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import contract
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

UNLIMITED_FROM = 100
"""So many at once is told to it as no limit: its limits are counted by every claim."""


class WithPgqueuer(contract.Program):
    async def set_up(self) -> None:
        if self.given.callers > 1:
            self.producing: Any = await asyncpg.create_pool(self.url)
            self.queries = Queries(AsyncpgPoolDriver(self.producing))
        else:
            self.producing = await asyncpg.connect(self.url)
            self.queries = Queries(AsyncpgDriver(self.producing))
        self.working = await asyncpg.connect(self.url)

    async def make_schema(self) -> None:
        await self.queries.install()

    def encoded(self, number: int) -> bytes:
        return " ".join(map(str, self.payload(number).values())).encode()

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        payloads = [self.encoded(number) for number in numbers]
        await self.queries.enqueue(["note"] * len(payloads), payloads, [0] * len(payloads))

    async def enqueue(self, number: int) -> None:
        await self.queries.enqueue("note", self.encoded(number))

    async def start_worker(self) -> None:
        self.queue = PgQueuer.from_asyncpg_connection(self.working)
        limit = self.concurrency if self.concurrency < UNLIMITED_FROM else 0

        @self.queue.entrypoint("note", concurrency_limit=limit)
        async def note(job: Job) -> None:
            await self.handle(int((job.payload or b"").split()[0]))

        batch = min(int(self.variant), self.concurrency)
        self.worker = asyncio.create_task(self.queue.run(batch_size=batch))

    async def stop_worker(self) -> None:
        self.queue.shutdown.set()
        await self.worker

    async def left(self) -> int:
        return sum(one.count for one in await self.queries.queue_size())

    async def close(self) -> None:
        await self.producing.close()
        await self.working.close()


if __name__ == "__main__":
    contract.main(WithPgqueuer, uvloop.run)
