"""Reading answers: pages, models, and what a token may not see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

import click
from msgspec import UNSET, Struct

from rowlock.cli.output import warn
from rowlock.client import Client
from rowlock.errors import DuplicateQueueError, QueueNotFoundError, ScopeError
from rowlock.model.queues import Queue, QueuePolicy
from rowlock.wire.documents.queues import QueueDocument
from rowlock.wire.models import model_from
from rowlock.wire.routes.table import MAX_PAGE

M = TypeVar("M")
T = TypeVar("T")
D = TypeVar("D", bound=Struct)


class Page(Protocol[D]):
    """A part of a list."""

    body: list[D]


_TOLD = "rowlock.remote.hidden"


def model(kind: type[M], document: Struct, **more: Any) -> M:
    """Return what a document shows; says, once for a command, if something is hidden from it."""
    if getattr(document, "hidden", UNSET) is not UNSET:
        known = click.get_current_context().meta
        if not known.get(_TOLD):
            known[_TOLD] = True
            warn("rowlock: the token lacks payload:read: payloads, results and errors are hidden")
    return model_from(kind, document, **more)


def models(kind: type[M], documents: Iterable[Struct], **more: Any) -> list[M]:
    """Return what documents show."""
    return [model(kind, document, **more) for document in documents]


def queue_from(document: QueueDocument) -> Queue:
    """Return the queue that a document shows."""
    return model(Queue, document, policy=model(QueuePolicy, document))


def paged(
    page: Callable[[int, int], Page[D]], *, limit: int | None = None, offset: int = 0
) -> list[D]:
    """Return the entries of a list that is read by pages.

    Args:
        page: Reads a page, told how many entries to pass over and how many to return.
        limit: At most so many in all; None for all.
        offset: How many to pass over at first.
    """
    found: list[D] = []
    while limit is None or len(found) < limit:
        size = MAX_PAGE if limit is None else min(MAX_PAGE, limit - len(found))
        part = page(offset + len(found), size).body
        found += part
        if len(part) < size:
            break
    return found


def with_queue(client: Client, queue: str | None, store: Callable[[], T]) -> T:
    """Store something that names a queue, which is made if it is not there, as elsewhere.

    Raises:
        QueueNotFoundError: It is not there, and the token may not make it.
    """
    try:
        return store()
    except QueueNotFoundError as missing:
        if queue is None:
            raise
        try:
            client.create_queue(name=queue)
        except DuplicateQueueError:
            pass
        except ScopeError:
            raise missing from None
        return store()
