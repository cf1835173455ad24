"""What both facades share: the opened storage, the registry and what is remembered of both."""

from __future__ import annotations

from typing import Any, Protocol, TypedDict, Unpack, cast

from rowlock.app.intake import Intake
from rowlock.app.orders import Code
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.registry import Registry


class Settings(TypedDict, total=False):
    """How an app uses its database.

    Attributes:
        namespace: Isolates everything; `default` if not given.
        prefix: What the tables' names begin with; `rowlock_`.
        schema: PostgreSQL only: the schema that holds the tables.
        pool_size: Connections at most on server engines; 4.
        listen_url: PostgreSQL only: a direct URL for LISTEN where the app's own is a pooler
            such as PgBouncer; empty to poll instead.
        migrate: Bring the schema up to date at first use. Default: on SQLite and memory only.
    """

    namespace: str
    prefix: str
    schema: str | None
    pool_size: int
    listen_url: str | None
    migrate: bool | None


class Core(Intake):
    """One app's database, definitions and short memory; the facades only run its plans."""

    def __init__(self, url: str, /, **settings: Unpack[Settings]) -> None:
        super().__init__(url, **settings)
        self.registry = Registry()

    async def aput_definitions(self) -> None:
        """Tell the database every definition of this process; also resolves their types."""
        for definition in self.registry:
            _ = definition.signature.names
        await self.storage.async_runner.run(self.prepare, (), tuple(self.registry), afresh=True)

    def named(self, definition: object) -> Code | str | None:
        """Return what a caller named as a definition, checked. See `Intake.named`."""
        if isinstance(definition, TaskDefinition):
            return cast("TaskDefinition[..., Any]", definition)
        return super().named(definition)

    def code_of(self, definition: Code | str | None) -> Code | None:
        """Return this process's definition, if it has the code."""
        return self.registry.get(definition) if isinstance(definition, str) else definition


class Application(Protocol):
    """What the worker, the server and the command line need of an app: either facade."""

    @property
    def core(self) -> Core:
        """The shared part."""
        ...
