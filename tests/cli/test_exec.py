"""`rowlock exec`: one handler, here and now, without a database."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import Result

from rowlock.cli.arguments import handler_arguments
from tests.cli.commands import cli, run

HANDLERS = '''
from datetime import date
from rowlock import Cancel, Context, Retry, Rowlock, Snooze, TaskHandler, depends

app = Rowlock("sqlite:///own.db")

@app.task
class HelloWorldTask(TaskHandler):
    """Say hello.

    As often as it takes.
    """

    def handle(self):
        self.log_info("hello")
        self.log_error("no answer")
        self.log_success("an answer\x1b[31m")
        self.set_output({**self.params, "queued": self.has_task})
        return not self.param("fail")

@app.task
async def add(ctx: Context, a: int, b: list[int] | None = None, on: bool = False) -> str:
    return f"{a!r} {b!r} {on!r}"

@app.task
def born(day: date, anything=None, user_name: str = "") -> str:
    return f"{day!r} {anything!r} {user_name!r}"

@app.task
def silent() -> None: ...

@app.task
def boom() -> None:
    raise ValueError("no")

@app.task
def leave() -> None:
    raise SystemExit(0)

@app.task
def later() -> Snooze:
    return Snooze("5m")

@app.task
def never() -> Cancel:
    return Cancel("not needed")

@app.task
def again() -> Retry:
    return Retry(after="5m", reason="too early")

async def get_word():
    yield "word"

@app.task
def given(name: str, word: str = depends(get_word)) -> str:
    return f"{word} {name}"

@app.task
def odd() -> object:
    return object()
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "handlers.py").write_text(HANDLERS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


def execute(*words: str) -> Result:
    return cli("exec", "handlers:app", *words)


@pytest.mark.parametrize(
    ("written", "arguments"),
    [
        ('--name="Tom Jones"', {"name": "Tom Jones"}),  # C42
        ("--user=12 --force", {"user": "12", "force": ""}),  # C43
        ("--force --verbose", {"force": "", "verbose": ""}),  # C43
        ("--timeout 30 --x=1", {"timeout": "30", "x": "1"}),  # C44
        ("--url=http://e.com?a=1", {"url": "http://e.com?a=1"}),
        ("--a=1 --a=2 pos -z", {"a": "2"}),  # C46
        ("--a= --b", {"a": "", "b": ""}),
        ("' --a=1 ' -- x", {"a": "1"}),
        ("--n -5", {"n": "-5"}),
        ("", {}),
    ],
)
def test_the_words_after_the_alias_are_arguments(written, arguments):
    assert handler_arguments(shlex.split(written)) == arguments


@pytest.mark.parametrize("alias", ["HelloWorldTask", "hello-world-task", "HELLO_WORLD_TASK"])
def test_a_handler_prints_its_log_and_its_result_and_stores_nothing(folder, alias):
    """C38, C41."""
    result = execute(alias, "--name=Tom Jones")
    assert result.exit_code == 0
    *lines, output = result.stdout.splitlines()
    assert lines == ["INFO: hello", "ERROR: no answer", "SUCCESS: an answer\\x1b[31m"]
    assert json.loads(output) == {"name": "Tom Jones", "queued": False}
    assert result.stderr == "running HelloWorldTask with name='Tom Jones'\n"
    assert not (folder / "own.db").exists()


def test_levels_are_coloured_where_colours_are_wanted(folder):
    result = cli("exec", "handlers:app", "helloworldtask", env={"FORCE_COLOR": "1"})
    assert "\x1b[31m\x1b[1mERROR:" in result.stdout


def test_the_shell_decides_about_quotes(folder):
    """C42."""
    result = run("exec", "handlers:app", "HelloWorldTask", "--name=Tom Jones", cwd=folder)
    assert json.loads(result.stdout.splitlines()[-1])["name"] == "Tom Jones"


def test_a_handler_that_returns_false_fails(folder):
    """C49."""
    result = execute("HelloWorldTask", "--fail=yes")
    assert result.exit_code == 1
    assert "failed: no answer" in result.stderr


@pytest.mark.parametrize(
    ("alias", "told"),
    [
        ("boom", "ValueError: no"),
        ("leave", "SystemExit"),
        ("later", "run again in 5m"),
        ("again", "failed: too early"),
        ("never", "canceled: not needed"),
        ("odd", "cannot be stored"),
    ],
)
def test_what_is_no_success_has_an_exit_code(folder, alias, told):
    """C49."""
    result = execute(alias)
    assert result.exit_code == 1
    assert told in result.stderr
    assert result.stdout == ""


def test_annotations_say_what_a_text_means(folder):
    assert execute("add", "--a", "12").stdout == '"12 None False"\n'
    assert execute("add", "--a=-1", "--b=[1, 2]", "--on").stdout == '"-1 [1, 2] True"\n'
    result = execute("born", "--day=2026-01-02", "--anything=7", "--user-name=7")
    assert result.stdout == "\"datetime.date(2026, 1, 2) '7' '7'\"\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add", "--a=x"], "a: expected `int`"),
        (["add"], "a: is missing"),
        (["add", "--a=1", "--c=2"], "c: is not a known argument"),
    ],
)
def test_arguments_that_do_not_fit_are_misuse(folder, words, told):
    result = execute(*words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_providers_give_what_a_handler_depends_on(folder):
    assert execute("given", "--name=Ada").stdout == '"word Ada"\n'


def test_no_result_prints_nothing(folder):
    result = execute("silent")
    assert (result.exit_code, result.stdout) == (0, "")


def test_an_unknown_alias_is_named(folder):
    """C47."""
    result = execute("nope")
    assert result.exit_code == 5
    assert "'nope'" in result.stderr


def test_list_numbers_what_there_is_and_runs_nothing(folder):
    """C48."""
    result = execute("list")
    assert result.exit_code == 0
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert len(rows) == HANDLERS.count("@app.task")
    assert rows[0] == ["1", "HelloWorldTask", "Say hello.", "As often as it takes."]
    assert [row[0] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    assert "INFO" not in result.stdout


def test_an_alias_has_to_be_given(folder):
    assert execute().exit_code == 2
