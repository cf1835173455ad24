"""saq with asyncio, on Redis or PostgreSQL by its URL."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import contract
from saq import Queue, Worker

CALLERS = 100


class WithSaq(contract.Program):
    async def set_up(self) -> None:
        self.queue = Queue.from_url(self.url)
        await self.queue.connect()

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        # It has no call for many: these run beside each other over its pool.
        for start in range(0, len(numbers), CALLERS):
            await asyncio.gather(*map(self.enqueue, numbers[start : start + CALLERS]))

    async def enqueue(self, number: int) -> None:
        await self.queue.enqueue("note", **self.payload(number))

    async def start_worker(self) -> None:
        async def note(_: Any, **payload: Any) -> None:
            await self.handle(**payload)

        self.worker = Worker(self.queue, functions=[("note", note)], concurrency=self.concurrency)
        self.running = asyncio.create_task(self.worker.start())

    async def stop_worker(self) -> None:
        await self.worker.stop()
        await self.running

    async def left(self) -> int:
        return await self.queue.count("incomplete")

    async def close(self) -> None:
        await self.queue.disconnect()


if __name__ == "__main__":
    contract.main(WithSaq)
