"""What both facades share: the opened storage, the registry and what is remembered of both."""

from __future__ import annotations

from copy import copy
from typing import Any, Protocol, Self, TypedDict, Unpack, cast

from rowlock.app.intake import Intake
from rowlock.app.orders import Code
from rowlock.definitions.collection import CollectionEnqueuer
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.extensions import Extensions
from rowlock.definitions.options import checked_capture
from rowlock.definitions.registry import Registry
from rowlock.errors import InvalidValueError
from rowlock.model import json_text
from rowlock.model.names import checked_namespace
from rowlock.storage.url import Durability


class Settings(TypedDict, total=False):
    """How an app uses its database.

    Attributes:
        namespace: Isolates everything; `default` if not given.
        prefix: What the tables' names begin with; `rowlock_`.
        schema: PostgreSQL only: the schema that holds the tables.
        pool_size: Connections at most on server engines, 4; on PostgreSQL as many again for async
            code.
        listen_url: PostgreSQL only: a direct URL for LISTEN where the app's own is a pooler
            such as PgBouncer; empty to poll instead.
        poll: How long a worker sleeps at most before it looks for tasks by itself, a duration.
            If not given, 250 ms where nothing can call it (MariaDB, an empty `listen_url`), 5 s
            on PostgreSQL and SQLite, 1 s in memory.
        durability: `full`: a commit is on disk when its call returns, unless the database is set
            otherwise. With `relaxed` it need not be: that is faster, and a crash of the database
            may undo the last that this app wrote. Not on MariaDB, and not behind a pooler.
        capture_logs: Keep everything that handlers log by way of `logging` with their tasks,
            or only from a level on; a definition may say otherwise. False if not given.
        max_result_bytes: A result whose JSON is longer fails its attempt; 1 MiB, which is
            also the most.
        migrate: Bring the schema up to date at first use. Default: on SQLite and memory only.
    """

    namespace: str
    prefix: str
    schema: str | None
    pool_size: int
    listen_url: str | None
    poll: object
    durability: Durability
    migrate: bool | None
    capture_logs: bool | str | int
    max_result_bytes: int


class Core(Intake):
    """One app's database, definitions and short memory; the facades only run its plans.

    Attributes:
        registry: The definitions that this process has.
        reference: Where other processes can import the app, as `module:name`, if that is known.
    """

    def __init__(self, url: str, /, **settings: Unpack[Settings]) -> None:
        extensions = Extensions(
            capture_level=checked_capture(settings.pop("capture_logs", False)),
            max_result_bytes=_checked_bytes(settings.pop("max_result_bytes", json_text.MAX_BYTES)),
        )
        super().__init__(url, **settings)
        self.registry = Registry()
        self.extensions = extensions
        self.reference: str | None = None

    def within(self, namespace: str) -> Self:
        """Return the same app in another namespace: one database and code, a memory of its own."""
        if namespace == self.namespace:
            return self
        other = copy(self)
        other.namespace = checked_namespace(namespace)
        other._forget()  # noqa: SLF001 - one of our own class
        return other

    async def aput_definitions(self) -> None:
        """Tell the database every definition of this process; also resolves their types."""
        for definition in self.registry:
            _ = definition.signature.names
        await self.storage.async_runner.run(self.prepare, (), tuple(self.registry), afresh=True)

    def named(self, definition: object) -> Code | str | None:
        """Return what a caller named as a definition, checked. See `Intake.named`."""
        if isinstance(definition, TaskDefinition):
            code = cast("TaskDefinition[..., Any]", definition)
            if isinstance(code.enqueuer, CollectionEnqueuer):
                return code.enqueuer.definition_in(self.registry, code)
            return code
        return super().named(definition)

    def code_of(self, definition: Code | str | None) -> Code | None:
        """Return this process's definition, if it has the code."""
        return self.registry.get(definition) if isinstance(definition, str) else definition


def _checked_bytes(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValueError("max_result_bytes", f"must be an integer, not {value!r}")
    if not 1 <= value <= json_text.MAX_BYTES:
        limits = f"1 to {json_text.MAX_BYTES:,}"
        raise InvalidValueError("max_result_bytes", f"is {value}; it must be {limits}")
    return value


class Application(Protocol):
    """What the worker, the server and the command line need of an app: either facade."""

    @property
    def core(self) -> Core:
        """The shared part."""
        ...
