"""Settling a claim in its handler's own transaction: both are committed, or neither."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias
from uuid import UUID

from rowlock.definitions.transaction import Ended
from rowlock.errors import InvalidValueError, LeaseLostError
from rowlock.model.states import TaskState
from rowlock.model.tasks import Finish, Report
from rowlock.plan import Plan
from rowlock.storage.joined import joined, joined_async
from rowlock.storage.storage import Storage

Handles: TypeAlias = tuple[Any, Any]
"""What a handler works with, and what an enqueue joins."""


class ClaimSettling:
    """Opens the transactions in which one claim may end. See `definitions.transaction`."""

    def __init__(self, storage: Storage, task_id: UUID, token: UUID) -> None:
        self._storage = storage
        self._id = task_id
        self._token = token

    @property
    def place(self) -> object:
        """The database."""
        return self._storage

    @contextmanager
    def block(self, given: object, end: Callable[[], Ended], /) -> Generator[Handles]:
        """Open a transaction or join a given one; settle and commit at the block's end."""
        enlist, own = self._storage.enlist, self._storage.transactions.transaction
        with own() if given is None else joined(given, enlist) as connection:
            yield connection, connection
            ended, runner = end(), enlist(connection)  # refuses what the block has ended itself
            if not runner.run(self._settle, ended):
                raise LeaseLostError(self._id)
        self._wake(ended)

    @asynccontextmanager
    async def async_block(
        self, given: object, end: Callable[[], Ended], /
    ) -> AsyncGenerator[Handles]:
        """Open a transaction or join a given one. See `block`."""
        enlist, own = self._storage.enlist_async, self._storage.async_transaction
        if given is None and own is None:
            raise InvalidValueError(
                "transaction",
                f"Rowlock has no async driver for {self._storage.engine}: give an async "
                "connection of yours, or use `with` in a sync handler",
            )
        opened = own() if given is None and own is not None else joined_async(given, enlist)
        async with opened as connection:
            yield connection, connection
            ended, runner = end(), await enlist(connection)
            if not await runner.run(self._settle, ended):
                raise LeaseLostError(self._id)
        self._wake(ended)

    def _wake(self, ended: Ended) -> None:
        self._storage.endings.tell((self._id,))
        if ended.enqueued:  # into whichever queues
            self._storage.wakeups.wake_here(None, None)

    def _settle(self, ended: Ended) -> Plan[bool]:
        """Record that the task has succeeded; False if the claim is no longer ours."""
        claims, report = self._storage.claims, ended.report
        if report is not None:
            told = Report(self._id, self._token, report.progress, report.message, report.log)
            yield from claims.report([told])
        finish = Finish(self._id, self._token, TaskState.SUCCEEDED, ended.result)
        return (yield from claims.finish_held(finish))
