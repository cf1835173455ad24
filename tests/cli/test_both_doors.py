"""What is refused is refused alike in Python and on the command line, and nothing is stored."""

from __future__ import annotations

import json
import math
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rowlock import Rowlock, Worker
from rowlock.cli.exits import exit_code_for
from rowlock.errors import RowlockError
from tests.app.conftest import app, opened
from tests.app.steps import is_empty
from tests.cli.commands import cli, error_of, run
from tests.support.backends import DURABLE, SERVERS, Backend
from tests.support.databases import stranger

__all__ = ["app", "opened"]

LONG = "x" * (1024 * 1024)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


class Refusal(NamedTuple):
    """What somebody is told: by an exception here, by a document and an exit code there."""

    code: int
    type: str
    reason: str
    field: str | None


def told_by(error: RowlockError) -> Refusal:
    field = getattr(error, "field", None)
    reason = " ".join(str(error).split())
    return Refusal(exit_code_for(error), type(error).__name__, reason, field)


def told_in_python(call: Callable[[], Any]) -> Refusal:
    with pytest.raises(RowlockError) as refused:
        call()
    return told_by(refused.value)


def told_on_the_command_line(*args: str, url: str | None) -> Refusal:
    result = cli(*args, "--json", url=url)
    assert result.stdout == ""
    document = error_of(result.stderr)
    assert document["code"] == result.exit_code
    field = document.get("detail", {}).get("field")
    return Refusal(result.exit_code, document["type"], document["reason"], field)


class Case(NamedTuple):
    """One bad input and how each door is given it."""

    field: str | None
    args: list[str]
    call: Callable[[Rowlock], Any]


def order(alias: str, arguments: Any, *args: str, field: str | None, **options: Any) -> Case:
    """A bad enqueue: the arguments go to the command line as one JSON object."""
    given = ["enqueue", alias, "--args", json.dumps(arguments), *args]
    return Case(field, given, lambda app: app.enqueue(alias, arguments, **options))


GOOD = {"a": 1}
BAD_ORDERS = {
    "queue": order("add", GOOD, "--queue", "no spaces", queue="no spaces", field="queue"),
    "long queue": order("add", GOOD, "--queue", "q" * 65, queue="q" * 65, field="queue"),
    "queue of digits": order("add", GOOD, "--queue", "1x", queue="1x", field="queue"),
    "unknown alias": order("nothing", {}, field=None),
    "empty alias": order(" ", {}, field="alias"),
    "long alias": order("x" * 101, {}, field="alias"),
    "tag": order("add", GOOD, "--tag", "x" * 101, tags=["x" * 101], field="tags"),
    "key": order("add", GOOD, "--unique", "k" * 256, unique="k" * 256, field="unique"),
    "id": order("add", GOOD, "--id", "7", id="7", field="id"),
    "argument of another type": order("add", {"a": "1"}, field="a"),
    "unknown argument": order("add", {"a": 1, "c": 1}, field="c"),
    "missing argument": order("add", {}, field="a"),
    "argument too large": order("boom", {"text": LONG}, field="text"),
    "arguments too large": order("note", {"one": LONG[:-9], "two": LONG[:-9]}, field="payload"),
    "NaN": order("note", {"one": math.nan}, field="one"),
    "Infinity": order("note", {"one": [{"deep": math.inf}]}, field="one"),
    "-Infinity": order("note", {"two": -math.inf}, field="two"),
    "NUL": order("boom", {"text": "a\x00b"}, field="text"),
    "NUL in a key": order("note", {"one": {"a\x00": 1}}, field="one"),
    "lone surrogate": order("boom", {"text": "\ud800"}, field="text"),
    "too deep": order("note", {"one": nested(31)}, field="one"),
    "over 64 bits": order("add", {"a": 2**63}, field="a"),
    "far over 64 bits": order("note", {"one": 10**999}, field="one"),
    "negative delay": order("add", GOOD, "--delay", "-1", delay="-1", field="delay"),
    "no delay": order("add", GOOD, "--delay", "soon", delay="soon", field="delay"),
    "no attempts": order(
        "add", GOOD, "--max-attempts", "0", max_attempts=0, field="max_attempts"
    ),
    "attempts no number": order(
        "add", GOOD, "--max-attempts", "x", max_attempts="x", field="max_attempts"
    ),
    "priority": order("add", GOOD, "--priority", "99999", priority=99_999, field="priority"),
    "timeout": order("add", GOOD, "--timeout", "0", timeout="0", field="timeout"),
    "lifetime": order("add", GOOD, "--lifetime", "0", lifetime="0", field="lifetime"),
    "retry": order("add", GOOD, "--retry", "often", retry="often", field="retry"),
}  # fmt: skip

