"""The way to a server, before anybody says who asks: address and certificate."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import httpx2

from rowlock.cli.findings import CONNECTION, Finding, Verdict
from rowlock.cli.output import duration_text, time_text
from rowlock.wire.hosts import is_loopback

ANSWER_SECONDS = 10.0
CERTIFICATE_WARNING = timedelta(days=14)
_BUSY = 429


class Answered(NamedTuple):
    """What a server said when it was asked whether it runs.

    Attributes:
        took: From the request to the answer.
        protocol: Such as `TLSv1.3`; None without TLS.
        until: When its certificate ends.
    """

    status: int
    text: str
    took: timedelta
    protocol: str | None
    until: datetime | None


def probe(url: str) -> Answered:
    """Ask a server whether it runs.

    Raises:
        httpx2.TransportError: It does not answer.
    """
    began = time.monotonic()
    with (
        httpx2.Client(timeout=ANSWER_SECONDS) as client,
        client.stream("GET", f"{url}/livez") as response,
    ):
        took = timedelta(seconds=time.monotonic() - began)
        connected = response.extensions["network_stream"].get_extra_info("socket")
        protocol, until = None, None
        if isinstance(connected, ssl.SSLSocket):
            protocol, until = connected.version(), _end_of(connected)
        text = response.read().decode(errors="replace").strip()
        return Answered(response.status_code, text, took, protocol, until)


def _end_of(connected: ssl.SSLSocket) -> datetime | None:
    said = (connected.getpeercert() or {}).get("notAfter")
    if not isinstance(said, str):
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(said), UTC)


def way_findings(url: str) -> Iterator[Finding]:
    """Yield what is found on the way to a server; the first one says whether it answers."""
    try:
        found = probe(url)
    except httpx2.TransportError as error:
        yield Finding(CONNECTION, Verdict.FAIL, f"{url}: {error}", _advice(error))
        return
    if found.status == _BUSY:
        yield Finding("limits", Verdict.FAIL, "too many requests come from here", "send fewer")
        return
    if (found.status, found.text) != (200, "ok"):
        yield Finding(
            CONNECTION,
            Verdict.FAIL,
            f"{url} answers with status {found.status}, and is no Rowlock",
            "the URL needs the prefix below which the service is mounted, without /api/v1",
        )
        return
    yield Finding(CONNECTION, Verdict.OK, f"{url} answers in {duration_text(found.took)}")
    yield _tls(url, found)


def _advice(error: httpx2.TransportError) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                "the server needs a certificate of this name that this machine trusts; "
                "SSL_CERT_FILE names a file of further authorities"
            )
        if isinstance(cause, ssl.SSLError):
            return "the port speaks no TLS: is it http:// ?"
        if isinstance(cause, socket.gaierror):
            return "no such name: check the URL, and this machine's name servers"
        if isinstance(cause, ConnectionRefusedError):
            return "nothing listens there: start 'rowlock server', and check host and port"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx2.TimeoutException):
        return "nothing came back: check host and port, and firewalls on the way"
    return "check the URL, and what is on the way; a port that speaks TLS needs https://"


def _tls(url: str, found: Answered) -> Finding:
    if found.protocol is None:
        if is_loopback(httpx2.URL(url).host):
            return Finding("tls", Verdict.OK, "none, which is fine on one machine")
        return Finding(
            "tls",
            Verdict.WARN,
            "none: whoever is on the way can read the token and all tasks",
            "put a proxy that speaks TLS in front of the server, and use https://",
        )
    if found.until is None:
        return Finding("tls", Verdict.OK, found.protocol)
    shown = f"{found.protocol}, the certificate ends {time_text(found.until)}"
    if found.until - datetime.now(UTC) > CERTIFICATE_WARNING:
        return Finding("tls", Verdict.OK, shown)
    return Finding("tls", Verdict.WARN, shown, "renew it")
