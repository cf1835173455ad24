"""oban with its notifier, over psycopg's pool and uvloop."""

from __future__ import annotations

from collections.abc import Sequence

import contract
import uvloop
from oban import Oban, worker
from oban.schema import install

QUEUE = "bench"
POOL = 20


class WithOban(contract.Program):
    async def set_up(self) -> None:
        self.pool = await Oban.create_pool(self.url, min_size=1, max_size=POOL)
        self.client = Oban(pool=self.pool, name="client")
        program = self

        @worker(queue=QUEUE, oban="client")
        class Note:
            async def process(self, job: object) -> None:
                await program.handle(**job.args)

        self.note = Note

    async def make_schema(self) -> None:
        await install(self.pool)

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        await self.client.enqueue_many([self.note.new(self.payload(one)) for one in numbers])

    async def enqueue(self, number: int) -> None:
        await self.client.enqueue(self.note.new(self.payload(number)))

    async def start_worker(self) -> None:
        self.server = Oban(pool=self.pool, name="server", queues={QUEUE: self.concurrency})
        await self.server.start()

    async def stop_worker(self) -> None:
        await self.server.stop()

    async def left(self) -> int:
        async with self.pool.connection() as connection:
            found = await connection.execute(
                "SELECT count(*) FROM oban_jobs"
                " WHERE state IN ('available', 'scheduled', 'executing', 'retryable')"
            )
            return int((await found.fetchone())[0])

    async def close(self) -> None:
        await self.pool.close()


if __name__ == "__main__":
    contract.main(WithOban, uvloop.run)