BAD_CALLS = {
    "queue name": Case(
        "queue", ["queues", "set", "a b"], lambda app: app.register_queue("a b")
    ),
    "empty queue name": Case("queue", ["queues", "set", ""], lambda app: app.register_queue("")),
    "attempts of a queue": Case(
        "max_attempts", ["queues", "set", "mail", "--max-attempts", "0"],
        lambda app: app.register_queue("mail", max_attempts=0),
    ),
    "crashes of a queue": Case(
        "max_crashes", ["queues", "set", "mail", "--max-crashes", "few"],
        lambda app: app.register_queue("mail", max_crashes="few"),  # type: ignore[arg-type] # refused
    ),
    "lease of a queue": Case(
        "lease", ["queues", "set", "mail", "--lease", "0"],
        lambda app: app.register_queue("mail", lease="0"),
    ),
    "paused queue": Case(
        None, ["queues", "pause", "nowhere"], lambda app: app.pause_queue("nowhere")
    ),
    "state": Case(
        "state", ["tasks", "--state", "sleepy"], lambda app: app.list_tasks(states=("sleepy",))
    ),
    "alias of a list": Case(
        "alias", ["tasks", "--definition", ""], lambda app: app.list_tasks(definition="")
    ),
    "id": Case("id", ["task", "wxyz"], lambda app: app.resolve("wxyz")),
    "id of nothing": Case(None, ["task", "0199b2f0"], lambda app: app.resolve("0199b2f0")),
    "attempts of a retry": Case(
        "attempts", ["retry", "0199b2f05c1e7c3a9d0e3f6a1b2c4d5e", "--attempts", "0"],
        lambda app: app.retry("0199b2f05c1e7c3a9d0e3f6a1b2c4d5e", attempts=0),
    ),
    "namespace": Case(
        "namespace", ["tasks", "--namespace", "1x"],
        lambda app: Rowlock("memory://", namespace="1x"),
    ),
    "reserved namespace": Case(
        "namespace", ["tasks", "--namespace", "pgqueue"],
        lambda app: Rowlock("memory://", namespace="pgqueue"),
    ),
    "prefix": Case(
        None, ["tasks", "--prefix", "a-b"], lambda app: Rowlock("memory://", prefix="a-b")
    ),
    "queue of a worker": Case(
        "queue", ["worker", "jobs:app", "--queue", "a b"], lambda app: Worker(app, ["a b"])
    ),
    "concurrency": Case(
        "concurrency", ["worker", "jobs:app", "--concurrency", "0"],
        lambda app: Worker(app, concurrency=0),
    ),
    "concurrency no number": Case(
        "concurrency", ["worker", "jobs:app", "--concurrency", "x"],
        lambda app: Worker(app, concurrency="x"),  # type: ignore[arg-type] # refused
    ),
    "grace": Case(
        "grace", ["worker", "jobs:app", "--grace", "soon"], lambda app: Worker(app, grace="soon")
    ),
}  # fmt: skip


MORE = """
@app.task
def note(one: object = None, two: object = None) -> None: ...
"""


@pytest.fixture
def jobs(folder: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rowlock]:
    """The app `jobs:app` on each engine, as Python has it."""
    with (folder / "jobs.py").open("a") as file:
        file.write(MORE)
    monkeypatch.setenv("APP_URL", backend.url)
    with closing(runpy.run_path(str(folder / "jobs.py"))["app"]) as app:
        yield app


@pytest.mark.parametrize("case", BAD_ORDERS.values(), ids=list(BAD_ORDERS))
def test_a_bad_order_is_refused_alike_with_the_code(jobs, backend, case):
    told = told_in_python(lambda: case.call(jobs))
    assert told.field == case.field
    assert told_on_the_command_line(*case.args, "--app", "jobs:app", url=backend.url) == told
    assert is_empty(jobs)


