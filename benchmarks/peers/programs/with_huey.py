"""huey with threads, results and periodic tasks switched off; on SQLite or Redis by its URL."""

from __future__ import annotations

import asyncio
import logging

import contract
from huey import RedisHuey, SqliteHuey
from huey.consumer import Consumer


class WithHuey(contract.Program):
    async def set_up(self) -> None:
        logging.getLogger("huey").setLevel(logging.ERROR)
        if self.url.startswith("sqlite"):
            path = self.url.removeprefix("sqlite:///")
            self.huey = SqliteHuey("bench", filename=path, results=False)
        else:
            self.huey = RedisHuey("bench", url=self.url, results=False)

        self.note = self.huey.task(name="note")(self.handle_in_thread)

    def enqueue_blocking(self, number: int) -> None:
        self.note(**self.payload(number))

    async def start_worker(self) -> None:
        self.consumer = Consumer(
            self.huey, workers=self.concurrency, worker_type="thread", periodic=False
        )
        self.consumer.start()

    async def stop_worker(self) -> None:
        await asyncio.to_thread(self.consumer.stop, graceful=True)

    async def left(self) -> int:
        return int(self.huey.pending_count())


if __name__ == "__main__":
    contract.main(WithHuey)
