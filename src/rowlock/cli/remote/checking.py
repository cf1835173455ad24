"""What `rowlock doctor` looks at where it is told of a server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from rowlock._version import __version__
from rowlock.app.condition_flows import Condition
from rowlock.cli.checks import (
    LOOK_AT,
    RUNNING,
    SKEW_WARNING,
    ahead,
    clock_finding,
    engine_finding,
    lease_finding,
    queue_findings,
    schema_findings,
)
from rowlock.cli.findings import DATABASE, Finding, Verdict
from rowlock.cli.output import duration_text, time_text
from rowlock.cli.places import Server
from rowlock.cli.remote.listing_flows import list_tasks
from rowlock.cli.remote.measuring_flows import overview
from rowlock.cli.remote.probing import way_findings
from rowlock.cli.remote.reading import model
from rowlock.client import AsyncClient, Client
from rowlock.errors import (
    InvalidValueError,
    OverloadedError,
    RateLimitError,
    RouteNotFoundError,
    RowlockError,
    UnauthenticatedError,
)
from rowlock.model.tokens import Scope, Token
from rowlock.wire.documents.about import DatabaseDocument, IdentityDocument, ServiceDocument

EXPIRY_WARNING = timedelta(days=7)
LIVE_SECONDS = 10.0
"""Within which a stream of events has to begin."""


_SHOWN_BY = {
    Scope.METRICS_READ: "with metrics:read, the database and its queues are looked at as well",
    Scope.TASKS_READ: "with tasks:read, leases and live events are looked at as well",
}


def findings(client: Client, server: Server) -> Iterator[Finding]:
    """Yield what each check found; those that need more come last."""
    for one in way_findings(server.url.rstrip("/")):
        yield one
        if one.verdict is Verdict.FAIL:
            return
    if not client.ready():
        yield Finding(
            DATABASE,
            Verdict.FAIL,
            "the server cannot use its database",
            "its log says why; where the database is, 'rowlock doctor --url …' looks at it",
        )
        return
    try:
        who = client.whoami()
        asked = datetime.now(UTC)
        about = client.about()
        answered = datetime.now(UTC)
    except RowlockError as error:
        yield _refused(error, server)
        return
    yield from _token(who)
    yield _version(about)
    yield _clock(about.now, asked, answered)
    if about.database is not None:
        yield from _database(about, about.database)
    yield from _tasks(client, who, about)
    yield from _live(who, server)
    yield _limits(about)


def _refused(error: RowlockError, server: Server) -> Finding:
    """Say why nobody may ask, and what to do about it."""
    if isinstance(error, UnauthenticatedError):
        if server.token is None:
            advice = "give one: ROWLOCK_TOKEN, --token, or a profile with one"
            return Finding("token", Verdict.FAIL, "none is given, and the server needs one", advice)
        return Finding(
            "token",
            Verdict.FAIL,
            "it is unknown here, expired or revoked",
            "is it of this server? Make another: rowlock token create NAME --scope SCOPE",
        )
    if isinstance(error, RouteNotFoundError):
        return Finding(
            "token",
            Verdict.FAIL,
            "the server has no answer to who this token is",
            "leave out --namespace if the token is good for another one; or the server is older "
            "than this command: upgrade it",
        )
    if isinstance(error, InvalidValueError) and error.field == "host":
        return Finding(
            "host", Verdict.FAIL, error.problem, "name it: rowlock server --allow-host NAME"
        )
    if isinstance(error, (RateLimitError, OverloadedError)):
        return Finding("limits", Verdict.FAIL, str(error), "send fewer requests, or raise limits")
    return Finding("token", Verdict.FAIL, str(error), "is something else between, such as a proxy?")


def _token(who: IdentityDocument) -> Iterator[Finding]:
    if who.token is None:
        yield Finding(
            "token",
            Verdict.WARN,
            f"none is needed, namespace {who.namespace}: every program there may do all",
            "start the server without --no-auth",
        )
        return
    token = model(Token, who.token)
    place = "every namespace" if token.namespace is None else f"namespace {token.namespace}"
    ends = token.expires_at
    shown = f"{token.name} ({token.id}), {place}, "
    shown += "without an end" if ends is None else f"ends {time_text(ends)}"
    if ends is not None and ends - datetime.now(UTC) < EXPIRY_WARNING:
        yield Finding("token", Verdict.WARN, shown, "make another one before")
    else:
        yield Finding("token", Verdict.OK, shown)
    unseen = [text for scope, text in _SHOWN_BY.items() if not token.allows(scope)]
    yield Finding("scopes", Verdict.OK, " ".join(token.scopes), "; ".join(unseen) or None)


def _version(about: ServiceDocument) -> Finding:
    if _minor(about.version) == _minor(__version__):
        return Finding("version", Verdict.OK, about.version)
    return Finding(
        "version",
        Verdict.WARN,
        f"the server is {about.version}, this command {__version__}",
        "use the same minor version on both sides",
    )


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _clock(told: datetime, asked: datetime, answered: datetime) -> Finding:
    """Judge the server's clock, which was read between two looks at ours."""
    skew = told - min(max(told, asked), answered)
    if not skew:
        return Finding("clock", Verdict.OK, "the server's clock and this host's agree")
    shown = f"the server's clock is {duration_text(abs(skew))} {ahead(skew)} this host's"
    if abs(skew) < SKEW_WARNING:
        return Finding("clock", Verdict.OK, shown)
    return Finding("clock", Verdict.WARN, shown, "let both synchronise their clocks")


