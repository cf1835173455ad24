"""A handler's own connection, session or engine as a transaction that is committed at its end.

Whoever gives one for `ctx.transaction()` asks for its commit, unlike one that is given for an
enqueue. How it begins is the framework's or the driver's matter.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from rowlock.storage.unwrapping import comes_from, refused


@contextmanager
def joined(given: Any) -> Generator[Any]:
    """Commit what was given at the block's end, or roll it back; a sync one."""
    if _is_engine(given):
        with given.begin() as connection:
            yield connection
        return
    if comes_from(given, "django") and hasattr(given, "in_atomic_block"):
        with _atomic(given):
            yield given
        return
    _check_ends(given)
    try:
        yield given
    except BaseException:
        given.rollback()
        raise
    given.commit()


@asynccontextmanager
async def joined_async(given: Any) -> AsyncGenerator[Any]:
    """Commit what was given at the block's end, or roll it back; an async one."""
    if _is_engine(given):
        async with given.begin() as connection:
            yield connection
        return
    if comes_from(given, "asyncpg") and hasattr(given, "transaction"):
        if given.is_in_transaction():
            raise refused("is open already; leave it to ctx.transaction() to begin and commit")
        async with given.transaction():
            yield given
        return
    _check_ends(given)
    try:
        yield given
    except BaseException:
        await given.rollback()
        raise
    await given.commit()


def _is_engine(given: Any) -> bool:
    return comes_from(given, "sqlalchemy") and type(given).__name__ in {"Engine", "AsyncEngine"}


def _atomic(connection: Any) -> Any:
    from django.db.transaction import Atomic

    if connection.in_atomic_block:
        raise refused("atomic() is open already; leave it to ctx.transaction() to open it")
    return Atomic(using=connection.alias, savepoint=False, durable=True)


def _check_ends(given: Any) -> None:
    if not (hasattr(given, "commit") and hasattr(given, "rollback")):
        name = type(given).__qualname__
        raise refused(f"a {name} is no connection, session or engine that can be committed")
