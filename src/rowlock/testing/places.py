"""Where an app works during a test: a database in memory, or a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, contextmanager
from typing import TypeVar

from rowlock.app.core import Application
from rowlock.storage.url import open_storage

A = TypeVar("A", bound=Application)

MEMORY = "memory://"


@contextmanager
def on_memory(app: A) -> Generator[A]:
    """Point an app at an empty database in memory for a while.

    Its namespace, definitions and settings stay; its own database is not touched, not even
    connected to. At the end the app is as it was before, and the tasks are gone.

    Args:
        app: A `Rowlock` or an `AsyncRowlock`, as the program has it.

    Example:
        >>> with on_memory(app):          # doctest: +SKIP
        ...     send_mail.enqueue(user_id=1)
    """
    with closing(open_storage(MEMORY)) as storage, app.core.lent(storage):
        yield app


@contextmanager
def in_transaction(app: A, transaction: object) -> Generator[A]:
    """Let everything that an app does join the test's own transaction.

    What is enqueued, run and looked at in this block happens on that connection and is never
    committed: roll it back at the end of the test, and nothing was there. Workers of other
    processes see none of it.

    Args:
        app: A `Rowlock` or an `AsyncRowlock` on the same database, whose tables are there.
        transaction: What the option `transaction` of `enqueue` takes: an async one for the
            async functions and methods, a sync one for the others.

    Raises:
        StorageError: The database cannot be reached, or its schema is not ours.
        InvalidValueError: It is no open transaction; raised where it is first used.
    """
    core = app.core
    core.open()
    with core.lent(joined=transaction):
        yield app
