"""When a request is sent again, and after which wait."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import httpx2

from rowlock.client.calls import Call
from rowlock.client.streams import Events
from rowlock.errors import ServerUnavailableError

FIRST_WAIT_SECONDS = 0.1
MAX_WAIT_SECONDS = 30.0

_BUSY = 429
_UNAVAILABLE = 503
# Nothing was sent yet when these are raised.
_UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Retrying:
    """How often a request is sent again.

    What was not sent, or was refused as too much, is sent again whatever it is; what may have
    been done, only if it may be done twice.

    Attributes:
        times: At most this often, after the first time.
    """

    times: int

    def wait_after(self, response: httpx2.Response, call: Call[Any], sent: int) -> float | None:
        """Return how many seconds to wait after a response; None if it is the last word."""
        if sent > self.times or call.answer is bool:
            return None
        if response.status_code == _BUSY:
            return _told(response)
        if response.status_code == _UNAVAILABLE and call.repeatable:
            return _told(response)
        return None

    def wait_after_error(
        self, error: httpx2.TransportError, call: Call[Any], sent: int
    ) -> float | None:
        """Return how many seconds to wait after no response; None to give up."""
        if sent > self.times or not (call.repeatable or isinstance(error, _UNSENT)):
            return None
        return _wait(sent)

    def wait_after_refusal(
        self, response: httpx2.Response, call: Call[Any], events: Events
    ) -> float | None:
        """Return how many seconds to wait before a stream is asked for again.

        None if it was not refused, or for good.
        """
        wait = self.wait_after(response, call, events.failures + 1)
        if wait is not None:
            events.broke_off()
        return wait

    def wait_after_break(
        self, error: httpx2.TransportError | None, call: Call[Any], events: Events
    ) -> float:
        """Return how many seconds to wait after a stream broke off, or did not begin.

        Raises:
            ServerUnavailableError: That happened too often in a row.
        """
        events.broke_off()
        if events.failures > self.times:
            if error is not None:
                raise unavailable(error, call) from error
            words = f"{call.method} {call.path}: it ended before anything came"
            raise ServerUnavailableError(words, outcome_unknown=False)
        return _wait(events.failures)


def _wait(failures: int) -> float:
    longest = min(FIRST_WAIT_SECONDS * 2.0 ** (failures - 1), MAX_WAIT_SECONDS)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def _told(response: httpx2.Response) -> float | None:
    """Return what a response asks to wait, if that is not too long."""
    text = response.headers.get("Retry-After", "")
    if not (text.isascii() and text.isdigit()):
        return None
    seconds = float(text)
    return seconds if seconds <= MAX_WAIT_SECONDS else None


def unavailable(error: httpx2.TransportError, call: Call[Any]) -> ServerUnavailableError:
    """Return what is raised when a request got no response."""
    words = str(error) or type(error).__name__
    unknown = call.method != "GET" and not isinstance(error, _UNSENT)
    return ServerUnavailableError(f"{call.method} {call.path}: {words}", unknown)
