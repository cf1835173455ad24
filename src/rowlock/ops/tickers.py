"""Tickers: what people and code do to them, and what is made of a tick."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from rowlock.errors import (
    DuplicateTickerError,
    StorageConflictError,
    TickerNotFoundError,
)
from rowlock.model import json_text
from rowlock.model.changes import NOBODY, By, NewAudit
from rowlock.model.durations import optional_seconds
from rowlock.model.ids import derived_task_id, new_token
from rowlock.model.names import SYSTEM_NAMESPACE
from rowlock.model.queues import Queue
from rowlock.model.tasks import NewTask, TaskTerms
from rowlock.model.tickers import Tick, Ticker, with_changes
from rowlock.plan import BEGIN, Plan
from rowlock.storage.storage import Storage
from rowlock.storage.ticker_contract import LockedTicker
from rowlock.storage.wakeups import TIMES

CLEANUP = "cleanup"
"""The ticker in the system's namespace by which finished tasks are pruned."""

MAX_ROUNDS = 3
# How many to look at where every ticker will do: others may be faster at the first ones.
TAKE_LIMIT = 10


def create_ticker(
    storage: Storage, namespace: str, new: Ticker, *, by: By = NOBODY
) -> Plan[Ticker]:
    """Store a new ticker.

    Raises:
        DuplicateTickerError: The name is taken.
    """
    yield BEGIN
    if not (yield from storage.tickers.insert_ticker(namespace, new)):
        raise DuplicateTickerError(new.name)
    yield from _recorded(storage, namespace, "create", new.name, _said(new), by)
    yield from storage.wakeups.announce(namespace, [TIMES], coalesce=True)
    return (yield from get_ticker(storage, namespace, new.name))


def register_ticker(storage: Storage, namespace: str, code: Ticker) -> Plan[Ticker]:
    """Store what code says of its ticker; one that says the same already is left as it is."""
    yield BEGIN
    for _ in range(MAX_ROUNDS):
        locked = yield from storage.tickers.lock_ticker(namespace, code.name)
        if locked is not None:
            said = _said(code)
            if _said(locked.ticker) != said:
                values = {name: getattr(code, name) for name in said}
                yield from _change(storage, namespace, locked, values)
            return (yield from get_ticker(storage, namespace, code.name))
        if (yield from storage.tickers.insert_ticker(namespace, code)):
            return (yield from get_ticker(storage, namespace, code.name))
    raise StorageConflictError(f"ticker {code.name!r} could be neither stored nor found")


def ensure_cleanup(storage: Storage) -> Plan[None]:
    """Store the system's own ticker if it is not there; what operators set stays."""
    if (yield from storage.tickers.get_ticker(SYSTEM_NAMESPACE, CLEANUP)) is None:
        yield from storage.tickers.insert_ticker(SYSTEM_NAMESPACE, Ticker(name=CLEANUP))


def get_ticker(storage: Storage, namespace: str, name: str) -> Plan[Ticker]:
    """Return the ticker of a name.

    Raises:
        TickerNotFoundError: There is none.
    """
    found = yield from storage.tickers.get_ticker(namespace, name)
    if found is None:
        raise TickerNotFoundError(name)
    return found


def update_ticker(
    storage: Storage, namespace: str, name: str, values: Mapping[str, Any], *, by: By = NOBODY
) -> Plan[Ticker]:
    """Change what is given of a ticker.

    Raises:
        TickerNotFoundError: There is none.
    """
    yield BEGIN
    locked = yield from _locked(storage, namespace, name)
    yield from _change(storage, namespace, locked, values)
    changed = yield from get_ticker(storage, namespace, name)
    said = {field: value for field, value in _said(changed).items() if field in values}
    yield from _recorded(storage, namespace, "edit", name, said, by)
    return changed


def delete_ticker(storage: Storage, namespace: str, name: str, *, by: By = NOBODY) -> Plan[Ticker]:
    """Remove a ticker; returns it as it was.

    Raises:
        TickerNotFoundError: There is none.
    """
    yield BEGIN
    locked = yield from _locked(storage, namespace, name)
    yield from storage.tickers.delete_ticker(namespace, locked.ticker)
    yield from _recorded(storage, namespace, "delete", name, None, by)
    return locked.ticker


