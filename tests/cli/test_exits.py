"""Errors: one line, one code, and one JSON document if asked."""

from __future__ import annotations

import re
from uuid import UUID

import click
import pytest

from rowlock import errors
from rowlock.cli.exits import exit_code_for
from rowlock.cli.problems import Telling, reason_of
from tests.cli.commands import cli, error_of, run

ID = UUID("0199b2f0-5c1e-7c3a-9d0e-3f6a1b2c4d5e")

CODES = [
    (errors.RowlockError("x"), 1),
    (errors.ConfigError("x"), 2),
    (errors.MissingExtraError("mysql", "it"), 2),
    (errors.InvalidValueError("queue", "bad"), 2),
    (errors.PayloadError("a", "bad"), 2),
    (errors.UnknownDefinitionError("x"), 5),
    (errors.DuplicateDefinitionError("x"), 7),
    (errors.DefinitionNotFoundError("x"), 5),
    (errors.DefinitionClosedError("x", "deleted"), 7),
    (errors.QueueNotFoundError("x"), 5),
    (errors.DuplicateQueueError("x"), 7),
    (errors.QueueBusyError("x", 1), 7),
    (errors.TokenNotFoundError(ID), 5),
    (errors.ScheduleNotFoundError("x"), 5),
    (errors.DuplicateScheduleError("x"), 7),
    (errors.TickerNotFoundError("x"), 5),
    (errors.DuplicateTickerError("x"), 7),
    (errors.TickLostError("x"), 7),
    (errors.TaskNotFoundError(ID), 5),
    (errors.TaskConflictError(ID, "running", "finished"), 7),
    (errors.DuplicateTaskError(ID, "key"), 7),
    (errors.OperationNotFoundError(ID), 5),
    (errors.IdConflictError(ID), 7),
    (errors.LeaseLostError(ID), 7),
    (errors.WorkerStuckError(4), 6),
    (errors.MiddlewareError("timed", "x"), 1),
    (errors.HookError("connect", "x"), 1),
    (errors.TaskFailedError(ID, "Fail", "x"), 1),
    (errors.WorkerLostError(ID, "worker-1", final=True), 1),
    (errors.WaitTimeoutError(ID, "running"), 1),
    (errors.UnauthenticatedError(), 7),
    (errors.ScopeError("admin"), 7),
    (errors.GrantError("it ends"), 7),
    (errors.RateLimitError(1), 7),
    (errors.OverloadedError(1), 7),
    (errors.RouteNotFoundError("/"), 5),
    (errors.MethodNotAllowedError("PUT", "GET"), 1),
    (errors.BodyTooLargeError(1), 1),
    (errors.BodyTimeoutError(1), 1),
    (errors.NoTaskError(), 5),
    (errors.NoTickError(), 1),
    (errors.NotRunningError(ID, "queued"), 7),
    (errors.ServerUnavailableError("away"), 3),
    (errors.UnexpectedAnswerError(502, "x"), 1),
    (errors.StorageError("x"), 1),
    (errors.StorageConflictError("x"), 1),
    (errors.StorageDataError("x"), 1),
    (errors.StorageDeniedError("x"), 3),
    (errors.StorageUnavailableError("x"), 3),
    (errors.SchemaMissingError(0, 1), 4),
    (errors.SchemaOutdatedError(1, 2), 4),
    (errors.SchemaTooNewError(2, 1), 4),
    (click.UsageError("x"), 2),
    (click.BadParameter("x"), 2),
    (RuntimeError("x"), 1),
]


@pytest.mark.parametrize(("error", "code"), CODES, ids=lambda value: type(value).__name__)
def test_each_error_has_its_code(error, code):
    assert exit_code_for(error) == code


def leaves(kind: type[Exception]) -> list[type[Exception]]:
    below = [leaf for one in kind.__subclasses__() for leaf in leaves(one)]
    return [kind, *below]