def _database(about: ServiceDocument, shown: DatabaseDocument) -> Iterator[Finding]:
    found = model(Condition, shown)
    yield engine_finding(found)
    yield clock_finding(found.now - about.now, "the server's", "clocks")
    yield from schema_findings(found)


def _tasks(client: Client, who: IdentityDocument, about: ServiceDocument) -> Iterator[Finding]:
    if _may(who, Scope.METRICS_READ):
        yield from queue_findings(overview(client, window=None, queue=None).queues)
    if _may(who, Scope.TASKS_READ):
        now = about.now if about.database is None else about.database.now
        yield lease_finding(list_tasks(client, RUNNING, limit=LOOK_AT), now)


def _may(who: IdentityDocument, scope: Scope) -> bool:
    return who.token is None or model(Token, who.token).allows(scope)


def _live(who: IdentityDocument, server: Server) -> Iterator[Finding]:
    """See a stream of events begin."""
    if not _may(who, Scope.TASKS_READ):
        return
    try:
        asyncio.run(_first_event(server))
    except TimeoutError:
        yield Finding(
            "live events",
            Verdict.WARN,
            f"a stream told nothing for {LIVE_SECONDS:g} s",
            "let proxies on the way pass text/event-stream on at once, without buffers",
        )
    except (OverloadedError, RateLimitError) as error:
        advice = "commands ask instead; rowlock server --streams N allows more"
        yield Finding("live events", Verdict.WARN, f"no stream is free: {error}", advice)
    except RowlockError as error:
        advice = "commands ask instead; do proxies on the way allow long answers?"
        yield Finding("live events", Verdict.WARN, str(error), advice)
    else:
        yield Finding("live events", Verdict.OK, "a stream begins")


async def _first_event(server: Server) -> None:
    async with (
        asyncio.timeout(LIVE_SECONDS),
        AsyncClient(server.url, server.token, namespace=server.namespace, retries=0) as client,
        aclosing(client.watch_events()) as events,
    ):
        await anext(events)


def _limits(about: ServiceDocument) -> Finding:
    rate, burst = about.requests_per_second, about.requests_at_once
    shown = f"{rate:g} requests a second, {burst:,} at once, {about.streams:,} streams"
    return Finding("limits", Verdict.OK, shown)