def _locked(storage: Storage, namespace: str, name: str) -> Plan[LockedTicker]:
    locked = yield from storage.tickers.lock_ticker(namespace, name)
    if locked is None:
        raise TickerNotFoundError(name)
    return locked


def _change(
    storage: Storage, namespace: str, locked: LockedTicker, values: Mapping[str, Any]
) -> Plan[None]:
    changed = with_changes(locked.ticker, values, locked.now)
    yield from storage.tickers.update_ticker(namespace, locked, changed)
    yield from storage.wakeups.announce(namespace, [TIMES], coalesce=True)


def _said(ticker: Ticker) -> dict[str, Any]:
    """Return what people and code may say of a ticker, as JSON; equal texts say the same."""
    return {
        "interval": optional_seconds(ticker.interval),
        "payload": json_text.encode("payload", ticker.payload),
        "queue": ticker.queue,
    }


def _recorded(
    storage: Storage,
    namespace: str,
    action: str,
    name: str,
    said: Mapping[str, Any] | None,
    by: By,
) -> Plan[None]:
    """Record what people and programs did; what is in code is no change of anybody's."""
    detail = None if said is None else dict(said)
    if detail is not None and "payload" in detail:
        detail["payload"] = json_text.decode(detail["payload"])
    yield from storage.records.add_audit(namespace, NewAudit(action, "ticker", name, detail), by)


def take_tick(
    storage: Storage, namespace: str, names: Sequence[str] | None
) -> Plan[Tick | float | None]:
    """Take a tick that is due of one of some tickers.

    Args:
        storage: Where.
        namespace: Whose tickers.
        names: Which of them; None for all.

    Returns:
        The tick, or in how many seconds the next one is due, or None if none ticks.
    """
    limit = TAKE_LIMIT if names is None else max(len(names), 1)
    upcoming = yield from storage.tickers.upcoming_ticks(namespace, names, limit=limit)
    for one in upcoming:
        if one.seconds > 0:
            return one.seconds
        tick = yield from storage.tickers.take_tick(namespace, one.name, token=new_token())
        if tick is not None:
            return tick
    return 0.0 if upcoming else None


def make_tasks(storage: Storage, tickers: Iterable[tuple[str, str]]) -> Plan[list[tuple[str, str]]]:
    """Make the tasks of some tickers' ticks that are due, each once for whoever tries.

    All in one transaction, which takes its locks in one order everywhere: tickers, queues, tasks.

    Args:
        storage: Where.
        tickers: Namespace and name of each.

    Returns:
        Namespace and queue of the tasks that were made.
    """
    yield BEGIN
    ticked: dict[tuple[str, str], list[tuple[Ticker, Tick]]] = {}
    for namespace, name in sorted(tickers):
        locked = yield from storage.tickers.lock_ticker(namespace, name)
        if locked is not None and locked.ticker.queue is not None:
            tick = yield from storage.tickers.move_task_cursor(namespace, locked)
            if tick is not None:
                place = (namespace, locked.ticker.queue)
                ticked.setdefault(place, []).append((locked.ticker, tick))
    for (namespace, queue), ticks in sorted(ticked.items(), key=itemgetter(0)):
        policy = yield from storage.queues.ensure_queue(namespace, queue)
        tasks = [_task_of(ticker, tick, policy) for ticker, tick in ticks]
        yield from storage.enqueue.insert_tasks(tasks, namespace=namespace, replayed=True)
        yield from storage.wakeups.announce(namespace, [queue], coalesce=True)
    return list(ticked)


def _task_of(ticker: Ticker, tick: Tick, queue: Queue) -> NewTask:
    terms = TaskTerms(
        queue=queue.name,
        definition=None,
        max_attempts=queue.max_attempts,
        max_crashes=queue.max_crashes,
        lifetime=queue.lifetime,
    )
    text = json_text.encode("payload", tick.payload)
    return NewTask(derived_task_id(ticker.id, tick.at), text, terms)
