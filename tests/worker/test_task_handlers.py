"""`TaskHandler` classes in a worker."""

from __future__ import annotations

import asyncio
import threading
import time

from rowlock import Context, TaskHandler, TaskState, Worker
from tests.worker.steps import finished, until, working


def test_a_handler_leaves_its_lines_and_its_output(app):
    """C40."""

    class Hello(TaskHandler):
        def handle(self) -> bool:
            self.log_info("hello %s", self.param("name"))
            self.log_error("no answer")
            self.log_success("an answer")
            self.set_output({"user": self.param("user_id"), "task": str(self.task)})
            return self.has_task

    task = app.register(Hello).enqueue(name="Tom", user_id=123)
    Worker(app).run_once()
    found = app.get_task(task)
    assert (found.state, found.result) == (
        TaskState.SUCCEEDED, {"user": 123, "task": str(task.id)}
    )  # fmt: skip
    lines = app.task_log(task)
    assert [(line.level, line.message) for line in lines] == [
        ("INFO", "hello Tom"),
        ("ERROR", "no answer"),
        ("SUCCESS", "an answer"),
    ]
    assert lines[0].at <= lines[1].at <= lines[2].at


def test_false_fails_the_attempt(app):
    class Failing(TaskHandler):
        max_attempts = 2
        retry = "immediate"

        def handle(self) -> bool:
            self.log_error("attempt %d", self.context.attempt)
            return False

    task = app.task(Failing).enqueue()
    assert Worker(app).run_once() == 2
    found = app.get_task(task)
    assert (found.state, found.attempt, found.error.message) == (TaskState.FAILED, 2, "attempt 2")


def test_a_handler_enqueues_another_task(app):
    class Chain(TaskHandler):
        def handle(self) -> bool:
            left = self.param("left")
            if left:
                self.enqueue(left=left - 1)
            return True

    app.task(Chain).enqueue(left=2)
    assert Worker(app).run_once() == 3


async def test_nothing_crosses_over_between_20_parallel_runs(app):
    barrier = threading.Barrier(20, timeout=30)

    class Parallel(TaskHandler):
        def handle(self) -> bool:
            number = self.param("number")
            self.mine = number
            self.log_info("started %s", number)
            self.set_output(number)
            barrier.wait()  # now all 20 are under way
            time.sleep(0.001 * (20 - number))
            right = (self.mine, self.param("number"), self.output) == (number,) * 3
            self.log_info("ended %s", number)
            return right and self.last_info == f"ended {number}" and self.task is not None

    by_class, by_instance = app.task(Parallel), app.task(alias="other")(Parallel())
    for definition in (by_class, by_instance):
        ids = definition.enqueue_many([{"number": number} for number in range(20)])
        async with working(app, concurrency=20):
            tasks = await finished(app, *ids)
        assert [task.state for task in tasks] == [TaskState.SUCCEEDED] * 20
        assert [task.result for task in tasks] == list(range(20))
        for number, task in enumerate(ids):
            lines = [line.message for line in app.task_log(task)]
            assert lines == [f"started {number}", f"ended {number}"]


async def test_nothing_crosses_over_between_async_runs(app):
    class Parallel(TaskHandler):
        async def handle(self) -> bool:
            self.set_output(self.param("number"))
            await asyncio.sleep(0.01)
            return bool(self.output == self.param("number"))

    ids = app.task(Parallel).enqueue_many([{"number": number} for number in range(20)])
    async with working(app, concurrency=20):
        tasks = await finished(app, *ids)
    assert [task.result for task in tasks] == list(range(20))


async def test_a_handler_with_context_hears_that_it_should_stop(app):
    """C50."""
    app.register_queue("default", lease="0.6s")
    begun, told = threading.Event(), threading.Event()

    class Heeding(TaskHandler):
        def handle_with_context(self, context: Context) -> bool:
            begun.set()
            while not context.canceled:
                time.sleep(0.005)
            told.set()
            return False

    class Plain(TaskHandler):
        def handle(self) -> bool:
            return told.wait(30)

    heeding, plain = app.task(Heeding).enqueue(), app.task(Plain).enqueue()
    async with working(app, concurrency=2):
        await until(begun.is_set)
        app.cancel(heeding)
        stopped, finished_normally = await finished(app, heeding, plain)
    assert (stopped.state, stopped.attempt) == (TaskState.CANCELED, 1)
    assert finished_normally.state is TaskState.SUCCEEDED