WITHOUT_CODE = {
    name: case
    for name, case in BAD_ORDERS.items()
    if name not in {"argument of another type", "unknown argument", "missing argument"}
}


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
@pytest.mark.parametrize("case", WITHOUT_CODE.values(), ids=list(WITHOUT_CODE))
def test_a_bad_order_is_refused_alike_without_the_code(jobs, opened, backend, case):
    jobs.enqueue("add", GOOD)
    jobs.enqueue_many("boom", [])
    jobs.enqueue_many("note", [])
    app = opened()
    told = told_in_python(lambda: case.call(app))
    assert told.field == case.field
    assert told_on_the_command_line(*case.args, url=backend.url) == told
    assert len(app.list_tasks()) == 1


@pytest.mark.parametrize("case", BAD_CALLS.values(), ids=list(BAD_CALLS))
def test_a_bad_call_is_refused_alike(jobs, backend, case):
    told = told_in_python(lambda: case.call(jobs))
    assert told.field == case.field
    assert told_on_the_command_line(*case.args, url=backend.url) == told
    assert is_empty(jobs)
    assert jobs.list_queues() == []


URLS = {
    "unknown scheme": "redis://localhost",
    "no scheme": "app.db",
    "sqlite without a path": "sqlite://",
    "mysql without a database": "mysql://host/",
    "unreachable postgres": "postgresql://nobody:secret@127.0.0.1:1/nothing",
    "unreachable mysql": "mysql://nobody:secret@127.0.0.1:1/nothing",
    "no database file": "sqlite:////etc/passwd",
    "directory": "sqlite:////tmp",
}


@pytest.mark.parametrize("url", URLS.values(), ids=list(URLS))
def test_a_database_that_cannot_be_used_is_refused_alike(folder, url):
    def look() -> None:
        with closing(Rowlock(url)) as app:
            app.list_tasks()

    assert told_on_the_command_line("tasks", url=url) == told_in_python(look)


@contextmanager
def other_version(backend: Backend, by: int) -> Iterator[None]:
    """Let the database believe that another version of the package made its tables."""
    backend.execute("UPDATE rowlock_migration SET version = version + :by", by=by)
    try:
        yield
    finally:
        backend.execute("UPDATE rowlock_migration SET version = version - :by", by=by)


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
@pytest.mark.parametrize(
    ("by", "error"), [(-100, "SchemaOutdatedError"), (100, "SchemaTooNewError")]
)
def test_a_schema_of_another_version_is_refused_alike(opened, backend, by, error):
    with other_version(backend, by):
        told = told_in_python(opened(migrate=False).list_tasks)
        assert (told.type, told.code) == (error, 4)
        assert told_on_the_command_line("tasks", url=backend.url) == told


@pytest.mark.parametrize("backend", SERVERS, indirect=True)
def test_a_user_without_privileges_is_told_alike(backend):
    with stranger(backend.url) as url, closing(Rowlock(url)) as app:
        told = told_in_python(app.list_tasks)
        assert (told.type, told.code) == ("StorageDeniedError", 3)
        assert told_on_the_command_line("tasks", url=url) == told
        assert told_in_python(lambda: app.enqueue(None, 1)).type == "StorageDeniedError"


@pytest.mark.parametrize("backend", DURABLE, indirect=True)
def test_nothing_is_stored_under_a_newer_schema(jobs, backend):
    with other_version(backend, 100):
        told = told_in_python(lambda: jobs.enqueue("add", GOOD))
        args = ("enqueue", "add", "a:=1", "--app", "jobs:app")
        assert told_on_the_command_line(*args, url=backend.url) == told
    assert is_empty(jobs)


@pytest.mark.parametrize(
    ("driver", "url"), [("psycopg", "postgresql://h/d"), ("pymysql", "mariadb://h/d")]
)
def test_a_missing_extra_is_told_alike(folder, driver, url):
    (folder / f"{driver}.py").write_text(f"raise ModuleNotFoundError(name={driver!r})")
    script = f"import sys; sys.path.insert(0, ''); import rowlock; rowlock.Rowlock({url!r})"
    python = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    told = python.stderr.splitlines()[-1].partition("MissingExtraError: ")[2]
    assert "pip install 'rowlock[" in told
    result = run("tasks", "--url", url, cwd=folder)
    assert (result.returncode, result.stderr) == (2, f"rowlock: {told}\n")
