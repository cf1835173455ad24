"""An app's database: opened storage, namespace and short memory of queues and rows; no code.

This is all that it takes to look at tasks and to steer them, so that the command line need not
load what only code with definitions needs.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Unpack

from rowlock.app.elsewhere import check_here
from rowlock.errors import ConfigError
from rowlock.model.names import DEFAULT_NAMESPACE, checked_namespace
from rowlock.model.queues import checked_count
from rowlock.ops.definitions import DefinitionCache
from rowlock.ops.policies import PolicyCache
from rowlock.storage.migrations import AppliedMigration
from rowlock.storage.storage import Storage
from rowlock.storage.url import DEFAULT_POOL_SIZE, Opening, open_storage


class Opened:
    """One namespace of one database; its schema is checked at first use.

    Attributes:
        joined: A transaction of the caller's in which everything runs; None, except in tests.
        of_database: The attributes that belong to the database in use and not to the app.
        redirected: What was said by `redirect`.
        owner: The same of the app in whichever namespace.
    """

    of_database: tuple[str, ...] = (
        "storage",
        "policies",
        "known",
        "joined",
        "_migrate_asked",
        "_opened",
    )

    def __init__(
        self,
        url: str,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        migrate: bool | None = None,
        reserved: bool = False,
        **opening: Unpack[Opening],
    ) -> None:
        self.namespace = checked_namespace(namespace, reserved=reserved)
        checked_count("pool_size", opening.get("pool_size", DEFAULT_POOL_SIZE))
        self.storage: Storage = open_storage(url, **opening)
        self.policies = PolicyCache(self.namespace)
        self.known = DefinitionCache()
        self._opening = opening
        self._migrate_asked = migrate
        self._lock = threading.Lock()
        self._opened = False
        self._closed = False
        self.joined: object = None
        self.redirected: dict[str, str] = {}
        self.owner: object = self
        self._refusal: str | None = None

    def redirect(
        self,
        *,
        url: str | None = None,
        namespace: str | None = None,
        prefix: str | None = None,
        schema: str | None = None,
        refusal: str | None = None,
    ) -> None:
        """Use another database, namespace or set of tables than the app was written with.

        For the command line and child processes: what they are told goes over the app's own;
        None leaves that. `refusal` says why no database must be used at all.

        Raises:
            ConfigError: The app has used its database already, or a setting does not fit.
        """
        if self._opened:
            raise ConfigError("the app used its database before it could be told of another")
        given = {"url": url, "namespace": namespace, "prefix": prefix, "schema": schema}
        self._refusal = refusal or self._refusal
        self.redirected |= {name: value for name, value in given.items() if value is not None}
        if namespace is not None:
            self.namespace = checked_namespace(namespace)
            self.policies = PolicyCache(self.namespace)
            self.known = DefinitionCache()
        if url is None and prefix is None and schema is None:
            return
        own, opening = self.storage, self._opening.copy()
        if url is not None and opening.get("listen_url"):
            del opening["listen_url"]  # it belongs to the app's own database
        if prefix:
            opening["prefix"] = prefix
        if schema:
            opening["schema"] = schema
        self.storage = open_storage(url or own.url, **opening)
        own.close()

    @contextmanager
    def lent(self, storage: Storage | None = None, *, joined: object = None) -> Generator[None]:
        """Use another database or the caller's transaction for a while, as tests do.

        A clock that was set goes along. What is learned of queues and definitions meanwhile is
        forgotten at the end, as it may have been rolled back; for the same reason nothing is
        counted in the caller's transaction.

        Args:
            storage: The other database; None for the app's own.
            joined: A transaction in which everything runs.
        """
        kept = {name: getattr(self, name) for name in self.of_database}
        if storage is not None:
            storage.catalog.clock = self.storage.catalog.clock
            self.storage, self._migrate_asked, self._opened = storage, None, False
        self.joined = joined
        self._forget()
        tallier = self.storage.tallier
        counting, tallier.counts = tallier.counts, tallier.counts and joined is None
        try:
            yield
        finally:
            tallier.counts = counting
            vars(self).update(kept)

    def _forget(self) -> None:
        """Start to learn anew what the database knows."""
        self.policies, self.known = PolicyCache(self.namespace), DefinitionCache()

    def open(self) -> None:
        """Check the schema once, and bring it up to date where that happens by itself.

        Raises:
            StorageUnavailableError: The database cannot be reached.
            SchemaError: The schema is missing, too old or too new.
            ConfigError: It must not be used: what asks is run by a worker without a database.
        """
        self._check_allowed()
        if self._opened:
            return
        with self._lock:
            if self._opened:
                return
            if self._must_migrate(self.storage.runner.read(self.storage.migrations.applied)):
                self.storage.patient_runner.run(self.storage.migrations.apply)
            self._opened = True

    def _must_migrate(self, applied: Sequence[AppliedMigration]) -> bool:
        """Return whether the schema is to be brought up to date.

        Args:
            applied: What the database has recorded.
        """
        asked, itself = self._migrate_asked, self.storage.migrates_itself
        migrate = itself if asked is None else asked
        error = self.storage.migrations.mismatch(applied)
        if error is None:
            return False
        if migrate and error.found < error.wanted:
            return True
        raise error

    def _check_allowed(self) -> None:
        check_here(self.owner)
        if self._refusal is not None:
            raise ConfigError(self._refusal)

    async def aopen(self) -> None:
        """Check the schema once. See `open`."""
        self._check_allowed()
        if self._opened:
            return
        storage = self.storage
        if self._must_migrate(await storage.async_runner.read(storage.migrations.applied)):
            await storage.threads.call(self.open)
        self._opened = True

    @property
    def is_open(self) -> bool:
        """Whether the schema was found to be in order."""
        return self._opened

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called: the database is not used again."""
        return self._closed

    def close(self) -> None:
        """Close every connection and thread."""
        self._closed = True
        self.storage.close()
