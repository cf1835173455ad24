"""Running tasks: by hand and by a worker, with what an app puts around that."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from rowlock import Backoff, Cancel, Context, RetryPolicy, Tasks, depends
from rowlock.errors import InvalidValueError
from rowlock.model.ids import new_task_id, new_token
from tests.app.one_api.journal import Journal

QUEUE = "hand"
# Without jitter: the time of the next attempt is compared.
RETRY = RetryPolicy(backoff=Backoff.FIXED, base=timedelta(minutes=5), jitter=False)


def claiming(call: Journal) -> None:
    """Taking tasks: which ones, for how long, and who asks wrongly."""
    call("register_queue", QUEUE, lease="2m", retry=RETRY)
    for number, priority in enumerate((0, 5, 5, -3)):
        given = {"priority": priority, "max_attempts": 2, "tags": ["é"]}
        call("enqueue", None, {"n": number}, queue=QUEUE, **given)
    call("enqueue", "work", {"kind": "hand"}, queue=QUEUE, unique="by hand")
    call("enqueue", None, {"n": 5}, queue=QUEUE, lifetime=1)
    call("claim", "w1", "nothing")
    call("claim", "w1", QUEUE, limit=0)
    call("claim", "w1", [])
    call("claim", "", QUEUE)
    call("claim", "w1", QUEUE, lease="0.1s")
    call("pause_queue", QUEUE)
    call("claim", "w1", QUEUE)
    call("resume_queue", QUEUE)
    call.time.advance(1)
    held = call("claim", "w1", QUEUE, definitions="Wo-rk", limit=9)
    held += call("claim", "w2", [QUEUE, "nothing"], limit=9, lease="1h")
    call("list_tasks", queue=QUEUE)
    for word in ("w1", "W1", "w2 "):
        call("count", worker=word)
    for task in held:
        call("release", task, task.token)


def holding(call: Journal) -> None:
    """What may be said of a claim while it holds."""
    [task] = call("claim", "w1", QUEUE)
    call.time.advance("10s")
    call("heartbeat", task, task.token)
    call("heartbeat", task.id, str(task.token), lease="1h")
    call("heartbeat", task, new_token())
    call("heartbeat", new_task_id(), task.token)
    call("heartbeat", task, "no token")
    call("update_progress", task, task.token, 12.5, "héra")
    call("update_progress", task.id, task.token, 100 / 3)
    call("get_task", task.id)
    call("update_progress", task, task.token, math.nan)
    call("update_progress", task, new_token(), 1)
    call("cancel", task.id)
    call("heartbeat", task, task.token)
    call("release", task, task.token)
    call("heartbeat", task, task.token)


def following(call: Journal) -> None:
    """How far the task of a definition with some arguments is."""
    call("get_task_progress", "work", {"kind": "hand"})
    [task] = call("claim", "w1", QUEUE, definitions=["work"])
    call("update_progress", task, task.token, 45, "reading")
    call("enqueue", "work", {"kind": "hand"}, queue=QUEUE, delay="1d")
    call("get_task_progress", "WORK", {"kind": "hand"})
    call("get_task_progress", "work")
    call("get_task_progress", "work", {"kind": "HAND"})
    call("release", task, task.token)
    call("get_task_progress", "nobody")
    call("get_task_progress", "--")
    call("get_task_progress", "work", {"kind": []})


def ending_by_hand(call: Journal) -> None:
    """The ends that a claim can have, told once, twice and in another way."""
    [first, second, third] = call("claim", "w1", QUEUE, limit=3)
    call.time.advance("90s")
    call("complete", first, first.token, {"é": [1.5, None]})
    call("complete", first, first.token, {"é": [1.5, None]})
    call("fail", first, first.token, "too late")
    call("complete", second, second.token, math.inf)
    call("complete", second, new_token())
    call("fail", second, second.token, "nö", detail={"status": 503})
    call("fail", second, second.token, "nö", detail={"status": 503})
    call("fail", second, second.token, 5)
    call("release", third, third.token, delay="1h")
    call("release", third, third.token, delay="1h")
    call("release", third, new_token())
    call("release", third, third.token, delay=-1)
    call.time.advance("5m")
    [again, *_] = call("claim", "w1", QUEUE, limit=9)
    call("fail", again, again.token, ValueError("worse"), detail=math.nan)
    call("fail", again, again.token, ValueError("worse"))
    for task in (first, second, third):
        call("get_task", task.id)
        call("attempts", task.id)


def waiting(call: Journal) -> None:
    """Waiting for what is finished, and for what is not."""
    done, other = call("list_tasks", states=("succeeded", "canceled"), limit=2)
    call("wait", done)
    call("wait", str(done.id), timeout=0)
    call("wait_all", [other, done.id], timeout="1s")
    call("wait_all", [])
    held = call("enqueue", None, 1, queue="waiting", delay="1h")
    call("wait", held, timeout=0)
    call("wait_all", [done, held], timeout=0)
    call("wait", new_task_id())
    call("wait", held, timeout=-1)
    call("wait_all", ["no id"])


def measuring(call: Journal) -> None:
    """Figures about what ran so far."""
    call("enqueue", None, 1, queue="waiting", max_attempts=1)
    call("enqueue", None, 2, queue="waiting")
    [short, long] = call("claim", "w1", "waiting", limit=2, lease="10m")
    call.time.advance("1.5s")
    call("fail", short, short.token, "100 % bad")
    for longer_than in ("1s", "1.5s", "1h", 0):
        call("stuck", longer_than=longer_than)
    call.time.advance("10m")
    call("stuck")
    call("stuck", limit=1, longer_than="1s")
    call("stuck", limit=0)
    call("complete", long, long.token)
    call("failures")
    call("failures", queue="waiting", limit=1)
    call("failures", limit=1_001)
    call("failures", queue="1x")
    for method in ("durations", "throughput"):
        call(method)
        call(method, window="10m")
        call(method, window="601s", queue="waiting")
        call(method, queue="nowhere")
        call(method, window="soon")
        call(method, queue="a b")
    call("stats")


def rate() -> float:
    """What a test has a stand-in for."""
    return 1.1


def included() -> Tasks:
    """A collection whose handler needs the rate."""
    tasks = Tasks()

    @tasks.task(queue="extended", max_attempts=1)
    def convert(to: str, by: float = depends(rate)) -> Any:
        if to == "nothing":
            raise ValueError(to)
        return {"to": to, "by": by}

    return tasks


def surrounding(call: Journal) -> None:
    """Layers and hooks; each writes down that it was called, and with what."""

    def before(ctx: Context) -> Cancel | None:
        call.note("before", ctx.task.id)
        return Cancel("unwanted") if "unwanted" in ctx.task.tags else None

    def around(ctx: Context) -> Iterator[None]:
        call.note("in", ctx.attempt)
        try:
            yield
        finally:
            call.note("out", ctx.attempt)

    def after(ctx: Context, result: Any, error: Any) -> None:
        call.note("after", (ctx.task.id, result, error))

    def failed(queue: Any, task: Any, error: Any) -> None:
        call.note("on_error", (queue, task, error))

    for name, function in (("before", before), ("around", around), ("after", after)):
        call(name, function)
        call(name, "no function")
    call("on_start", lambda: call.note("on_start", None))
    call("on_stop", lambda: call.note("on_stop", None))
    call("on_error", failed)
    for name in ("on_start", "on_stop", "on_error"):
        call(name, lambda wanted: None)


def extending(call: Journal) -> None:
    """A collection's tasks, run by a worker with a stand-in and without."""
    tasks = included()
    call("include", tasks, prefix="bank.")
    call("include", tasks, prefix="other.")
    call("include", "no collection")
    with suppress(InvalidValueError), call("override", rate, "no provider"):
        call.note("overridden", "wrongly")
    with call("override", rate, lambda: 2.0):
        # One at a time: error hooks are told while the next task runs.
        for to, tags in (("EUR", []), ("nothing", []), ("EUR", ["unwanted"])):
            call("enqueue", "bank.convert", {"to": to}, tags=tags)
            call.work("extended")
    call("enqueue", "Bank.Convert", {"to": "USD"})
    call.work("extended")
    for task in call("list_tasks", queue="extended"):
        call("attempts", task)
