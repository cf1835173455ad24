"""Rowlock with defaults; the variant is how many tasks its worker holds ahead of its slots."""

from __future__ import annotations

from collections.abc import Sequence

import contract

from rowlock import AsyncRowlock, Rowlock, TaskState, Worker

UNFINISHED = (
    TaskState.SCHEDULED,
    TaskState.RETRYING,
    TaskState.QUEUED,
    TaskState.RUNNING,
    TaskState.PAUSED,
)


class WithRowlock(contract.Program):
    async def set_up(self) -> None:
        self.app = AsyncRowlock(self.url)
        self.blocking = Rowlock(self.url)
        self.blocking.task(alias="note")(self.handle_in_thread)
        handler = self.handle_in_thread if self.given.blocking else self.handle
        self.app.task(alias="note")(handler)

    async def make_schema(self) -> None:
        await self.app.migrate()

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        await self.app.enqueue_many("note", map(self.payload, numbers))

    async def enqueue(self, number: int) -> None:
        await self.app.enqueue("note", self.payload(number))

    def enqueue_blocking(self, number: int) -> None:
        self.blocking.enqueue("note", self.payload(number))

    async def start_worker(self) -> None:
        self.worker = Worker(
            self.app, concurrency=self.concurrency, prefetch=int(self.variant or 0)
        )
        await self.worker.start()

    async def stop_worker(self) -> None:
        await self.worker.stop()

    async def left(self) -> int:
        queues = await self.app.stats()
        return sum(one.counts.get(state, 0) for one in queues for state in UNFINISHED)

    async def close(self) -> None:
        self.blocking.close()
        await self.app.close()


if __name__ == "__main__":
    contract.main(WithRowlock)
