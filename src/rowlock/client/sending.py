"""What the methods of the routes need of a client."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
    Mapping,
)
from typing import Any, Protocol, TypeVar

from rowlock.client.calls import Call
from rowlock.client.streams import ServerEvent

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Sender(ABC):
    """Sends requests."""

    @abstractmethod
    def _send(self, call: Call[T]) -> T:
        """Send a request; returns what it is answered."""

    @abstractmethod
    def _stream(self, call: Call[str], kinds: Mapping[str, type]) -> Generator[ServerEvent[Any]]:
        """Send a request for a stream; yields its events, and asks again when it breaks off."""


class AsyncSender(ABC):
    """Sends requests, to be awaited."""

    @abstractmethod
    async def _send(self, call: Call[T]) -> T:
        """Send a request; returns what it is answered."""

    @abstractmethod
    def _stream(
        self, call: Call[str], kinds: Mapping[str, type]
    ) -> AsyncGenerator[ServerEvent[Any]]:
        """Send a request for a stream; yields its events, and asks again when it breaks off."""


class Page(Protocol[T_co]):
    """An answer that is a part of a list."""

    @property
    def body(self) -> _Entries[T_co]:
        """The entries."""
        ...


class LinkedPage(Page[T_co], Protocol[T_co]):
    """A part of a list that says where the next one begins."""

    @property
    def next(self) -> str | None:
        """Where; None at the end."""
        ...


class _Entries(Protocol[T_co]):
    def __iter__(self) -> Iterator[T_co]: ...

    def __len__(self) -> int: ...


def linked_pages(page: Callable[[str | None], LinkedPage[T]]) -> Iterator[T]:
    """Yield the entries of all pages, each found by what the one before says."""
    found = page(None)
    yield from found.body
    while found.next is not None:
        found = page(found.next)
        yield from found.body


def numbered_pages(page: Callable[[int], Page[T]]) -> Iterator[T]:
    """Yield the entries of all pages, each found by how many came before."""
    passed = 0
    while entries := page(passed).body:
        yield from entries
        passed += len(entries)


async def linked_pages_async(
    page: Callable[[str | None], Awaitable[LinkedPage[T]]],
) -> AsyncIterator[T]:
    """Yield the entries of all pages, each found by what the one before says."""
    found = await page(None)
    for entry in found.body:
        yield entry
    while found.next is not None:
        found = await page(found.next)
        for entry in found.body:
            yield entry


async def numbered_pages_async(
    page: Callable[[int], Awaitable[Page[T]]],
) -> AsyncIterator[T]:
    """Yield the entries of all pages, each found by how many came before."""
    passed = 0
    while entries := (await page(passed)).body:
        for entry in entries:
            yield entry
        passed += len(entries)
