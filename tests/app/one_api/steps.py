"""Storing tasks, finding and counting them, stored definitions and queues."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from rowlock import Context
from rowlock.model.ids import new_task_id
from rowlock.testing import drain
from tests.app.one_api.journal import START, Journal

NO_ZONE = datetime(2031, 1, 1)  # noqa: DTZ001 - what is refused
ODD_VALUES: tuple[Any, ...] = (
    *("a\x00b", "\ud800", "😀", "\u2028", "\\u0041", " x "),
    *(2**53 + 1, 2**63, -(2**63) - 1, 2**200, 1e300, 5e-324, 0.1 + 0.2, True, []),
    {"": {"a.b": [[{}]], "A.B": None}, "é": "\\", "value": 2**63},
)
ODD_MOMENTS = (
    START + timedelta(microseconds=1),
    datetime(2031, 1, 1, 14, tzinfo=timezone(timedelta(hours=14))),
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
)


def enqueueing(call: Journal) -> None:
    """Storing tasks in all ways."""

    @call.app.task(max_attempts=2, retry="none", queue="work")
    def work(ctx: Context, kind: str, left: int = 0) -> str:
        ctx.log.info("working on %s", kind)
        ctx.progress(50, "half")
        if kind == "bad":
            raise ValueError(kind)
        return kind * left

    call("enqueue", work, {"kind": "good", "left": 2}, priority=3, tags=["x"], unique="one")
    call("enqueue", "WORK", {"kind": "good"}, unique="one")
    call("enqueue", "work", {"kind": 7})
    call("enqueue", "nobody", {})
    call("enqueue", None, {"any": "json"}, delay="1h", lifetime="1d")
    call("enqueue", work, {"kind": "x" * 5_000})
    call("enqueue_if_not_exists", work, {"kind": "bad"})
    call("enqueue_if_not_exists", work, {"kind": "bad"})
    call("enqueue_many", work, [{"kind": "a"}, {"kind": "b"}], run_at=START)
    call("enqueue_many", work, [{"kind": "a"}, {}])


def looking(call: Journal) -> None:
    """Reading tasks, before and after they ran."""
    for _ in range(2):
        tasks = call("list_tasks")
        call("list_tasks", states=("pending", "failed"), limit=2)
        call("list_tasks", queue="work", before=tasks[1].id)
        call("list_tasks", definition="Work", tags=("x",))
        call("list_tasks", limit=0)
        for task in tasks:
            call("get_task", task)
            call("attempts", task.id)
            lines = call("task_log", str(task.id))
            assert all(line.message for line in lines)
            call.written.pop()  # the lines carry the host's time
        call("stats")
        drain(call.app, with_errors="record")
    call("get_task", new_task_id())
    call("get_task", "no id")


def resolving(call: Journal) -> None:
    """Finding a task by the beginning of its id."""
    [last] = call("list_tasks", limit=1)
    call("resolve", str(last.id))
    call("resolve", "ffffffff")
    call("resolve", "x")


def counting(call: Journal) -> None:
    """Listing and counting by everything that can be asked for."""
    # Texts that a database may take for the same, or for patterns.
    for value in ("Ada", "ada", "Ada ", "Adá", "100%", "a_c", None, True, 1, 1.5, ""):
        call("enqueue", None, {"name": value}, queue="lists", unique=f"key {value}")
    call("enqueue", None, ["no", "object"], queue="lists", tags=["Red", "red"])
    for value in ("Ada", "ada", "Ada ", "ADA", "Adá", None, True, 1, 1.0, 1.5, "", "%"):
        call("count", queue="lists", arguments={"name": value})
        call("list_tasks", queue="lists", unique_key=f"key {value}")
    for tags in (["red"], ["Red"], ["RED"], ["red "], ("Red", "red"), ("blue", "red"), (), "red"):
        call("count", tags=tags)
    for text in ("bad", "BAD", "b_d", "%", "bad "):
        call("count", error=text)
    for word in ("work", "WORK", "Wo-rk"):
        call("count", definition=word, arguments={"kind": "bad"})
    for side in ("after", "before"):
        for name in ("created", "started", "finished"):
            call("count", **{f"{name}_{side}": START})
            call("count", **{f"{name}_{side}": START + timedelta(microseconds=1)})
    call("count")
    call("count", states=("pending", "failed"), include_deleted=True)
    call("count", arguments={"name": "needs a queue"})
    call("count", states=("odd",))
    call("count", created_after=NO_ZONE)


def ordering(call: Journal) -> None:
    """Lists in another order, page by page."""
    for seconds in (3, 1, 2):
        call("enqueue", None, seconds, queue="lists", delay=seconds)
        call.time.advance(1)
        call("cancel", call("enqueue", None, -seconds, queue="lists"))
    for order, states in (("run_at", ("scheduled", "queued")), ("finished_at", ("canceled",))):
        page = call("list_tasks", order=order, states=states, queue="lists", limit=2)
        call("list_tasks", order=order, states=states, queue="lists", before=page[-1])
        call("list_tasks", order=order, states=states, limit=3, before=page[-1].id)
    call("list_tasks", order="run_at", states=("failed",))
    [waits] = call("list_tasks", order="run_at", states=("scheduled",), queue="lists", limit=1)
    call("list_tasks", order="finished_at", before=waits)
    call("list_tasks", order="finished_at", before=new_task_id())
    call("list_tasks", order="size")


def carrying(call: Journal) -> None:
    """Values and times that a database may change, round or refuse."""
    # Times of retries are drawn at random; there is nothing to compare.
    call("register_queue", "odd", retry="none")
    for value in ODD_VALUES:
        call("enqueue", None, {"value": value}, queue="odd", tags=["😀"])
        call("count", queue="odd", arguments={"value": value})
    for moment in ODD_MOMENTS:
        call("enqueue", None, 1, queue="odd", run_at=moment)
        call("count", queue="odd", created_after=moment)
        call("count", queue="odd", created_before=moment)
    for delay in ("0.000001s", 1 / 3, "3000000d"):
        call("enqueue", None, 1, queue="odd", delay=delay)
        call("enqueue", None, 1, queue="odd", lifetime=delay, timeout=delay)
    for priority in (32_767, -32_767, 32_768, 1.0):
        call("enqueue", None, 1, queue="odd", priority=priority)
    call("list_tasks", queue="odd")
    call("list_tasks", queue="odd", order="run_at", states=("scheduled", "queued"))


def giving_back(call: Journal) -> None:
    """The same values as progress, results and errors."""
    held = call("claim", "w😀", "odd", limit=99, lease=2 / 3)
    for number, task in enumerate(held):
        call("update_progress", task, task.token, 1 / 3, "😀" * 300)
        call("heartbeat", task, task.token, lease="0.7654321s")
        call("get_task", task.id)
        if number % 2:
            call("complete", task, task.token, task.payload)
        else:
            call("fail", task, task.token, "a\x00b 😀", detail=task.payload)
        call("attempts", task.id)


def outliving(call: Journal) -> None:
    """A task that would expire after the last year that there is is refused, not stored."""
    call("enqueue", None, 1, queue="outliving", run_at=ODD_MOMENTS[3], lifetime="10d")
    call("list_tasks", queue="outliving")
    call("count", queue="outliving")


def queues(call: Journal) -> None:
    """Queues and their policies."""
    call("register_queue", "Mail", max_attempts=9, retry="fixed", lease="1m", retention="2d")
    call("register_queue", "mail", timeout="5s")
    call("register_queue", "no name")
    call("register_queue", "mail", max_attempts=0)
    call("pause_queue", "mail", until=START + timedelta(days=1), actor="ann", reason="déploy")
    call("list_queues")
    call("pause_queue", "mail")
    call("pause_queue", "mail", until=NO_ZONE)
    call("pause_queue", "nowhere")
    call("list_queues")
    call("resume_queue", "mail")
    call("resume_queue", "nowhere")
    call("enqueue", None, 1, queue="mail")
    call("stats")
    call("delete_queue", "Mail", actor="ann", reason="gone")
    call("delete_queue", "mail")
    call("delete_queue", "no name")
    call("list_queues")


def storing_definitions(call: Journal) -> None:
    """Definitions whose code is elsewhere, and code that is told to the database."""
    given = {"title": " Sénd ", "memo": "theirs", "queue": "mail", "priority": 2}
    call("create_definition", "send_mail", **given, max_attempts=4, lifetime="2h")
    call("create_definition", "Send-Mail")
    call("create_definition", "fax", priority="high")
    call("create_definition", "fax", colour="red")
    call.time.advance(1)
    call("create_definition", "fax")
    stored = call("get_definition", "SENDMAIL")
    call("get_definition", stored.id)
    call("get_definition", "nobody")
    call("enqueue", "send_mail", {"to": "Ann"})
    call("update_definition", stored, title=None, status="inactive", memo="œuvre")
    call("enqueue", "send_mail", {"to": "Ann"})
    call("update_definition", "send_mail", status="active", lifetime=None)
    call("update_definition", "send_mail")
    call("update_definition", "send_mail", status="odd")
    call("update_definition", new_task_id(), title="x")

    def fax(number: str) -> str:
        """Send by wire."""
        return number

    def paint(colour: str) -> None: ...

    call("register", paint, create=False)
    call("register", fax, create=False, max_attempts=3)
    call("register", paint, title="Paint", queue="work")
    call("register", lambda: None, alias="Paint")
    call("register", "no handler")
    call("get_definition", call.app.definitions[-1])
    call("get_definition", fax)


def finding_definitions(call: Journal) -> None:
    """Lists, counts and the ends of definitions."""
    for order in ("alias", "-alias", "created", "-created", "size"):
        call("list_definitions", order=order, limit=2, offset=1)
    for wanted in (
        {"alias": "MAI"},
        {"alias": "a"},
        {"status": "inactive"},
        {"created_after": START + timedelta(seconds=1)},
        {"created_before": START + timedelta(seconds=1)},
        {"created_before": NO_ZONE},
        {"created_after": ODD_MOMENTS[-1]},
        {"colour": "red"},
    ):
        call("list_definitions", **wanted)
        call("count_definitions", **wanted)
    call("count_definition_tasks", "work")
    call("count_definition_tasks", "Send-Mail")
    call("count_definition_tasks", "nobody")
    call("delete_definition", "send_mail")
    call("delete_definition", "send_mail")
    call("enqueue", "send_mail", {"to": "Ann"})
    call("create_definition", "SendMail")
    call("delete_definition", "send_mail", soft=False)
    call("delete_definition", new_task_id(), soft=False)
    call("list_definitions", include_deleted=True)
    call("count_definitions", include_deleted=True)
    call("count_definitions")


def ending(call: Journal) -> None:
    """The schema is there, and a closed app says so."""
    call("migrate")
    call("close")
    call("list_queues")
