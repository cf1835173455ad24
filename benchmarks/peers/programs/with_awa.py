"""awa with its queue storage, whose runtime is native."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import awa
import contract

QUEUE = "bench"
POOL = 20


@dataclasses.dataclass
class Note:
    number: int
    padding: str = ""


class WithAwa(contract.Program):
    async def set_up(self) -> None:
        self.client = awa.AsyncClient(self.url, max_connections=POOL)
        if self.given.blocking:
            self.blocking = awa.Client(self.url)

        @self.client.task(Note, queue=QUEUE)
        async def note(job: Any) -> None:
            await self.handle(job.args.number)

    async def make_schema(self) -> None:
        await self.client.migrate()
        await self.client.install_queue_storage()

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        jobs = [Note(**self.payload(number)) for number in numbers]
        await self.client.enqueue_many_copy(jobs, queue=QUEUE)

    async def enqueue(self, number: int) -> None:
        await self.client.insert(Note(**self.payload(number)), queue=QUEUE)

    def enqueue_blocking(self, number: int) -> None:
        self.blocking.insert(Note(**self.payload(number)), queue=QUEUE)

    async def start_worker(self) -> None:
        await self.client.start([{"name": QUEUE, "max_workers": self.concurrency}])

    async def stop_worker(self) -> None:
        await self.client.shutdown()

    async def left(self) -> int:
        # On tables that PostgreSQL knows nothing of yet, its count takes minutes.
        async with await self.client.transaction() as transaction:
            await transaction.execute("ANALYZE")
        queues = await self.client.queue_stats()
        return sum(one.available + one.running + one.scheduled + one.retryable for one in queues)

    async def close(self) -> None:
        await self.client.close()


if __name__ == "__main__":
    contract.main(WithAwa)
