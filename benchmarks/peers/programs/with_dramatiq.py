"""dramatiq on Redis, without the middleware that a task here does not need."""

from __future__ import annotations

import asyncio
import logging

import contract
import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Retries


class WithDramatiq(contract.Program):
    async def set_up(self) -> None:
        logging.getLogger("dramatiq").setLevel(logging.ERROR)
        self.broker = RedisBroker(url=self.url, middleware=[Retries()])
        self.note = dramatiq.actor(
            self.handle_in_thread, actor_name="note", queue_name="bench", broker=self.broker
        )

    def enqueue_blocking(self, number: int) -> None:
        self.note.send(**self.payload(number))

    async def start_worker(self) -> None:
        self.worker = dramatiq.Worker(self.broker, worker_threads=self.concurrency)
        self.worker.start()

    async def stop_worker(self) -> None:
        await asyncio.to_thread(self.worker.stop)

    async def left(self) -> int:
        return int(self.broker.do_qsize("bench"))

    async def close(self) -> None:
        self.broker.close()


if __name__ == "__main__":
    contract.main(WithDramatiq)
