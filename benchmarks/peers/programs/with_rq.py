"""rq with its SimpleWorker, which runs jobs where it is, one at a time."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from typing import Any

import contract
from redis import Redis
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.timeouts import TimerDeathPenalty

running: list[contract.Program] = []


def note(number: int, padding: str = "") -> None:
    """Be what is named in the queue, which takes functions by their place."""
    running[0].handle_in_thread(number)


class ThreadedWorker(SimpleWorker):
    """Runs in a thread, where it gets no signals: between two jobs it looks whether to stop."""

    death_penalty_class = TimerDeathPenalty
    stopping = False
    dequeue_timeout = 1

    def _install_signal_handlers(self) -> None:
        pass

    def heartbeat(self, *args: Any, **options: Any) -> None:
        if self.stopping:
            raise StopRequested
        super().heartbeat(*args, **options)


class WithRq(contract.Program):
    async def set_up(self) -> None:
        logging.getLogger("rq").setLevel(logging.ERROR)
        running.append(self)
        self.redis = Redis.from_url(self.url)
        self.queue = Queue("bench", connection=self.redis)

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        jobs = [
            Queue.prepare_data("__main__.note", kwargs=self.payload(number), result_ttl=0)
            for number in numbers
        ]
        self.queue.enqueue_many(jobs)

    def enqueue_blocking(self, number: int) -> None:
        self.queue.enqueue("__main__.note", kwargs=self.payload(number), result_ttl=0)

    async def start_worker(self) -> None:
        self.worker = ThreadedWorker([self.queue], connection=Redis.from_url(self.url))
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        self.worker.work(logging_level="ERROR", with_scheduler=False)

    async def stop_worker(self) -> None:
        self.worker.stopping = True
        await asyncio.to_thread(self.thread.join)

    async def left(self) -> int:
        return self.queue.count + self.queue.started_job_registry.count

    async def close(self) -> None:
        self.redis.close()


if __name__ == "__main__":
    contract.main(WithRq)
