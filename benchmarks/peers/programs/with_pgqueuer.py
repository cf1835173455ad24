"""pgqueuer over asyncpg and uvloop; the variant is the size of its batches."""

from __future__ import annotations

import asyncio

import asyncpg
import contract
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries


class WithPgqueuer(contract.Program):
    async def set_up(self) -> None:
        self.producing = await asyncpg.connect(self.url)
        self.working = await asyncpg.connect(self.url)
        self.queries = Queries(AsyncpgDriver(self.producing))
        await self.queries.install()

    async def enqueue_many(self, numbers: range) -> None:
        payloads = [str(number).encode() for number in numbers]
        await self.queries.enqueue(["note"] * len(payloads), payloads, [0] * len(payloads))

    async def enqueue(self, number: int) -> None:
        await self.queries.enqueue("note", str(number).encode())

    async def start_worker(self) -> None:
        self.queue = PgQueuer.from_asyncpg_connection(self.working)

        @self.queue.entrypoint("note")
        async def note(job: Job) -> None:
            self.recorder.note(int(job.payload or b""))

        self.worker = asyncio.create_task(self.queue.run(batch_size=int(self.variant)))

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
