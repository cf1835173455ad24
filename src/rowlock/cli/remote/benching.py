"""The way by which a benchmark's tasks go to a server, and come back."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress

from rowlock.app.elsewhere import set_elsewhere
from rowlock.app.sync_facade import Rowlock
from rowlock.cli.bench_run import ALIAS, SLOTS
from rowlock.cli.places import Server
from rowlock.cli.remote.reading import model
from rowlock.client import Client, HttpWorker
from rowlock.client.working.storing import HttpStoring
from rowlock.errors import DefinitionNotFoundError, QueueNotFoundError, ScopeError
from rowlock.model.ids import new_token
from rowlock.model.tokens import Scope, Token
from rowlock.worker.life import WorkerLife

NEEDED = (
    Scope.TASKS_ENQUEUE,
    Scope.TASKS_WORK,
    Scope.TASKS_WRITE,
    Scope.QUEUES_WRITE,
    Scope.DEFINITIONS_WRITE,
)
"""Scopes without which tasks could not be made, run or removed."""


class ServerWay:
    """A queue and a definition that nobody else has, at a server."""

    chunk = 1_000

    def __init__(self, server: Server) -> None:
        self._server = server
        own = new_token().hex[:8]
        self.queue = f"bench-{own}"
        self.alias = f"{ALIAS}_{own}"
        self.app = Rowlock("memory://")
        self._client = Client(server.url, server.token, namespace=server.namespace)
        self.engine: str | None = None

    def worker(self) -> WorkerLife:
        """Return a worker over HTTP."""
        server = self._server
        return HttpWorker(
            self.app,
            server.url,
            server.token,
            [self.queue],
            namespace=server.namespace,
            concurrency=SLOTS,
        )

    @contextmanager
    def opened(self) -> Generator[None]:
        """Make the queue and the definition, and delete them at the end of the block."""
        with self._client, self.app, ExitStack() as made:
            self._look()
            self._client.create_queue(name=self.queue)
            made.callback(self._delete_queue)
            self._client.create_definition(alias=self.alias, queue=self.queue)
            made.callback(self._delete_definition)
            set_elsewhere(HttpStoring(self._client, self.app.core.owner))
            made.callback(set_elsewhere, None)
            yield

    def _look(self) -> None:
        """See what the server is, and whether it lets us.

        Raises:
            ScopeError: The token lacks a scope.
        """
        who = self._client.whoami().token
        for scope in NEEDED:
            if who is not None and not model(Token, who).allows(scope):
                raise ScopeError(scope.value)
        database = self._client.about().database
        self.engine = None if database is None else database.engine

    def _delete_queue(self) -> None:
        with suppress(QueueNotFoundError):
            self._client.delete_queue(self.queue, force=True)

    def _delete_definition(self) -> None:
        with suppress(DefinitionNotFoundError):
            self._client.delete_definition(self.alias, hard=True)
