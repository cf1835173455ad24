"""What the service counts of itself, and what it remembers of namespaces for those who watch."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric

from rowlock.errors import StorageError, StorageUnavailableError
from rowlock.model.tallies import OTHER

T = TypeVar("T")

KEPT_SECONDS: Final = 5.0
REST: Final = 10
"""Reading takes at most one part in so many of the time."""
MOST_KEPT: Final = 64
MOST_COUNTED: Final = 20
_BUCKETS = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0)


@dataclass(slots=True)
class Trace:
    """What is known of a request so far: nothing until somebody may make it."""

    namespace: str = ""
    route: str = ""


class Tallies:
    """Counts of what this process served, by namespace; those of many share one."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._namespaces: set[str] = {""}
        self._requests = Counter(
            "rowlock_http_requests",
            "Requests that were answered, since the server started. Without a namespace: nobody "
            "who may ask; without a route: there is none.",
            ("namespace", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "rowlock_http_request_duration_seconds",
            "How long they took to be answered; waiting for a task counts.",
            ("namespace", "route"),
            registry=self._registry,
            buckets=_BUCKETS,
        )
        self._errors = Counter(
            "rowlock_database_errors",
            "Errors of the database that made requests fail, since the server started.",
            ("namespace", "type"),
            registry=self._registry,
        )

    def count(self, trace: Trace, status: int, seconds: float) -> None:
        """Count an answered request."""
        namespace = self._counted(trace.namespace)
        self._requests.labels(namespace, trace.route, str(status)).inc()
        self._seconds.labels(namespace, trace.route).observe(seconds)

    def fail(self, trace: Trace, error: Exception) -> None:
        """Count why a request failed, if the database is the reason."""
        if isinstance(error, StorageError):
            self._errors.labels(self._counted(trace.namespace), type(error).__name__).inc()

    def _counted(self, namespace: str) -> str:
        # A token of every namespace may name as many as it likes.
        if namespace not in self._namespaces:
            if len(self._namespaces) > MOST_COUNTED:
                return OTHER
            self._namespaces.add(namespace)
        return namespace

    def collect(self, namespace: str | None) -> Iterator[Metric]:
        """Yield the counts of one namespace; of all for None."""
        for metric in self._registry.collect():
            shown = Metric(metric.name, metric.documentation, metric.type)
            shown.samples = [
                sample
                for sample in metric.samples
                if namespace in {None, sample.labels["namespace"]}
                and not sample.name.endswith("_created")
            ]
            yield shown


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    value: Any
    error: StorageUnavailableError | None


class Memory:
    """What was read a moment ago, so that many who watch cost no more than one.

    One reads at a time, and no sooner again than after a multiple of the time that it took.
    """

    def __init__(
        self,
        *,
        seconds: float = KEPT_SECONDS,
        most: int = MOST_KEPT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._lock = asyncio.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def get(self, key: str, read: Callable[[], Awaitable[T]]) -> T:
        """Return what is known, or read it.

        Raises:
            StorageUnavailableError: It could not be read now, or a moment ago.
        """
        if self._fresh(key) is None:
            async with self._lock:
                if self._fresh(key) is None:
                    await self._read(key, read)
        kept = self._kept[key]
        if kept.error is not None:
            raise StorageUnavailableError(str(kept.error)) from kept.error
        return cast("T", kept.value)

    def _fresh(self, key: str) -> _Kept | None:
        kept = self._kept.get(key)
        return kept if kept is not None and self._clock() < kept.until else None

    async def _read(self, key: str, read: Callable[[], Awaitable[Any]]) -> None:
        began, value, error = self._clock(), None, None
        try:
            value = await read()
        except StorageUnavailableError as caught:
            error = caught
        now = self._clock()
        rest = max(self._seconds, REST * (now - began))
        self._kept[key] = _Kept(now + rest, value, error)
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)


class Observed:
    """What one service knows for those who watch it."""

    def __init__(self) -> None:
        self.tallies = Tallies()
        self.memory = Memory()
