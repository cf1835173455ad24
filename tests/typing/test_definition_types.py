"""What type checkers see behind the decorator: the handler's own arguments."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SAMPLE = """
from collections.abc import AsyncIterator, Iterator
from rowlock.definitions.collection import Tasks
from rowlock.definitions.context import Context, context
from rowlock.definitions.decorator import TaskDecorator
from rowlock.definitions.dependencies import depends
from rowlock.definitions.task_handler import TaskHandler

app = TaskDecorator()
tasks = Tasks()

class Session: ...

def get_session() -> Iterator[Session]:
    yield Session()

async def aget_session(ctx: Context) -> AsyncIterator[Session]:
    yield Session()

async def get_name() -> str: return ""

@app.task
def plain(ctx: Context, user_id: int) -> str: return ""

@app.task(queue="emails", max_attempts=5, timeout="30s", alias="a", title="b", description="c")
async def told(ctx: Context, user_id: int, *, note: str = "") -> str: return ""

@app.task
def marked(user_id: int, ctx: Context = context()) -> str: return ""

@app.task
def anything(value: object) -> int: return 1

@app.task()
def nothing() -> None: ...

class Hello(TaskHandler):
    queue = "emails"
    def handle(self) -> bool: return self.has_task

hello = app.task(Hello)
told_hello = app.task(alias="other")(Hello())

@app.task(retry_for={ValueError: None, OSError: "fixed"}, capture_logs="info")
async def injected(
    user_id: int,
    first: Session = depends(get_session),
    second: Session = depends(aget_session),
    third: Session = depends(Session, scope="worker"),
    name: str = depends(get_name),
) -> str: return name

@tasks.task(queue="emails")
def collected(ctx: Context, user_id: int) -> int: return user_id

def mistyped(name: str = depends(get_session)) -> None: ...  # wrong

async def right() -> None:
    injected.enqueue(1)
    d: str = await injected(1, first=Session())
    await collected.aenqueue(user_id=1)
    e: int = collected(1)
    hello.enqueue(name="Tom", user_id=7)
    await told_hello.options(priority=1).aenqueue(name="Tom")
    a: str = plain(1)
    b: str = await told(1, note="x")
    c: int = anything(value=3)
    plain.enqueue(1)
    await told.aenqueue(user_id=1, note="x")
    marked.enqueue(1)
    anything.enqueue(3)
    nothing.enqueue()
    plain.options(delay="1h", priority=10).enqueue(user_id=1)
    told.enqueue_if_not_exists(1)
    nothing.enqueue_many([{}])

async def wrong() -> None:
    injected.enqueue("x")  # wrong
    injected.enqueue()  # wrong
    collected.enqueue("x")  # wrong
    injected.options(retry_for={})  # wrong
    app.task(retry_for={1: None})  # wrong
    plain.enqueue("x")  # wrong
    plain.enqueue()  # wrong
    await told.aenqueue(1, "x")  # wrong
    nothing.enqueue(1)  # wrong
    plain.options(colour="red")  # wrong
    plain.options(delay="1h").enqueue(note=1)  # wrong
    a: int = plain(1)  # wrong
    app.task(max_attempts="many")  # wrong
"""

WRONG = {number for number, line in enumerate(SAMPLE.split("\n"), 1) if line.endswith("# wrong")}


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "sample.py"
    path.write_text(SAMPLE)
    return path


def output(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.stdout


def test_mypy_finds_the_wrong_calls_and_no_others(sample: Path):
    config = sample.with_name("mypy.ini")
    config.write_text(f"[mypy]\nmypy_path = {ROOT / 'src'}\nstrict = true\n")

    mypy = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini"]
    shown = output(sample.parent, *mypy, sample.name)

    lines = [line for line in shown.splitlines() if line.startswith("sample.py:")]
    assert {int(line.split(":")[1]) for line in lines if " error: " in line} == WRONG


def test_pyright_finds_the_wrong_calls_and_no_others(sample: Path):
    settings = {"extraPaths": [str(ROOT / "src")], "typeCheckingMode": "strict"}
    sample.with_name("pyrightconfig.json").write_text(json.dumps(settings))

    pyright = [str(Path(sys.executable).with_name("basedpyright")), "--outputjson"]
    shown = json.loads(output(sample.parent, *pyright, "--pythonpath", sys.executable))

    unused = {"reportUnusedVariable", "reportUnusedParameter"}
    found = [one for one in shown["generalDiagnostics"] if one.get("rule") not in unused]
    assert {one["range"]["start"]["line"] + 1 for one in found} == WRONG
