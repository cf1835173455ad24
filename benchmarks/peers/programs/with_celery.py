"""celery on Redis with a pool of threads, results and events switched off."""

from __future__ import annotations

import asyncio
import logging
import threading

import contract
from celery import Celery
from celery.worker import WorkController, state
from redis import Redis


class WithCelery(contract.Program):
    async def set_up(self) -> None:
        logging.getLogger("celery").setLevel(logging.ERROR)
        self.app = Celery("bench", broker=self.url, set_as_current=False)
        self.app.conf.update(
            task_ignore_result=True,
            task_default_queue="bench",
            task_store_errors_even_if_ignored=False,
            worker_prefetch_multiplier=64,
            worker_disable_rate_limits=True,
            worker_hijack_root_logger=False,
            broker_connection_retry_on_startup=True,
        )

        @self.app.task(name="note")
        def note(number: int, padding: str = "") -> None:
            self.handle_in_thread(number)

        self.note = note

    def enqueue_blocking(self, number: int) -> None:
        self.note.apply_async(kwargs=self.payload(number))

    async def start_worker(self) -> None:
        self.app.finalize()
        self.worker = WorkController(
            app=self.app,
            pool_cls="threads",
            concurrency=self.concurrency,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
            loglevel=logging.ERROR,
        )
        self.thread = threading.Thread(target=self.worker.start, daemon=True)
        self.thread.start()

    async def stop_worker(self) -> None:
        state.should_stop = 0
        await asyncio.to_thread(self.thread.join)
        state.should_stop = None

    async def left(self) -> int:
        with Redis.from_url(self.url) as redis:
            return int(redis.llen("bench")) + int(redis.hlen("unacked"))

    async def close(self) -> None:
        self.app.close()


if __name__ == "__main__":
    contract.main(WithCelery)
