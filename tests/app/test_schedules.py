"""Schedules as they are stored, on every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from rowlock import Rowlock, Schedule, ScheduleStatus
from rowlock.app.flow import Run
from rowlock.app.schedule_flows import update_schedule
from rowlock.backoff import Backoff, RetryPolicy
from rowlock.errors import (
    DefinitionClosedError,
    DuplicateScheduleError,
    InvalidValueError,
    PayloadError,
    ScheduleNotFoundError,
    StorageConflictError,
    UnknownDefinitionError,
)
from rowlock.recurrence import parse, parse_cron
from tests.app.firing_steps import NOON, fire_at, next_in, noon

HOUR = timedelta(hours=1)


@pytest.fixture
def time(app):
    with noon(app) as moved:
        yield moved


pytestmark = pytest.mark.usefixtures("time")


def audited(app: Rowlock, action: str) -> list[Any]:
    found = [one for one in app.audit() if one.kind == "schedule" and one.action == action]
    return [(one.target, one.actor, one.reason, one.detail) for one in found]


def test_a_schedule_is_created_and_found_by_name_and_id(app):
    made = app.create_schedule(
        "Daily-Report",
        "0 9 * * mon-fri",
        "report",
        zone="Europe/Berlin",
        description="For Ada.",
        arguments={"kind": "long"},
        queue="Slow",
        priority=4,
        tags=["b", "a"],
        timeout="1m",
        retry="fixed",
        max_attempts=2,
        catch_up="all",
        catch_up_limit=5,
        overlap="queue-one",
        jitter="30s",
        max_runs=9,
        ends_at=NOON + 90 * 24 * HOUR,
        actor="ann",
        reason="asked for",
    )
    for wanted in ("dailyreport", "DAILY_REPORT", made.id, str(made.id), made):
        assert app.get_schedule(wanted) == made
    assert made.next_at == datetime(2030, 1, 2, 8, tzinfo=UTC)
    assert made.due_at is not None
    assert timedelta(0) < made.due_at - made.next_at < timedelta(seconds=30)
    assert (made.name, made.status, made.definition, made.queue, made.priority) == (
        "Daily-Report", ScheduleStatus.ACTIVE, "report", "slow", 4
    )  # fmt: skip
    assert made.arguments == {"kind": "long"}
    assert made.options["tags"] == ["a", "b"]
    assert made.options["timeout"] == 60
    assert made.options["retry"]["backoff"] == "fixed"
    assert parse(made.rule) == parse_cron(
        "0 9 * * mon-fri", zone="Europe/Berlin", key="Daily-Report"
    )
    assert (made.created_at, made.updated_at) == (NOON, NOON)
    assert audited(app, "create") == [("Daily-Report", "ann", "asked for", None)]


@pytest.mark.parametrize(
    ("rule", "given", "seconds"),
    [
        ("1h45m", {}, 3600),  # counts from 1970
        (timedelta(hours=24), {}, 12 * 3600),
        ("@every 7h", {"starts_at": NOON - HOUR}, 6 * 3600),
        ("* * * * *", {}, 0),  # an occurrence at this very moment counts
        ("*/20 * * * * *", {"starts_at": NOON + HOUR}, 3600),
        ("FREQ=DAILY;BYHOUR=13", {"starts_at": NOON}, 3600),
        ({"frequency": "hourly", "startsAt": "2030-01-01T00:30:00Z"}, {}, 1800),
        (parse_cron("0 14 * * *", zone="Europe/Berlin"), {}, 3600),
        ("30 13 * * *", {"zone": "Europe/Berlin"}, 1800),
    ],
    ids=str,
)
def test_the_first_occurrence_of_every_notation(app, rule, given, seconds):
    assert next_in(app.create_schedule("x", rule, "report", **given)) == seconds


def test_a_rule_that_happens_once_and_did_so_happens_now(app):
    past = {"frequency": "none", "startsAt": "2030-01-01T11:59:59Z"}
    assert next_in(app.create_schedule("once", past, "report")) == -1


BAD: list[tuple[str, Any, dict[str, Any]]] = [
    ("recurrence", "", {}),
    ("minute", "61 * * * *", {}),
    ("cron", "0 0 30 2 *", {}),
    ("rule", "0.5s", {}),
    ("rule", 17, {}),
    ("zone", "* * * * *", {"zone": "Europe/Atlantis"}),
    ("gap", "* * * * *", {"gap": "jump"}),
    ("overlap", "* * * * *", {"repeated": "never"}),
    ("zone", parse_cron("* * * * *"), {"zone": "UTC"}),
    ("rule", {"frequency": "daily", "startsAt": "2020-01-01", "endsAt": "2021-01-01"}, {}),
    ("name", "* * * * *", {"name": " "}),
    ("name", "* * * * *", {"name": "x" * 101}),
    ("status", "* * * * *", {"status": "busy"}),
    ("starts_at", "* * * * *", {"starts_at": datetime(2030, 1, 1)}),  # noqa: DTZ001 - refused
    ("ends_at", "* * * * *", {"starts_at": NOON, "ends_at": NOON - HOUR}),
    ("rule", "* * * * *", {"ends_at": NOON - HOUR}),
    ("max_runs", "* * * * *", {"max_runs": 0}),
    ("catch_up", "* * * * *", {"catch_up": "most"}),
    ("catch_up_limit", "* * * * *", {"catch_up_limit": 1001}),
    ("overlap", "* * * * *", {"overlap": "maybe"}),
    ("jitter", "* * * * *", {"jitter": "25h"}),
    ("jitter", "* * * * *", {"jitter": -1}),
    ("priority", "* * * * *", {"priority": 40_000}),
    ("queue", "* * * * *", {"queue": "no name"}),
    ("tags", "* * * * *", {"tags": "one"}),
    ("timeout", "* * * * *", {"timeout": 0}),
    ("description", "* * * * *", {"description": "x" * 10_001}),
    ("arguments", "* * * * *", {"arguments": [1]}),
    ("kind", "* * * * *", {"arguments": {"kind": 7}}),
    ("colour", "* * * * *", {"arguments": {"colour": "red"}}),
    ("unique", "* * * * *", {"unique": ["colour"]}),
    ("interval", "* * * * *", {"interval": 3}),
    ("delay", "* * * * *", {"delay": 3}),
]


@pytest.mark.parametrize(("field", "rule", "given"), BAD, ids=lambda value: str(value)[:40])
def test_what_is_refused_is_named_and_nothing_is_stored(app, field, rule, given):
    name = given.get("name", "daily")
    rest = {word: value for word, value in given.items() if word != "name"}
    with pytest.raises(InvalidValueError) as error:
        app.create_schedule(name, rule, "report", **rest)
    assert error.value.field == field
    assert app.count_schedules(include_deleted=True) == 0
    assert audited(app, "create") == []


def test_arguments_are_those_of_the_definition(app):
    @app.task
    def at(when: datetime, much: float = 1) -> None: ...

    made = app.create_schedule("x", "1h", at, arguments={"when": NOON})
    assert made.arguments == {"when": "2030-01-01T12:00:00Z"}
    with pytest.raises(PayloadError, match="when"):
        app.create_schedule("y", "1h", at)


def test_a_definition_has_to_be_known_and_open(app):
    with pytest.raises(UnknownDefinitionError, match="nope"):
        app.create_schedule("x", "1h", "nope")
    app.create_definition("closed", status="canceled")
    with pytest.raises(DefinitionClosedError):
        app.create_schedule("x", "1h", "closed")
    with pytest.raises(InvalidValueError, match="definition"):
        app.create_schedule("x", "1h", None)
    assert app.list_schedules() == []


def test_a_taken_name_is_refused_and_nothing_changes(app):
    made = app.create_schedule("daily-report", "1h", "report")
    with pytest.raises(DuplicateScheduleError, match="'DailyReport' already exists"):
        app.create_schedule("DailyReport", "2h", "report")
    assert app.list_schedules() == [made]
    assert len(audited(app, "create")) == 1


def test_a_schedule_is_known_in_its_namespace_only(app, opened):
    made = app.create_schedule("daily", "1h", "report")
    other = opened(namespace="other")
    assert other.list_schedules() == []
    with pytest.raises(ScheduleNotFoundError):
        other.get_schedule(made.id)
    with pytest.raises(ScheduleNotFoundError):
        other.pause_schedule("daily")


@pytest.mark.parametrize("wanted", ["nope", UUID(int=1), str(UUID(int=1))])
@pytest.mark.parametrize(
    "act",
    ["get", "pause", "resume", "delete", "restore", "run", "simulate"],
)
def test_a_schedule_that_is_not_there_is_named(app, act, wanted):
    with pytest.raises(ScheduleNotFoundError, match=str(wanted)):
        getattr(app, f"{act}_schedule")(wanted)
    with pytest.raises(ScheduleNotFoundError):
        app.update_schedule(wanted, description="x")
    with pytest.raises(ScheduleNotFoundError):
        app.list_firings(wanted)
    with pytest.raises(ScheduleNotFoundError):
        app.backfill_schedule(wanted, NOON - HOUR, NOON)


def test_only_what_is_given_is_changed(app):
    made = app.create_schedule(
        "daily", "0 9 * * *", "report", zone="Europe/Berlin", tags=["a"], timeout=5, queue="slow"
    )
    changed = app.update_schedule(
        "daily", description="new", timeout=None, max_attempts=3, actor="ann", reason="why"
    )
    assert changed.description == "new"
    assert changed.options == {"tags": ["a"], "max_attempts": 3}
    assert (changed.rule, changed.next_at, changed.queue) == (made.rule, made.next_at, "slow")
    assert (changed.version, changed.id) == (2, made.id)
    detail = {"description": "new", "options": {"max_attempts": 3, "tags": ["a"]}}
    assert audited(app, "edit") == [("daily", "ann", "why", detail)]


def test_a_new_rule_keeps_the_zone_and_counts_from_now(app):
    app.create_schedule("daily", "0 9 * * *", "report", zone="Europe/Berlin")
    changed = app.update_schedule("daily", rule="30 13 * * *")
    assert next_in(changed) == 1800
    assert changed.rule["zone"] == "Europe/Berlin"
    moved = app.update_schedule("daily", zone="UTC")
    assert (moved.rule["cron"], moved.rule["zone"], next_in(moved)) == ("30 13 * * *", "UTC", 5400)
    assert next_in(app.update_schedule("daily", rule="FREQ=HOURLY", starts_at=NOON)) == 3600
    assert next_in(app.update_schedule("daily", starts_at=NOON + 7 * HOUR)) == 7 * 3600


def test_arguments_and_definition_are_changed_together(app):
    @app.task
    def other(size: int) -> None: ...

    app.create_schedule("daily", "1h", "report", arguments={"kind": "long"})
    with pytest.raises(PayloadError):
        app.update_schedule("daily", definition=other)
    changed = app.update_schedule("daily", definition=other, arguments={"size": 3})
    assert (changed.definition, changed.arguments) == ("other", {"size": 3})
    with pytest.raises(PayloadError):
        app.update_schedule("daily", arguments={"size": "big"})
    assert app.update_schedule("daily", description="x").arguments == {"size": 3}


def test_an_edit_does_not_undo_the_definition_that_somebody_else_gave(app):
    app.create_definition("other")
    app.create_schedule("daily", "1h", "report")
    flow = update_schedule(app.core, "daily", None, None, {"arguments": {"kind": "long"}})
    runner, step = app.core.storage.runner, next(flow)
    while isinstance(step, Run) and step.reads:
        step = flow.send(runner.run(step.operation))
    app.update_schedule("daily", definition="other", arguments={"size": 1})
    assert isinstance(step, Run)
    with pytest.raises(StorageConflictError, match="changed meanwhile"):
        runner.run(step.operation)
    after = app.get_schedule("daily")
    assert (after.definition, after.arguments) == ("other", {"size": 1})


def test_fewer_runs_than_there_were_are_refused(app, time):
    app.create_schedule("daily", "1h", "report")
    fire_at(app, time, 2 * 3600)
    fire_at(app, time, 3 * 3600)
    with pytest.raises(InvalidValueError, match="max_runs: is 1, and it ran 2 times already"):
        app.update_schedule("daily", max_runs=1)
    assert app.get_schedule("daily").max_runs is None


def test_single_arguments_are_set_and_the_others_stay(app):
    @app.task
    def sized(size: int, kind: str = "x", more: int = 0) -> None: ...

    app.create_schedule("daily", "1h", sized, arguments={"size": 1, "kind": "a"})
    changed = app.update_schedule("daily", set_arguments={"size": 2, "more": 5})
    assert changed.arguments == {"size": 2, "kind": "a", "more": 5}
    with pytest.raises(PayloadError, match="size"):
        app.update_schedule("daily", set_arguments={"size": "big"})
    replaced = app.update_schedule("daily", arguments={"size": 9}, set_arguments={"kind": "b"})
    assert replaced.arguments == {"size": 9, "kind": "b"}


def test_nothing_to_change_is_an_error(app):
    app.create_schedule("daily", "1h", "report")
    with pytest.raises(InvalidValueError, match="nothing is given"):
        app.update_schedule("daily")
    with pytest.raises(InvalidValueError, match="status"):
        app.update_schedule("daily", status="busy")
    assert app.get_schedule("daily").version == 1


def test_a_paused_schedule_waits_for_its_resumption(app, time):
    app.create_schedule("daily", "1h", "report")
    paused = app.pause_schedule("daily", actor="ann", reason="holiday")
    assert (paused.status, paused.next_at, paused.due_at) == (ScheduleStatus.PAUSED, None, None)
    time.advance("90m")
    resumed = app.resume_schedule("daily")
    assert (resumed.status, next_in(resumed)) == (ScheduleStatus.ACTIVE, 2 * 3600)
    assert audited(app, "pause") == [("daily", "ann", "holiday", {"status": "paused"})]
    assert audited(app, "resume") == [("daily", None, None, {"status": "active"})]


def test_a_draft_begins_when_it_is_resumed(app):
    draft = app.create_schedule("daily", "1h", "report", status="Draft")
    assert (draft.status, draft.next_at) == (ScheduleStatus.DRAFT, None)
    assert next_in(app.resume_schedule("daily")) == 0


@pytest.mark.parametrize("word", ["inactive", "Paused", " PAUSED "])
def test_words_of_others_for_a_status_are_understood(app, word):
    app.create_schedule("daily", "1h", "report")
    assert app.update_schedule("daily", status=word).status is ScheduleStatus.PAUSED
    assert [one.name for one in app.list_schedules(status=word)] == ["daily"]


def test_what_is_over_is_neither_paused_nor_resumed(app, time):
    app.create_schedule("daily", "1h", "report", ends_at=NOON + HOUR)
    app.update_schedule("daily", status="canceled")
    with pytest.raises(InvalidValueError, match="canceled"):
        app.pause_schedule("daily")
    time.advance("2h")
    with pytest.raises(InvalidValueError, match="no occurrence left"):
        app.resume_schedule("daily")
    assert app.get_schedule("daily").status is ScheduleStatus.CANCELED


def test_a_deleted_schedule_is_hidden_and_comes_back_paused(app):
    made = app.create_schedule("daily", "1h", "report")
    assert app.delete_schedule("daily", actor="ann") == made
    with pytest.raises(ScheduleNotFoundError):
        app.get_schedule("daily")
    assert app.list_schedules() == []
    [hidden] = app.list_schedules(include_deleted=True)
    assert (hidden.deleted_at, hidden.next_at, hidden.due_at) == (NOON, None, None)
    back = app.restore_schedule("daily")
    assert (back.status, back.deleted_at) == (ScheduleStatus.PAUSED, None)
    with pytest.raises(ScheduleNotFoundError):
        app.restore_schedule("daily")
    assert app.delete_schedule(made.id, soft=False).id == made.id
    assert app.count_schedules(include_deleted=True) == 0
    assert [target for target, *_ in audited(app, "purge")] == ["daily"]


def test_a_deleted_name_is_free(app):
    first = app.create_schedule("daily", "1h", "report")
    app.delete_schedule("daily")
    second = app.create_schedule("DAILY", "1h", "report")
    assert second.id != first.id
    assert [one.id for one in app.list_schedules(include_deleted=True)] == [second.id]


def test_schedules_are_listed_filtered_and_counted(app):
    app.create_definition("other")
    for name, rule, definition in (
        ("b", "2h", "other"),
        ("a", "3h", "report"),
        ("c", "1h", "report"),
    ):
        app.create_schedule(name, rule, definition)
    names = [one.name for one in app.list_schedules()]
    assert names == ["a", "b", "c"]
    assert [one.name for one in app.list_schedules(order="-name", limit=2)] == ["c", "b"]
    assert [one.name for one in app.list_schedules(offset=1, limit=1)] == ["b"]
    assert [one.name for one in app.list_schedules(definition="Other")] == ["b"]
    assert app.count_schedules(definition="report") == 2
    for bad in ({"order": "size"}, {"limit": 0}, {"offset": -1}, {"status": "x"}, {"colour": 1}):
        with pytest.raises(InvalidValueError):
            app.list_schedules(**bad)


def test_a_simulation_flags_what_clocks_do(app):
    made = app.create_schedule("daily", "30 2 * * *", "report", zone="Europe/Berlin")
    year = app.simulate_schedule(made)
    assert len(year) == 365
    flagged = {one.at.date().isoformat(): one.change for one in year if one.change}
    assert flagged == {"2030-03-31": "shifted", "2030-10-27": "first"}
    two = app.simulate_schedule(made, start=NOON + 24 * HOUR, end=NOON + 72 * HOUR)
    assert [one.local.hour for one in two] == [2, 2]
    assert app.get_schedule("daily").runs == 0


def test_a_simulation_knows_the_bounds(app):
    made = app.create_schedule(
        "x", "1h", "report", starts_at=NOON + HOUR, ends_at=NOON + 9 * HOUR, max_runs=3
    )
    found = app.simulate_schedule(made)
    assert [one.at for one in found] == [NOON + hours * HOUR for hours in (1, 2, 3)]
    assert app.simulate_schedule(made, start=NOON + 10 * HOUR) == []
    for bad in ({"limit": 0}, {"start": NOON, "end": NOON}, {"start": "today"}):
        with pytest.raises(InvalidValueError):
            app.simulate_schedule(made, **bad)


def test_options_survive_as_they_were_said(app):
    policy = RetryPolicy(backoff=Backoff.LINEAR, base=HOUR, jitter=False)
    app.create_schedule(
        "x", "1h", "report", retry=policy, unique=["kind"], lifetime="2h", max_crashes=1
    )
    task = app.run_schedule("x")
    assert (task.retry, task.max_crashes) == (policy, 1)
    assert task.expires_at == task.run_at + 2 * HOUR
    assert task.unique_key is not None


def test_many_schedules_at_once_are_all_stored(app):
    made = [app.create_schedule(f"s{number}", "1h", "report") for number in range(30)]
    assert sorted(one.name for one in app.list_schedules(limit=1000)) == sorted(
        one.name for one in made
    )
    assert all(isinstance(one, Schedule) for one in made)
