"""Errors of definitions, and of what apps put around handlers."""

from __future__ import annotations

from rowlock.errors.base import RowlockError


class DefinitionError(RowlockError):
    """Something is wrong with a task definition."""

    def __init__(self, alias: str) -> None:
        super().__init__(alias)
        self.alias = alias


class UnknownDefinitionError(DefinitionError):
    """Nothing is known under that alias, neither in this process nor in the database."""

    def __str__(self) -> str:
        return (
            f"no task definition {self.alias!r}: register it with @app.task, or start a worker "
            "that has it once so that the database knows it"
        )


class DuplicateDefinitionError(DefinitionError):
    """Two definitions whose aliases are equal ignoring case, `-` and `_`."""

    def __str__(self) -> str:
        return f"a task definition {self.alias!r} already exists (case, '-' and '_' ignored)"


class DefinitionNotFoundError(DefinitionError):
    """The namespace has no definition of that alias or id; `alias` is what was asked for."""

    def __str__(self) -> str:
        return f"task definition {self.alias!r}: not found"


class DefinitionClosedError(DefinitionError):
    """The definition takes no new tasks.

    Attributes:
        why: `canceled` or `deleted`.
    """

    def __init__(self, alias: str, why: str) -> None:
        RowlockError.__init__(self, alias, why)
        self.alias = alias
        self.why = why

    def __str__(self) -> str:
        return f"task definition {self.alias!r} is {self.why}: it takes no new tasks"


class MiddlewareError(RowlockError):
    """A middleware raised, or returned what it may not; the attempt has failed.

    Attributes:
        name: The middleware's function.
        problem: What it raised, in words; the exception itself is the cause.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"middleware {self.name}: {self.problem}"


class HookError(RowlockError):
    """A start-up hook of a worker raised; the worker did not start.

    Attributes:
        name: The hook's function.
        problem: What it raised, in words; the exception itself is the cause.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"the worker cannot start: {self.name}: {self.problem}"
