"""The root of all errors, and what is wrong with settings and values."""

from __future__ import annotations


class RowlockError(Exception):
    """The root of every error this package raises on purpose."""


class ConfigError(RowlockError):
    """Something was wired with settings that cannot work."""


class MissingExtraError(ConfigError):
    """An optional dependency is needed and not installed."""

    def __init__(self, extra: str, needed_for: str) -> None:
        super().__init__(extra, needed_for)
        self.extra = extra
        self.needed_for = needed_for

    def __str__(self) -> str:
        return f"{self.needed_for} needs an extra: pip install 'rowlock[{self.extra}]'"


class InvalidValueError(RowlockError, ValueError):
    """A value was refused at the door; nothing was stored.

    Attributes:
        field: The parameter or option that was refused.
        problem: What is wrong with it, in words.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"


class PayloadError(InvalidValueError):
    """Arguments, a payload or a result cannot be stored, or do not fit the signature."""
