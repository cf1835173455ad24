"""A handler's own connection, session or engine as a transaction that is committed at its end.

Whoever gives one for `ctx.transaction()` asks for its commit, unlike one that is given for an
enqueue. How it begins is the framework's or the driver's matter.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from rowlock.storage.unwrapping import comes_from, refused


@contextmanager
def joined(given: Any, check: Callable[[Any], object]) -> Generator[Any]:
    """Commit what was given at the block's end, or roll it back; a sync one.

    Args:
        given: The handler's own.
        check: Refuses what cannot be joined, before anything is ours to undo.
    """
    if type(given).__name__ == "Engine" and comes_from(given, "sqlalchemy"):
        with given.begin() as connection:
            check(connection)
            yield connection
        return
    if comes_from(given, "django") and hasattr(given, "in_atomic_block"):
        with _atomic(given):
            check(given)
            yield given
        return
    check(given)
    try:
        yield given
    except BaseException:
        with suppress(Exception):  # the first error is the one to tell
            given.rollback()
        raise
    given.commit()


@asynccontextmanager
async def joined_async(
    given: Any, check: Callable[[Any], Awaitable[object]]
) -> AsyncGenerator[Any]:
    """Commit what was given at the block's end, or roll it back; an async one. See `joined`."""
    if type(given).__name__ == "AsyncEngine" and comes_from(given, "sqlalchemy"):
        async with given.begin() as connection:
            await check(connection)
            yield connection
        return
    if comes_from(given, "asyncpg") and hasattr(given, "transaction"):
        if given.is_in_transaction():
            raise refused("is open already; leave it to ctx.transaction() to begin and commit")
        async with given.transaction():
            await check(given)
            yield given
        return
    await check(given)
    try:
        yield given
    except BaseException:
        with suppress(Exception):
            await given.rollback()
        raise
    await given.commit()


def _atomic(connection: Any) -> Any:
    if connection.in_atomic_block:
        raise refused("atomic() is open already; leave it to ctx.transaction() to open it")
    blocks: Any = sys.modules["django.db.transaction"]  # loaded with its connection
    return blocks.atomic(using=connection.alias, savepoint=False, durable=True)
