"""Errors of the database, and of what lies between us and it."""

from __future__ import annotations

from rowlock.errors.base import RowlockError


class StorageError(RowlockError):
    """The database, or what lies between us and it, did not do what was asked."""


class StorageUnavailableError(StorageError):
    """The database cannot be reached, or the connection broke; safe to try again.

    Attributes:
        outcome_unknown: True when the connection broke after a write had been sent: it may
            or may not have been committed.
    """

    def __init__(self, problem: str, outcome_unknown: bool = False) -> None:  # noqa: FBT001,FBT002 - pickled by position
        super().__init__(problem, outcome_unknown)
        self.problem = problem
        self.outcome_unknown = outcome_unknown

    def __str__(self) -> str:
        return self.problem


class StorageConflictError(StorageError):
    """A deadlock, serialization failure or lock timeout that outlived the retries."""


class StorageDataError(StorageError):
    """The database refused a value, or a constraint was violated."""


class StorageDeniedError(StorageError):
    """The database's user lacks a privilege; grant it, or connect as another user."""


class SchemaError(StorageError):
    """The tables are not those this version works with."""

    def __init__(self, found: int, wanted: int) -> None:
        super().__init__(found, wanted)
        self.found = found
        self.wanted = wanted


class SchemaMissingError(SchemaError):
    """The database has no Rowlock tables."""

    def __str__(self) -> str:
        return "the database has no Rowlock tables: run 'rowlock db migrate'"


class SchemaOutdatedError(SchemaError):
    """The tables are older than this version of the package."""

    def __str__(self) -> str:
        return (
            f"the schema is at version {self.found}, this package needs {self.wanted}: "
            "run 'rowlock db migrate'"
        )


class SchemaTooNewError(SchemaError):
    """The tables are newer than this version of the package."""

    def __str__(self) -> str:
        return (
            f"the schema is at version {self.found}, this package knows up to {self.wanted}: "
            "upgrade the package"
        )