def test_every_error_of_the_package_was_thought_of():
    thought_of = {type(error) for error, _ in CODES}
    grouping = {
        errors.DefinitionError,
        errors.ScheduleError,
        errors.ServiceError,
        errors.TaskError,
        errors.TickerError,
        errors.SchemaError,
    }
    every = leaves(errors.RowlockError)
    ours = {one for one in every if one.__module__.startswith("rowlock.errors.")}
    assert len(ours) > len(grouping)
    assert ours - thought_of - grouping == set()


def test_a_problem_is_one_line():
    assert reason_of(errors.StorageError("first\n\tsecond\n")) == "first second"
    assert reason_of(OSError(28, "No space left", "/x")) == "No space left: /x"
    assert reason_of(OSError("odd")) == "odd"
    assert reason_of(click.ClickException("Something.")) == "Something"
    assert reason_of(errors.StorageError("\x1b[31mred")) == "\\x1b[31mred"


def test_a_bug_says_how_to_see_where():
    assert reason_of(KeyError("x")) == "internal error: KeyError: 'x'; --debug shows where"


@pytest.mark.parametrize(
    "text",
    [
        'in URI: "postgresql://ann:secret@host/db"',
        "postgresql://ann:s@cret@host",
        'unexpected spaces found in "se cret", use %20',
    ],
)
def test_passwords_are_never_told(text, capsys):
    url = "postgresql://ann:se cret@host/db" if "se cret" in text else None
    Telling(as_json=True, debug=True, urls=[url]).tell(errors.StorageError(text))
    told = capsys.readouterr().err
    assert "***" in told
    assert not re.search("se ?cret|s@cret", told)


def test_a_missing_url_says_how_to_give_one():
    result = cli("tasks")
    assert result.exit_code == 2
    assert result.stderr.startswith("rowlock: url: which database?")
    assert result.stdout == ""


def test_json_adds_a_document_with_field_and_problem():
    result = cli("tasks", "--json", "--state", "sleepy", url="memory://")
    assert result.exit_code == 2
    line, document = result.stderr.splitlines()[0], error_of(result.stderr)
    assert line == f"rowlock: {document['reason']}"
    assert (document["code"], document["type"]) == (2, "InvalidValueError")
    assert document["detail"]["field"] == "state"


def test_json_tells_of_misuse_too():
    result = cli("tasks", "--json", "--limit", "x", url="memory://")
    document = error_of(result.stderr)
    assert (document["type"], document["detail"]["field"]) == ("BadParameter", "limit")
    missing = error_of(cli("task", "--json").stderr)
    assert missing["reason"] == "task: is missing; see 'rowlock task --help'"


def test_debug_shows_the_traceback():
    result = cli("tasks", "--debug", url="nowhere")
    assert result.exit_code == 2
    assert "Traceback" in result.stderr
    assert "Traceback" not in cli("tasks", url="nowhere").stderr


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("foo://x", 2),
        ("nowhere", 2),
        ("sqlite://", 2),
        ("sqlite:///no/such/file.db", 3),
        ("sqlite:////etc/passwd", 3),
        ("sqlite:////tmp", 3),
        ("mysql://host/", 2),
        ("postgresql://ann:secret@127.0.0.1:1/x", 3),
        ("mysql://ann:secret@127.0.0.1:1/x", 3),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_one_line(url, code):
    result = cli("tasks", url=url)
    assert result.exit_code == code
    assert len(result.stderr.splitlines()) == 1
    assert "secret" not in result.stderr


def test_a_file_without_our_tables_needs_a_migration(folder):
    (folder / "empty.db").touch()
    result = cli("tasks", url=f"sqlite:///{folder}/empty.db")
    assert result.exit_code == 4
    assert "rowlock db migrate" in result.stderr


def test_a_driver_that_is_not_installed_is_named(folder):
    (folder / "psycopg.py").write_text("raise ModuleNotFoundError(name='psycopg')")
    result = run("tasks", "--url", "postgresql://h/d", cwd=folder)
    assert result.returncode == 2
    assert "pip install 'rowlock[postgres]'" in result.stderr
