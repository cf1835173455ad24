"""What applies to a claim: its definition, timeout and retry policy; read now and then."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from rowlock.app.core import Core
from rowlock.backoff import RetryPolicy
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.options import policy_for
from rowlock.errors import StorageError
from rowlock.model.names import definition_key
from rowlock.model.tasks import Claim
from rowlock.ops.policies import FRESH_SECONDS, PolicyCache
from rowlock.storage.values import options_from_text

log = logging.getLogger(__name__)

UNKNOWN_REPORT_SECONDS = 60.0
UNKNOWN_HEAD = 100
MOST_REPORTED = 100


class Rules:
    """The definitions of this process and the policies of queues."""

    def __init__(self, policies: PolicyCache, *, takes_unknown: bool) -> None:
        """Know no definition yet.

        Args:
            policies: What is known of queues.
            takes_unknown: Whether tasks of definitions are claimed that this process does not
                have.
        """
        self._policies = policies
        self._takes_unknown = takes_unknown
        self._definitions: dict[str, TaskDefinition[..., Any]] = {}
        self.aliases: dict[str, str] = {}

    def take(self, definitions: Iterable[TaskDefinition[..., Any]]) -> None:
        """Know these definitions."""
        self._definitions = {one.key: one for one in definitions}

    @property
    def claimed(self) -> tuple[str, ...] | None:
        """Keys of the definitions to claim; None for any."""
        return None if self._takes_unknown else tuple(self._definitions)

    def find(self, key: str | None) -> TaskDefinition[..., Any] | None:
        """Return the definition of a key, if this process has it."""
        return None if key is None else self._definitions.get(key)

    def alias_of(self, key: str) -> str:
        """Return what a definition that this process does not have is called."""
        return self.aliases.get(key, key)

    def timeout(
        self, claim: Claim, definition: TaskDefinition[..., Any] | None
    ) -> timedelta | None:
        """Return the timeout of a claim: task over definition over queue."""
        own = options_from_text(claim.options).timeout if claim.options else None
        if own is None and definition is not None:
            own = definition.defaults.timeout
        return own or self._policies.queue(claim.queue).timeout

    def retry(
        self,
        claim: Claim,
        definition: TaskDefinition[..., Any] | None,
        error: BaseException | None,
    ) -> RetryPolicy:
        """Return the retry policy of a claim: task over definition over queue over built-in.

        What the definition says of the error goes over all of them.
        """
        if error is not None and definition is not None and definition.defaults.retry_for:
            for_error = policy_for(definition.defaults.retry_for, error)
            if for_error is not None:
                return for_error
        own = options_from_text(claim.options).retry if claim.options else None
        if own is None and definition is not None:
            own = definition.defaults.retry
        return own or self._policies.queue(claim.queue).retry


class StoredRules(Rules):
    """Rules that are read from a database now and then."""

    def __init__(self, app: Core, queues: tuple[str, ...], *, takes_unknown: bool) -> None:
        """Read nothing yet.

        Args:
            app: Whose definitions.
            queues: The names of the worker's queues.
            takes_unknown: As in `Rules`.
        """
        super().__init__(app.policies, takes_unknown=takes_unknown)
        self._app = app
        self._queues = queues

    async def read(self) -> None:
        """Read what the database knows, and tell it of our definitions."""
        app = self._app
        await app.storage.worker_runner.run(app.policies.refresh, app.storage, self._queues)
        await app.aput_definitions()
        self.take(app.registry)
        await self._read_aliases()

    @property
    def shortest_lease(self) -> timedelta:
        """The shortest lease of the queues."""
        return min(self._app.policies.queue(name).lease for name in self._queues)

    async def keep_fresh(self) -> None:
        """Read again what may have changed, until cancelled."""
        app = self._app
        while True:
            await asyncio.sleep(FRESH_SECONDS)
            with suppress(StorageError):
                refresh = app.policies.refresh
                await app.storage.worker_runner.run(refresh, app.storage, self._queues)
                await self._read_aliases()

    async def _read_aliases(self) -> None:
        """Learn what definitions are called that are not ours but may be claimed."""
        if self._takes_unknown:
            app = self._app
            found = await app.storage.worker_runner.read(
                app.storage.definitions.list_definitions, app.namespace
            )
            self.aliases = {one.key: one.alias for one in found}

    async def report_unknown(self) -> None:
        """Say which definitions wait in our queues and are not ours to run, until cancelled."""
        app = self._app
        while not self._takes_unknown:
            with suppress(StorageError):
                waiting = await app.storage.worker_runner.read(
                    app.storage.claims.waiting_queues, app.namespace, self._queues
                )
                # Of very many others have their turn next time.
                for queue in random.sample(waiting, min(len(waiting), MOST_REPORTED)):
                    with suppress(StorageError):
                        await self._report_unknown_of(queue)
            await asyncio.sleep(UNKNOWN_REPORT_SECONDS)

    async def _report_unknown_of(self, queue: str) -> None:
        app = self._app
        look = app.storage.reads.waiting_definitions
        waiting = await app.storage.worker_runner.read(
            look, app.namespace, queue, limit=UNKNOWN_HEAD
        )
        for alias, count in waiting.items():
            if definition_key(alias) not in self._definitions:
                log.warning(
                    "queue %s: %d waiting tasks of %s, which this worker does not have",
                    queue,
                    count,
                    alias or "no definition",
                )
