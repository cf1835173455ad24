"""Errors cross processes and say what happened in words."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import pkgutil
from typing import Any
from uuid import UUID

import pytest

import rowlock
from rowlock import errors
from rowlock.errors import RowlockError

TASK = UUID(int=1)
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "MissingExtraError": ("postgres", "a URL"),
    "InvalidValueError": ("field", "is wrong"),
    "PayloadError": ("field", "is wrong"),
    "DefinitionError": ("alias",),
    "UnknownDefinitionError": ("alias",),
    "DuplicateDefinitionError": ("alias",),
    "DefinitionNotFoundError": ("alias",),
    "DefinitionClosedError": ("alias", "canceled"),
    "MiddlewareError": ("timed", "ValueError: no"),
    "HookError": ("connect", "ValueError: no"),
    "QueueNotFoundError": ("emails",),
    "TickerError": ("beat",),
    "TaskError": (TASK,),
    "TaskNotFoundError": (TASK,),
    "TaskConflictError": (TASK, "running", "finished"),
    "DuplicateTaskError": (TASK, "key"),
    "IdConflictError": (TASK,),
    "LeaseLostError": (TASK,),
    "TaskFailedError": (TASK, "Fail", "no"),
    "WorkerLostError": (TASK, "worker-1", True),
    "TaskCanceledError": (TASK,),
    "WaitTimeoutError": (TASK, "running"),
    "StorageUnavailableError": ("gone", True),
    "DuplicateQueueError": ("emails",),
    "QueueBusyError": ("emails", 2),
    "TokenNotFoundError": (TASK,),
    "ScopeError": ("tasks:read",),
    "RateLimitError": (3,),
    "RouteNotFoundError": ("/nowhere",),
    "MethodNotAllowedError": ("PUT", "GET, POST"),
    "BodyTooLargeError": (10,),
    "BodyTimeoutError": (10.0,),
    "NotRunningError": (TASK, "queued"),
    "ServerUnavailableError": ("GET /livez: refused", True),
    "UnexpectedAnswerError": (502, "Bad gateway"),
    "SchemaError": (1, 2),
    "SchemaMissingError": (0, 2),
    "SchemaOutdatedError": (1, 2),
    "SchemaTooNewError": (3, 2),
}


def all_errors() -> list[type[RowlockError]]:
    for module in pkgutil.walk_packages(rowlock.__path__, "rowlock."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, left = [], [RowlockError]
    while left:
        kind = left.pop()
        found.append(kind)
        left += kind.__subclasses__()
    return sorted(set(found), key=lambda kind: kind.__name__)


ERRORS = all_errors()


def example(kind: type[RowlockError]) -> RowlockError:
    return kind(*ARGUMENTS.get(kind.__name__, ("some text",)))


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_survives_pickling_and_copying(kind):
    error = example(kind)
    for again in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):  # noqa: S301 - our own
        assert type(again) is kind
        assert (str(again), again.args) == (str(error), error.args)
        assert vars(again) == vars(error)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_says_something_and_has_a_docstring(kind):
    assert str(example(kind)).strip()
    assert inspect.getdoc(kind)
    assert kind.__doc__ is not None


def test_the_tree_in_the_docstring_names_every_error():
    public = {name for name, value in vars(errors).items() if inspect.isclass(value)}
    shown = {word for word in (errors.__doc__ or "").split() if word.endswith("Error")}
    assert public - {"UUID"} <= shown | {"RowlockError"}


def test_a_refused_value_is_a_value_error_too():
    assert issubclass(errors.InvalidValueError, ValueError)
