"""What is refused at the door: one error that names the field, and nothing is stored."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rowlock import Rowlock, Worker
from rowlock.errors import (
    ConfigError,
    DuplicateDefinitionError,
    InvalidValueError,
    PayloadError,
    QueueNotFoundError,
    SchemaMissingError,
    SchemaOutdatedError,
    SchemaTooNewError,
    StorageUnavailableError,
    TaskNotFoundError,
)
from rowlock.model.ids import new_task_id
from tests.app.steps import greeting, is_empty
from tests.support.backends import DURABLE, SERVERS, sql_plan

LONG_NAME = "a" * 65


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


BAD_OPTIONS: list[tuple[str, Any]] = [
    ("queue", "1x"),
    ("queue", "a b"),
    ("queue", LONG_NAME),
    ("queue", "naïve"),
    ("queue", "a\x00"),
    ("queue", 5),
    ("delay", -1),
    ("delay", "-1s"),
    ("delay", timedelta(seconds=-1)),
    ("delay", "soon"),
    ("delay", math.nan),
    ("delay", math.inf),
    ("delay", "200y"),
    ("delay", 1e12),
    ("delay", True),
    ("run_at", "2030-01-01"),
    ("run_at", datetime(2030, 1, 1)),  # noqa: DTZ001 - that is what is refused
    ("priority", 32_768),
    ("priority", -32_768),
    ("priority", 1.5),
    ("priority", True),
    ("max_attempts", 0),
    ("max_attempts", -1),
    ("max_attempts", "3"),
    ("max_attempts", 1_000_001),
    ("max_crashes", 0),
    ("timeout", 0),
    ("timeout", -1),
    ("lifetime", 0),
    ("lifetime", "-1h"),
    ("retry", "sometimes"),
    ("retry", 3),
    ("tags", "one"),
    ("tags", [1]),
    ("tags", [""]),
    ("tags", ["a\x00"]),
    ("tags", ["\ud800"]),
    ("tags", ["x" * 101]),
    ("tags", [str(number) for number in range(21)]),
    ("unique", ""),
    ("unique", "a\x00"),
    ("unique", "x" * 256),
    ("unique", 5),
    ("unique", []),
    ("id", "no id"),
    ("id", 5),
    ("typo", 1),
]

BAD_PAYLOADS: list[Any] = [
    {"value": math.nan},
    {"value": math.inf},
    [-math.inf],
    {"value": "a\x00b"},
    {"a\x00b": 1},
    {"value": "\ud800"},
    {"\udfff": 1},
    {"value": 2**63},
    [-(2**63) - 1],
    {1: "one"},
    {"value": object()},
    {"value": {1, 2}},
    {"value": b"bytes"},
    nested(31),
    "x" * 1024 * 1024,
    {"text": "é" * 600_000},
    None,
]

BAD_CALLS: list[tuple[str, Callable[[Rowlock], Any]]] = [
    ("id", lambda app: app.get_task("")),
    ("id", lambda app: app.get_task("no id")),
    ("id", lambda app: app.get_task(5)),  # type: ignore[arg-type] # what is refused
    ("id", lambda app: app.cancel("no id")),
    ("id", lambda app: app.attempts("no id")),
    ("id", lambda app: app.task_log("no id")),
    ("id", lambda app: app.retry("no id")),
    ("id", lambda app: app.resolve("")),
    ("id", lambda app: app.resolve("abc")),
    ("id", lambda app: app.resolve("wxyz")),
    ("id", lambda app: app.list_tasks(before="no id")),
    ("limit", lambda app: app.list_tasks(limit=0)),
    ("limit", lambda app: app.list_tasks(limit=-1)),
    ("limit", lambda app: app.list_tasks(limit=1_001)),
    ("color", lambda app: app.list_tasks(color="red")),  # type: ignore[call-arg]
    ("color", lambda app: app.count(color="red")),  # type: ignore[call-arg]
    ("states", lambda app: app.list_tasks(states="failed")),
    ("tags", lambda app: app.list_tasks(tags="red")),
    ("tags", lambda app: app.list_tasks(tags=["x"] + [str(one) for one in range(20)])),
    ("state", lambda app: app.list_tasks(states=("",))),
    ("state", lambda app: app.list_tasks(states=("finished",))),
    ("queue", lambda app: app.list_tasks(queue="1x")),
    ("alias", lambda app: app.list_tasks(definition="")),
    ("created_after", lambda app: app.list_tasks(created_after=datetime(2030, 1, 1))),  # noqa: DTZ001
    ("queue", lambda app: app.register_queue("")),
    ("queue", lambda app: app.register_queue("1x")),
    ("queue", lambda app: app.register_queue(LONG_NAME)),
    ("max_attempts", lambda app: app.register_queue("emails", max_attempts=0)),
    ("lease", lambda app: app.register_queue("emails", lease="100ms")),
    ("retention", lambda app: app.register_queue("emails", retention=-1)),
    ("timeout", lambda app: app.register_queue("emails", timeout=0)),
    ("retry", lambda app: app.register_queue("emails", retry="sometimes")),
    ("queue", lambda app: app.pause_queue("1x")),
    ("alias", lambda app: app.enqueue("", {})),
    ("alias", lambda app: app.enqueue("--", {})),
    ("alias", lambda app: app.enqueue("x" * 101, {})),
    ("alias", lambda app: app.enqueue("a\nb", {})),
    ("alias", lambda app: app.enqueue(5, {})),  # type: ignore[arg-type] # what is refused
    ("run_at", lambda app: app.enqueue(None, 1, delay=1, run_at=datetime.now(UTC))),
    ("queues", lambda app: Worker(app, queues=[])),
    ("queue", lambda app: Worker(app, queues=["1x"])),
    ("concurrency", lambda app: Worker(app, queues={"emails": 0})),
    ("concurrency", lambda app: Worker(app, concurrency=0)),
    ("grace", lambda app: Worker(app, grace=-1)),
    ("unknown", lambda app: Worker(app, unknown="ignore")),
    ("worker", lambda app: Worker(app, worker_id="x" * 101)),
]


@pytest.mark.parametrize(("field", "value"), BAD_OPTIONS)
def test_a_bad_option_is_named(app, field, value):
    with pytest.raises(InvalidValueError) as refused:
        app.enqueue(None, {"a": 1}, **{field: value})
    assert refused.value.field == field
    assert str(refused.value).startswith(f"{field}: ")
    assert is_empty(app)


@pytest.mark.parametrize("payload", BAD_PAYLOADS, ids=range(len(BAD_PAYLOADS)))
def test_a_payload_that_cannot_be_stored_is_refused(app, payload):
    """C4."""
    with pytest.raises(PayloadError) as refused:
        app.enqueue(None, payload)
    assert refused.value.field == "payload"
    assert is_empty(app)


def test_what_is_just_within_the_limits_is_stored(app):
    payloads = [nested(30), "x" * (1024 * 1024 - 2), [2**63 - 1, -(2**63)], {"": [None]}]
    ids = app.enqueue_many(None, payloads)
    assert [app.get_task(task_id).payload for task_id in ids] == payloads


@pytest.mark.parametrize(("field", "call"), BAD_CALLS)
def test_a_bad_argument_is_named(app, field, call):
    with pytest.raises(InvalidValueError) as refused:
        call(app)
    assert refused.value.field == field
    assert is_empty(app)
    assert app.list_queues() == []


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("name", {"name": 5}),
        ("name", {"name": "a\x00"}),
        ("times", {"times": "1"}),
        ("times", {"times": None}),
        ("times", {"times": 2**63}),
        ("nmae", {"nmae": "Ada"}),
    ],
)
def test_an_argument_that_does_not_fit_the_signature_is_named(app, field, arguments):
    greeting(app)
    with pytest.raises(PayloadError) as refused:
        app.enqueue("send_greeting", arguments)
    assert refused.value.field == field
    assert is_empty(app)


def test_a_missing_argument_is_named(app):
    @app.task
    def pay(amount: int) -> None: ...

    with pytest.raises(PayloadError) as refused:
        pay.enqueue()
    assert refused.value.field == "amount"
    assert is_empty(app)


def test_arguments_must_be_a_mapping(app):
    with pytest.raises(PayloadError) as refused:
        app.enqueue(greeting(app), ["Ada"])
    assert refused.value.field == "payload"


def test_two_definitions_whose_aliases_fold_alike_are_refused(app):
    """C38."""
    greeting(app)
    with pytest.raises(DuplicateDefinitionError, match="SendGreeting"):

        @app.task(alias="SendGreeting")
        def other() -> None: ...


@pytest.mark.parametrize("act", ["get_task", "attempts", "task_log", "cancel", "retry"])
def test_a_task_that_is_not_there_is_named(app, act):
    """C17, C110."""
    task_id = new_task_id()
    with pytest.raises(TaskNotFoundError, match=str(task_id)):
        getattr(app, act)(task_id)


@pytest.mark.parametrize("act", ["pause_queue", "resume_queue"])
def test_a_queue_that_is_not_there_is_named(app, act):
    with pytest.raises(QueueNotFoundError, match="nowhere"):
        getattr(app, act)("nowhere")


@pytest.mark.parametrize("name", ["1x", "a b", "", "rowlock", "pgqueue", " PgQueue ", LONG_NAME])
def test_a_bad_namespace_is_refused(name):
    """C106."""
    with pytest.raises(InvalidValueError) as refused:
        Rowlock("memory://", namespace=name)
    assert refused.value.field == "namespace"


@pytest.mark.parametrize("size", [0, -1, 1.5])
def test_a_bad_pool_size_is_refused(size):
    with pytest.raises(InvalidValueError) as refused:
        Rowlock("memory://", pool_size=size)
    assert refused.value.field == "pool_size"


@pytest.mark.parametrize("poll", [0, -1, "often"])
@pytest.mark.parametrize("url", ["memory://", "postgresql://host/db", "mysql://host/db"])
def test_a_bad_poll_is_refused(url, poll):
    with pytest.raises(InvalidValueError) as refused:
        Rowlock(url, poll=poll)
    assert refused.value.field == "poll"


@pytest.mark.parametrize("url", ["memory://", "postgresql://host/db", "mysql://host/db"])
def test_a_poll_holds_on_every_engine(url):
    assert Rowlock(url, poll="2s").core.storage.wakeups.poll_seconds == 2


@pytest.mark.parametrize(
    "url", ["", "here.db", "redis://localhost", "sqlite://here.db", "sqlite:///", "mysql://host/"]
)
def test_a_bad_url_is_refused(url):
    with pytest.raises(ConfigError):
        Rowlock(url)


@pytest.mark.parametrize("prefix", ["", "1x", "Rowlock_", "a-b", "a; drop table x", "a" * 32])
def test_a_bad_table_prefix_is_refused(prefix):
    """C55."""
    with pytest.raises(ConfigError, match="prefix"):
        Rowlock("memory://", prefix=prefix)


def test_only_one_engine_has_schemas():
    with pytest.raises(ConfigError, match="schema"):
        Rowlock("memory://", schema="tasks")


@pytest.mark.parametrize(
    ("driver", "url", "extra"),
    [("psycopg", "postgresql://h/d", "postgres"), ("pymysql", "mariadb://h/d", "mysql")],
)
def test_a_missing_extra_is_named(driver, url, extra):
    script = f"import sys; sys.modules[{driver!r}] = None; import rowlock; rowlock.Rowlock({url!r})"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert f"pip install 'rowlock[{extra}]'" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody@127.0.0.1:1/nothing",
        "mysql://nobody@127.0.0.1:1/nothing",
        "sqlite:////nowhere/at/all/tasks.db",
    ],
)
def test_a_database_that_cannot_be_reached_is_said_so(url):
    with Rowlock(url) as app, pytest.raises(StorageUnavailableError):
        app.enqueue(None, 1)


def test_a_file_that_is_no_database_is_said_so_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database " * 100)
    with Rowlock(f"sqlite:///{path}") as app, pytest.raises(StorageUnavailableError):
        app.enqueue(None, 1)
    assert path.read_text() == "not a database " * 100


def test_a_directory_is_no_database(tmp_path):
    with Rowlock(f"sqlite:///{tmp_path}") as app, pytest.raises(StorageUnavailableError):
        app.enqueue(None, 1)


@pytest.mark.parametrize("backend", SERVERS, indirect=True)
def test_a_server_without_our_tables_says_how_to_make_them(opened):
    app = opened(prefix="absent_")
    with pytest.raises(SchemaMissingError, match="rowlock db migrate"):
        app.enqueue(None, 1)


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_tables_of_a_later_version_are_refused(opened):
    older, newer = opened(prefix="later_", migrate=True), opened(prefix="later_", migrate=True)
    newer.migrate()
    newer.core.storage.runner.run(sql_plan, "UPDATE later_migration SET version = version + 100")
    try:
        with pytest.raises(SchemaTooNewError, match="upgrade the package"):
            older.enqueue(None, 1)
    finally:
        for table in ("migration", "task", "history", "payload", "attempt", "log", "queue",
                      "definition", "duty"):  # fmt: skip
            newer.core.storage.runner.run(sql_plan, f"DROP TABLE IF EXISTS later_{table}")


def test_errors_of_an_older_schema_say_what_to_do():
    assert "rowlock db migrate" in str(SchemaOutdatedError(1, 2))


def test_migrating_twice_keeps_what_is_stored(app):
    """C55."""
    task = app.enqueue(None, 1)
    assert app.migrate() == []
    assert app.get_task(task) == task
