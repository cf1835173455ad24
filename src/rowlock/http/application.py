"""The service as an ASGI application: the route table, bound to handlers."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Router
from starlette.routing import Route as AsgiRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from rowlock.app.core import Application, Core
from rowlock.errors import ConfigError, MethodNotAllowedError, RouteNotFoundError
from rowlock.http.answers import (
    Answer,
    Text,
    error_answer,
    json_answer,
    message_answer,
    other_answer,
    text_answer,
)
from rowlock.http.call import Call, Identity
from rowlock.http.graphql.endpoint import PATH as GRAPHQL
from rowlock.http.graphql.endpoint import Endpoint, is_installed, refusal
from rowlock.http.guard import Guard, names_none
from rowlock.http.handlers import HANDLERS
from rowlock.http.hosts import LOCAL_HOSTS, AllowedHosts
from rowlock.http.limits import Limits
from rowlock.http.live.live import Live
from rowlock.http.mounting import at_its_place
from rowlock.http.observing import Observed, Trace
from rowlock.http.outage import Outage
from rowlock.http.reading import read_body, read_queries
from rowlock.http.streaming import EventStream
from rowlock.http.turns import Turns
from rowlock.http.waits import Waits, until_gone
from rowlock.wire.documents.common import ErrorDocument, MessageDocument
from rowlock.wire.openapi import IDEMPOTENCY_HEADER
from rowlock.wire.routes import ROUTES
from rowlock.wire.routes.events import LAST_EVENT_HEADER
from rowlock.wire.routes.table import HEALTH, Route, full_path

log = logging.getLogger(__name__)

Answering: TypeAlias = Callable[[Request, Trace], Awaitable[Response]]
Refusing: TypeAlias = Callable[[Exception], Response]

_REFUSALS: Mapping[type, Refusing] = {
    ErrorDocument: error_answer,
    MessageDocument: message_answer,
}


def create_asgi(
    app: Application,
    *,
    needs_token: bool = True,
    allowed_hosts: Iterable[str] = LOCAL_HOSTS,
    limits: Limits | None = None,
    graphql: bool = True,
) -> ASGIApp:
    """Return the HTTP service of an app, to be served or mounted under any prefix.

    It begins with its first request, and its streams end when the app is closed. Mounted in
    another application it does no upkeep: have a worker run, or `rowlock server`.

    Args:
        app: A `Rowlock` or an `AsyncRowlock`.
        needs_token: Whether requests need a token; without one only this machine is answered,
            and may do all.
        allowed_hosts: What requests may call the service in their header `Host`; `*` for
            anything, where something in front of it has looked.
        limits: What is refused beyond; see `Limits`.
        graphql: Whether `/graphql` is there, if its extra is installed.

    Example:
        >>> api.mount("/queue", create_asgi(app, allowed_hosts=["shop.example"]))  # doctest: +SKIP
    """
    service = _Service(app.core, needs_token, AllowedHosts(allowed_hosts), limits or Limits())
    paths: defaultdict[str, dict[str, Route]] = defaultdict(dict)
    for route in ROUTES:
        for path in _paths(route):
            paths[path][route.method] = route
    routes: list[BaseRoute] = []
    for path in sorted(paths, key=_names_last):
        methods = paths[path]
        resource = _Resource(service, partial(service.answer, methods), _refusing(methods))
        routes.append(AsgiRoute(path, resource))
    if graphql and is_installed():
        endpoint = Endpoint(service.guard, service.limits, service.call_of, service.fail)
        asked = partial(service.let_in, endpoint.answer)
        routes.append(AsgiRoute(GRAPHQL, _Resource(service, asked, refusal)))
    return Served(routes, service)


def _paths(route: Route) -> tuple[str, ...]:
    """Return where a route is found: what is about a namespace, also below its name."""
    if not route.door.by_namespace:
        return (full_path(route),)
    return (full_path(route), f"{route.door.prefix}/namespace/{{namespace}}{route.path}")


def _refusing(methods: Mapping[str, Route]) -> Refusing:
    """Return how an address refuses; all of its methods have one door."""
    return _REFUSALS[next(iter(methods.values())).door.error]


def _names_last(path: str) -> bool:
    """Sort addresses whose last part is any name behind those where it is one word."""
    return path.endswith("}")


class _Service:
    """What all resources of one service share."""

    def __init__(
        self,
        core: Core,
        needs_token: bool,  # noqa: FBT001 - passed on
        hosts: AllowedHosts,
        limits: Limits,
    ) -> None:
        names = [route.name for route in ROUTES]
        if sorted(names) != sorted(HANDLERS):
            raise ConfigError(f"routes and handlers differ: {set(names) ^ set(HANDLERS)}")
        self.hosts = hosts
        self.limits = limits
        self.observed = Observed()
        self.outage = Outage()
        self.waits = Waits(limits)
        self.turns = Turns()
        self.live = Live(core, limits)
        self.guard = Guard(core, limits, needs_token=needs_token)

    def fail(self, trace: Trace, error: Exception) -> None:
        """Take note of why a request failed, or a part of one."""
        self.observed.tallies.fail(trace, error)
        self.outage.fail(error)

    async def let_in(self, answer: Answering, request: Request, trace: Trace) -> Response:
        """Return the answer of something else to a request, unless nobody may send it."""
        self.guard.admit(request)
        self._check_host(request)
        return await answer(request, trace)

    def _check_host(self, request: Request) -> None:
        self.hosts.check(request.headers.get("host"), request.headers.get("origin"))

    async def answer(
        self, methods: Mapping[str, Route], request: Request, trace: Trace
    ) -> Response:
        """Return the answer to a request for an address with these methods."""
        self.guard.admit(request)
        if not any(route.door is HEALTH for route in methods.values()):
            self._check_host(request)
        method = "GET" if request.method == "HEAD" else request.method
        if not methods:
            raise RouteNotFoundError(request.url.path)
        if method not in methods:
            raise MethodNotAllowedError(method, ", ".join(sorted(methods)))
        route = methods[method]
        trace.route = route.name
        call = await self._understand(route, request, trace)
        document = await HANDLERS[route.name](call)
        if route.door is HEALTH:
            return text_answer("ok", 200) if document else text_answer("not ok", 503)
        if isinstance(document, EventStream):
            return document
        if isinstance(document, Text):
            return other_answer(document, route.status)
        if isinstance(document, Answer):
            return json_answer(document.document, route.status, document.headers)
        return json_answer(document, route.status)

    async def _understand(self, route: Route, request: Request, trace: Trace) -> Call:
        identity = await self.guard.identify(route, request)
        core = self.guard.core_for(identity, request)
        if not route.is_public:
            trace.namespace = core.namespace
        said = {
            "everywhere": identity.namespace is None and names_none(request),
            "path": request.path_params,
            "query": read_queries(route, request),
            "body": await read_body(route, request, self.limits),
            "key": request.headers.get(IDEMPOTENCY_HEADER) if route.key else None,
        }
        return self.call_of(request, core, identity, said)

    def call_of(
        self, request: Request, core: Core, identity: Identity, said: Mapping[str, Any]
    ) -> Call:
        """Return what a handler is given; `said` is what the request is about."""
        return Call(
            core=core,
            identity=identity,
            base=request.scope.get("root_path", ""),
            accept=request.headers.get("accept", ""),
            last_event=request.headers.get(LAST_EVENT_HEADER),
            limits=self.limits,
            observed=self.observed,
            waits=self.waits,
            turns=self.turns,
            live=self.live,
            gone=partial(until_gone, request.receive),
            check_still=partial(self.guard.check_still, request),
            **said,
        )


class Served(Router):
    """What `create_asgi` returns.

    Attributes:
        waits: The requests that wait.
        live: The live events.
    """

    def __init__(self, routes: list[BaseRoute], service: _Service) -> None:
        super().__init__(
            routes, redirect_slashes=False, default=_Resource(service, partial(service.answer, {}))
        )
        self.waits = service.waits
        self.live = service.live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, wherever the service is mounted."""
        await super().__call__(at_its_place(scope), receive, send)

    def end_waits(self) -> None:
        """Answer the requests that wait, and end streams: whoever serves is about to stop."""
        self.waits.end()
        self.live.end()


class _Resource:
    """One address, with all its methods: an ASGI application that lets no error out."""

    def __init__(
        self,
        service: _Service,
        answer: Answering,
        refuse: Refusing = error_answer,
    ) -> None:
        self._service = service
        self._answer = answer
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        request, asked, trace = Request(scope, receive), time.perf_counter(), Trace()
        try:
            response = await self._answer(request, trace)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - the outermost edge: told, and made a status
            self._service.fail(trace, error)
            response = self._refuse(error)
        else:
            if trace.namespace:  # its token was looked up, or what it asks for
                self._service.outage.succeed(asked)
        seconds = time.perf_counter() - asked
        self._service.observed.tallies.count(trace, response.status_code, seconds)
        await response(scope, receive, send)
        # Without what comes after the `?`: some would write secrets there.
        milliseconds = (time.perf_counter() - asked) * 1_000
        client = "-" if request.client is None else request.client.host
        told = (request.method, scope["path"], response.status_code, milliseconds, client)
        log.info("%s %s %d %.1f ms %s", *told)
