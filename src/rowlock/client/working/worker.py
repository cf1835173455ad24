"""`HttpWorker`: a worker without a database."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterable, Mapping
from typing import Unpack

from rowlock.app.core import Application
from rowlock.app.elsewhere import set_elsewhere
from rowlock.client.asynchronous import AsyncClient
from rowlock.client.synchronous import Client
from rowlock.client.working.declaring import declare
from rowlock.client.working.source import WAIT_SECONDS, HttpSource
from rowlock.client.working.storing import HttpStoring
from rowlock.errors import InvalidValueError
from rowlock.runtime.dispatcher import Dispatcher
from rowlock.runtime.source import TaskSource
from rowlock.worker.life import DEFAULT_GRACE, WorkerLife
from rowlock.worker.limits import GivenLimits
from rowlock.worker.loops import Loops
from rowlock.worker.rules import Rules

log = logging.getLogger(__name__)

ANSWER_SECONDS = 15.0
NOT_IN_CHILDREN = (
    "a worker over HTTP has no database, and its child processes cannot store tasks either: "
    "leave out executor='process'"
)


class HttpWorker(WorkerLife):
    """Runs an app's tasks until it is stopped, claimed from a server over HTTP.

    It is used as `Worker` is, and needs a token with the scope `tasks:work` in place of a
    database. The upkeep, schedules and tickers are the server's.

    Example:
        >>> HttpWorker(app, "https://queue.example", token, ["emails"]).run()  # doctest: +SKIP
    """

    def __init__(  # noqa: PLR0913 - what can be said of a worker
        self,
        app: Application,
        server: str,
        token: str | None = None,
        queues: Mapping[str, int | None] | Iterable[str] | None = None,
        *,
        namespace: str | None = None,
        verify: ssl.SSLContext | bool = True,
        concurrency: int | None = None,
        grace: object = DEFAULT_GRACE,
        unknown: str = "leave",
        worker_id: str | None = None,
        **limits: Unpack[GivenLimits],
    ) -> None:
        """Set the worker up; nothing is started or connected.

        Args:
            app: Whose definitions it runs, a `Rowlock` or an `AsyncRowlock`; its database is
                not used.
            server: Where the service is, with the prefix below which it is mounted.
            token: What `rowlock token create` printed; None if the service needs none.
            queues: Names, or slots by name; the default queue if not given.
            namespace: Which one is meant, if the token is good for every one.
            verify: Whether the server's certificate is checked; or an `ssl.SSLContext`.
            concurrency: As in `Worker`, like all that follows.
            grace: How long `stop` waits for running tasks before it hands them back.
            unknown: What happens to tasks whose definition this app does not have: `leave` or
                `fail`.
            worker_id: Instead of a fresh one.
            **limits: How much it holds ahead, after what it stops, and replaces child processes.
                See `GivenLimits`.

        Raises:
            InvalidValueError: A bad address, token, queue name, limit, or `unknown`.
        """
        super().__init__(
            app,
            queues,
            concurrency=concurrency,
            grace=grace,
            unknown=unknown,
            worker_id=worker_id,
            **limits,
        )
        self._server, self._token = server, token
        self._namespace, self._verify = namespace, verify
        self._check_place()
        self._child_settings["refusal"] = NOT_IN_CHILDREN
        self._client: AsyncClient
        self._beating: Client
        self._storing: Client
        self._http: HttpSource

    def _check_place(self) -> None:
        try:
            self._sync_client().close()
        except InvalidValueError as error:
            if error.field != "url":
                raise
            raise InvalidValueError("server", error.problem) from error

    def _sync_client(self) -> Client:
        return Client(
            self._server,
            self._token,
            namespace=self._namespace,
            timeout=ANSWER_SECONDS,
            retries=0,
            connections=1,
            verify=self._verify,
        )

    def _begin(self) -> None:
        super()._begin()
        # The runtime tries again by itself.
        self._client = AsyncClient(
            self._server,
            self._token,
            namespace=self._namespace,
            timeout=WAIT_SECONDS + ANSWER_SECONDS,
            retries=0,
            verify=self._verify,
        )
        self._beating = self._sync_client()
        self._storing = Client(
            self._server, self._token, namespace=self._namespace, verify=self._verify
        )
        queues = tuple(self._slots_by_queue)
        self._http = HttpSource(self._client, self._beating, self.id, queues)

    async def _read(self) -> Rules:
        source = self._http
        rules = Rules(source.policies, takes_unknown=self._takes_unknown)
        rules.take(self._app.registry)
        source.definitions, rules.aliases = rules.claimed, source.aliases
        await source.look()
        await declare(self._client, self._app.registry)
        if self._app.extensions.tickers:
            log.warning("tickers are left to workers of the database: their handlers do not run")
        return rules

    def _source(self, rules: Rules) -> tuple[HttpSource, str]:
        del rules
        return self._http, self._http.namespace

    def _loops(self) -> Loops:
        return {"reading policies": self._http.keep_fresh}

    async def _open(self) -> tuple[Dispatcher, TaskSource]:
        # Seen by all that is started from here on.
        set_elsewhere(HttpStoring(self._storing, self._app.owner))
        return await super()._open()

    async def _close(self) -> None:
        set_elsewhere(None)
        await self._client.close()
        self._beating.close()
        self._storing.close()
