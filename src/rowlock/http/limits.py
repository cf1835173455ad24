"""How much the service takes: of one request, of one client, of all."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from math import ceil

from rowlock.errors import RateLimitError
from rowlock.model.json_text import MAX_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the service refuses beyond.

    Attributes:
        body_bytes: Of a request, before anything is parsed.
        body_seconds: Within which a body has to arrive.
        rate: Requests a second of one token, and of one address.
        burst: How many of them may come at once.
        failed_rate: Requests a second of one address with a wrong token, or none.
        failed_burst: How many of those may come at once.
        waits: Requests that wait for a task or follow it at once, of all clients.
        waits_each: The same of one token.
        streams: Streams of events at once, of all clients.
        streams_each: The same of one token.
        wait_seconds: How long a request may wait.
        recheck_seconds: How often it is looked whether the token of a subscription may be used.
        bulk_seconds: How long a request works on an operation, or a queue's deletion, before it is
            answered.
        claim_bytes: Of the payloads of one answer, after which no more tasks are claimed for it.
    """

    body_bytes: int = MAX_BYTES
    body_seconds: float = 10.0
    rate: float = 500.0
    burst: int = 1_000
    failed_rate: float = 0.2
    failed_burst: int = 10
    waits: int = 200
    waits_each: int = 50
    streams: int = 1_000
    streams_each: int = 1_000
    wait_seconds: float = 60.0
    recheck_seconds: float = 5.0
    bulk_seconds: float = 3.0
    claim_bytes: int = 4 * MAX_BYTES


class Buckets:
    """A token bucket for each key; the keys seen longest ago are forgotten.

    A forgotten one is full again, so there must be more of them than a client has addresses.
    """

    def __init__(self, rate: float, burst: int, *, most: int = 10_000) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._most = most
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, now: float) -> None:
        """Use up one.

        Raises:
            RateLimitError: None is left; it says when there is.
        """
        left = self._refilled(key, now)
        self._store(key, left if left < 1 else left - 1, now)
        if left < 1:
            raise self._error(left)

    def check(self, key: Hashable, now: float) -> None:
        """Look whether one is left, without using it up.

        Raises:
            RateLimitError: None is left; it says when there is.
        """
        left = self._refilled(key, now)
        if left < 1:
            raise self._error(left)

    def _refilled(self, key: Hashable, now: float) -> float:
        left, since = self._left.get(key, (self._burst, now))
        return min(self._burst, left + (now - since) * self._rate)

    def _store(self, key: Hashable, left: float, now: float) -> None:
        self._left[key] = (left, now)
        self._left.move_to_end(key)
        while len(self._left) > self._most:
            self._left.popitem(last=False)

    def _error(self, left: float) -> RateLimitError:
        return RateLimitError(max(1, ceil((1 - left) / self._rate)))
