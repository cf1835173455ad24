"""Who may ask, and about which namespace: default deny."""

from __future__ import annotations

import time
from collections import OrderedDict
from functools import partial
from typing import Final

from starlette.requests import Request

from rowlock.app import token_flows
from rowlock.app.core import Core
from rowlock.app.flow import run_flow_async
from rowlock.errors import RouteNotFoundError, UnauthenticatedError
from rowlock.http.call import Identity
from rowlock.http.limits import Buckets, Limits
from rowlock.http.observing import Memory
from rowlock.model.names import checked_namespace
from rowlock.model.tokens import Token, digest_of
from rowlock.wire.hosts import is_loopback
from rowlock.wire.openapi import NAMESPACE_HEADER
from rowlock.wire.routes.table import Route

_BEARER = "bearer"
MOST_NAMESPACES: Final = 256
MOST_KNOWN: Final = 10_000


class Guard:
    """Tells who sends a request, and refuses those who may not."""

    def __init__(self, core: Core, limits: Limits, *, needs_token: bool) -> None:
        self._core = core
        self._needs_token = needs_token
        self._addresses = Buckets(limits.rate, limits.burst)
        self._tokens = Buckets(limits.rate, limits.burst)
        self._failures = Buckets(limits.failed_rate, limits.failed_burst)
        # Digests of tokens that were right once: others of their address cannot lock them out.
        self._known: OrderedDict[str, None] = OrderedDict()
        self._still = Memory(seconds=limits.recheck_seconds, most=MOST_KNOWN)
        self._cores: OrderedDict[str, Core] = OrderedDict()

    def admit(self, request: Request) -> None:
        """Count a request, whoever sends it.

        Raises:
            RateLimitError: There were too many from this address.
        """
        self._addresses.take(_address(request), time.monotonic())

    async def identify(self, route: Route, request: Request) -> Identity:
        """Return who sends a request, if they may.

        Raises:
            UnauthenticatedError: There is no valid token.
            ScopeError: It may not do that.
            RateLimitError: Too many wrong tokens, or too many requests.
        """
        if route.is_public:
            return Identity()
        identity = await self.authenticate(request)
        identity.check(route.scopes)
        return identity

    async def authenticate(self, request: Request) -> Identity:
        """Return who sends a request, whatever it is that they may do.

        Raises:
            UnauthenticatedError: There is no valid token.
            RateLimitError: Too many wrong tokens, or too many requests.
        """
        if not self._needs_token:
            if not is_loopback(_address(request)):
                raise UnauthenticatedError
            return Identity()
        identity = await self._owner(request)
        self.count(identity)
        return identity

    def count(self, identity: Identity) -> None:
        """Count a request of a token, or what is as much work as one.

        Raises:
            RateLimitError: There were too many.
        """
        if identity.token is not None:
            self._tokens.take(identity.token.id, time.monotonic())

    async def check_still(self, request: Request) -> None:
        """Look whether the token of a request that goes on may still be used.

        What is known of it is good for `Limits.recheck_seconds`.

        Raises:
            UnauthenticatedError: It was revoked, or is over.
        """
        if self._needs_token:
            digest = digest_of(_credentials(request)[1])
            if await self._still.get(digest, partial(self._token, request)) is None:
                raise UnauthenticatedError

    async def _owner(self, request: Request) -> Identity:
        address, now = _address(request), time.monotonic()
        digest = digest_of(_credentials(request)[1])
        if digest not in self._known:
            self._failures.check(address, now)
        token = await self._token(request)
        if token is None:
            self._known.pop(digest, None)
            self._failures.take(address, now)
            raise UnauthenticatedError
        self._remember(digest)
        return Identity(token=token)

    async def _token(self, request: Request) -> Token | None:
        kind, text = _credentials(request)
        if kind.lower() != _BEARER:
            return None
        return await run_flow_async(self._core, token_flows.valid_token(self._core, text.strip()))

    def _remember(self, digest: str) -> None:
        self._known[digest] = None
        self._known.move_to_end(digest)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def core_for(self, identity: Identity, request: Request) -> Core:
        """Return the app in the namespace that a request is about.

        Raises:
            RouteNotFoundError: Header, path and token do not agree.
            InvalidValueError: It is no name.
        """
        named = {checked_namespace(name) for name in _said(request)}
        own = {identity.namespace} if identity.namespace is not None else named
        if len(named) > 1 or not named <= own:
            raise RouteNotFoundError(request.url.path)
        [name] = own or {self._core.namespace}
        core = self._cores.get(name)
        if core is None:
            core = self._cores[name] = self._core.within(name)
        self._cores.move_to_end(name)
        while len(self._cores) > MOST_NAMESPACES:
            self._cores.popitem(last=False)
        return core


def names_none(request: Request) -> bool:
    """Whether a request leaves open which namespace it is about."""
    return not _said(request)


def _said(request: Request) -> list[str]:
    said = (request.headers.get(NAMESPACE_HEADER), request.path_params.get("namespace"))
    return [name for name in said if name is not None]


def _credentials(request: Request) -> tuple[str, str]:
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    return kind, text


def _address(request: Request) -> str:
    return "" if request.client is None else request.client.host
