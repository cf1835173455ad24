"""Rowlock, with defaults: history kept, every commit durable."""

from __future__ import annotations

import contract

from rowlock import AsyncRowlock, TaskState, Worker

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
        await self.app.migrate()

        @self.app.task(alias="note")
        async def note(number: int) -> None:
            self.recorder.note(number)

        self.note = note

    async def enqueue_many(self, numbers: range) -> None:
        await self.app.enqueue_many(self.note, ({"number": number} for number in numbers))

    async def enqueue(self, number: int) -> None:
        await self.app.enqueue(self.note, {"number": number})

    async def start_worker(self) -> None:
        self.worker = Worker(self.app, concurrency=self.concurrency)
        await self.worker.start()

    async def stop_worker(self) -> None:
        await self.worker.stop()

    async def left(self) -> int:
        queues = await self.app.stats()
        return sum(one.counts.get(state, 0) for one in queues for state in UNFINISHED)

    async def close(self) -> None:
        await self.app.close()


if __name__ == "__main__":
    contract.main(WithRowlock)
