"""chancy with its executor for asyncio, or for threads, and eager polling."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import contract
from chancy import Chancy, Queue, Worker, job

QUEUE = "bench"
POOL = 20
AT_ONCE = 1_000

running: list[contract.Program] = []


@job(queue=QUEUE)
async def note(*, number: int, padding: str = "") -> None:
    """Be what is named in the queue, which takes functions by their place."""
    await running[0].handle(number)


@job(queue=QUEUE)
def note_in_thread(*, number: int, padding: str = "") -> None:
    """The same in a thread."""
    running[0].handle_in_thread(number)


class WithChancy(contract.Program):
    async def set_up(self) -> None:
        running.append(self)
        self.chancy = Chancy(
            self.url,
            max_connection_pool_size=POOL,
            log=logging.getLogger("chancy"),
        )
        self.note = (note_in_thread if self.given.blocking else note).job

    async def make_schema(self) -> None:
        await self.chancy.migrate()
        executor = Chancy.Executor.Threaded if self.given.blocking else Chancy.Executor.Async
        await self.chancy.declare(
            Queue(
                QUEUE,
                concurrency=self.concurrency,
                executor=executor,
                polling_interval=1,
                eager_polling=True,
            )
        )

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        jobs = [self.note.with_kwargs(**self.payload(number)) for number in numbers]
        async for _ in self.chancy.push_many(jobs, batch_size=AT_ONCE):
            pass

    async def enqueue(self, number: int) -> None:
        await self.chancy.push(self.note.with_kwargs(**self.payload(number)))

    def enqueue_blocking(self, number: int) -> None:
        self.chancy.sync_push(self.note.with_kwargs(**self.payload(number)))

    async def start_worker(self) -> None:
        self.worker = Worker(self.chancy, register_signal_handlers=False)
        await self.worker.start()

    async def stop_worker(self) -> None:
        await self.worker.stop()

    async def left(self) -> int:
        async with self.chancy.pool.connection() as connection:
            found = await connection.execute(
                "SELECT count(*) FROM chancy_jobs WHERE state IN ('pending', 'running', 'retrying')"
            )
            return int((await found.fetchone())[0])

    async def close(self) -> None:
        await self.chancy.__aexit__(None, None, None)


if __name__ == "__main__":
    contract.main(WithChancy)
