"""Schedules: stored, declared, fired, and what people ask of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from rowlock.model.ids import new_task_id
from tests.app.one_api.journal import START, Journal

NO_ZONE = datetime(2031, 1, 1)  # noqa: DTZ001 - what is refused
QUEUE = "timed"


def scheduling(call: Journal) -> None:
    """Schedules as they are stored."""
    call.time.move_to(START + timedelta(days=10))

    @call.app.task(queue=QUEUE, tags=["t"])
    def nightly(kind: str = "x", size: float = 1.5) -> str:
        return kind

    call("create_schedule", "Every-Ten", "10m", nightly, arguments={"size": 2}, actor="ann")
    call("create_schedule", "EVERYTEN", "1h", "nightly")
    rule = "FREQ=WEEKLY;BYDAY=MO,-1FR;BYHOUR=9"
    call("create_schedule", "rule", rule, "nightly", starts_at=START, zone="Asia/Kolkata")
    rule = "FREQ=MONTHLY;BYDAY=MO,-1FR;BYHOUR=9"
    call("create_schedule", "rule", rule, "nightly", starts_at=START, zone="Asia/Kolkata")
    seven = {"frequency": "daily", "startsAt": "2031-01-02T03:04:05+14:00", "daysOfMonth": [31]}
    call("create_schedule", "😀 seven", seven, "nightly", status="draft", overlap="queue_one")
    call("create_schedule", "x", "0 0 30 2 *", "nightly")
    call("create_schedule", "x", "1h", "nobody")
    call("create_schedule", "x", "1h", nightly, arguments={"colour": "red"})
    call("create_schedule", "x", "1h", nightly, starts_at=NO_ZONE)
    call("get_schedule", "every_ten")
    call("get_schedule", new_task_id())
    call("update_schedule", "rule", zone="UTC", priority=3, timeout="1m", reason="because")
    call("update_schedule", "rule", arguments={"kind": "ü"}, definition=nightly, retry="fixed")
    call("update_schedule", "rule")
    call("update_schedule", "rule", status="busy")
    for order in ("name", "-name", "created", "-created", "next", "size"):
        call("list_schedules", order=order, limit=2, offset=1)
    for wanted in (
        {"name": "TEN"},
        {"status": "Draft"},
        {"definition": "Nightly"},
        {"queue": QUEUE},
        {"declared": True},
        {"colour": "red"},
    ):
        call("list_schedules", **wanted)
        call("count_schedules", **wanted)


def firing(call: Journal) -> None:
    """What schedules fire, by themselves and by hand."""
    call.work(QUEUE)
    call.time.advance("35m")
    call.work(QUEUE)
    call("list_firings", "every-ten")
    call("list_firings", "every-ten", limit=1, before=START + timedelta(days=10, minutes=30))
    call("list_firings", "every-ten", before=NO_ZONE)
    call("list_tasks", queue=QUEUE)
    call("run_schedule", "every-ten", actor="bob")
    call("run_schedule", "nobody")
    start = START + timedelta(days=9, hours=23)
    call("backfill_schedule", "every-ten", start, start + timedelta(hours=1), on_progress=print)
    call("backfill_schedule", "every-ten", start, start + timedelta(hours=2))
    call("backfill_schedule", "every-ten", start, start)
    call("simulate_schedule", "rule", limit=3)
    call("simulate_schedule", "rule", start=NO_ZONE)
    call("pause_schedule", "every-ten", reason="look first")
    call("pause_schedule", "every-ten")
    call("resume_schedule", "every-ten")
    call("resume_schedule", "nobody")
    call("pause_schedule", "nobody")
    call("delete_schedule", "rule")
    call("delete_schedule", "rule")
    call("restore_schedule", "rule")
    call("restore_schedule", "rule")
    call("list_schedules", include_deleted=True)
    call.work(QUEUE)
    call("list_firings", "every-ten", limit=50)
    call("delete_schedule", "every-ten", soft=False)
    call("delete_schedule", "rule", soft=False)
    call("audit", target="every-ten")


def declaring(call: Journal) -> None:
    """Schedules that code declares."""

    @call.app.schedule("0 9 * * mon-fri", zone="Europe/Berlin", name="mornings")
    @call.app.schedule("2h", status="draft")
    def reporting() -> None: ...

    call("schedule", "61 * * * *")
    call("sync_schedules")
    call("update_schedule", "mornings", priority=5)
    call("sync_schedules")
    reporting.schedules.pop()
    call("sync_schedules")
    call("sync_schedules", prune=True, actor="ann")
    call("sync_schedules")
    reporting.schedules.clear()
    call("sync_schedules", prune=True)
    call("list_schedules")
