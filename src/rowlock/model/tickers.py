"""Tickers: stored intervals, the grid on which they tick, and the ticks that they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypedDict
from uuid import UUID

from rowlock.errors import InvalidValueError
from rowlock.model import json_text
from rowlock.model.durations import Duration, duration_from
from rowlock.model.ids import new_task_id, new_token
from rowlock.model.names import checked_name, checked_queue

DEFAULT_INTERVAL = timedelta(minutes=1)
MIN_INTERVAL = timedelta(milliseconds=1)
MAX_INTERVAL = timedelta(days=366)
# A lease shorter than a stalled process or a slow commit would give one tick to several takers.
MIN_LEASE = timedelta(seconds=1)
MAX_LEASE = timedelta(seconds=30)
# What the service calls the stream of ticks, where it has the tickers by their names.
TICK_STREAM = "next"


class GivenTicker(TypedDict, total=False):
    """What can be said of a ticker.

    Attributes:
        interval: From tick to tick, 1 ms to 366 days; None: it does not tick.
        payload: Any JSON, given with each tick; None for an empty object.
        queue: Where each tick makes a task of the payload; None: nowhere.
    """

    interval: Duration | None
    payload: Any
    queue: str | None


def _empty_payload() -> Any:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """A stored interval.

    It has two cursors on one grid: that of the listeners, who compete for its ticks, and that
    of its queue, if it has one. Neither takes a tick from the other.

    Attributes:
        interval: From tick to tick; None: it does not tick.
        payload: Given with each tick.
        queue: Where each tick makes a task; None: nowhere.
        last_tick_at: The moment of the last tick that a listener took.
        next_tick_at: When listeners get the next one.
        last_task_at: The moment of the last tick that made a task.
        next_task_at: When the next one makes a task.
        held_until: Until when the listener that took the last tick may handle it; None if it
            is confirmed, or if nobody took one.
        missed: How many ticks the last one that was taken stands for, besides itself.
        attempt: How often the last one was taken.
        created_at: None only before it was stored.
    """

    name: str
    namespace: str = ""
    id: UUID = field(default_factory=new_task_id)
    interval: timedelta | None = DEFAULT_INTERVAL
    payload: Any = field(default_factory=_empty_payload)
    queue: str | None = None
    last_tick_at: datetime | None = None
    next_tick_at: datetime | None = None
    last_task_at: datetime | None = None
    next_task_at: datetime | None = None
    held_until: datetime | None = None
    missed: int = 0
    attempt: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def lease(self) -> timedelta:
        """How long a taken tick is held without being renewed."""
        return min(max(self.interval or MIN_LEASE, MIN_LEASE), MAX_LEASE)

    @property
    def last_at(self) -> datetime | None:
        """The moment of the last tick, whoever it went to."""
        return _latest(self.last_tick_at, self.last_task_at)

    @property
    def next_at(self) -> datetime | None:
        """When it ticks next: for its queue, or for listeners if it has none."""
        return self.next_tick_at if self.queue is None else self.next_task_at


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One tick of a ticker, taken by one listener.

    Attributes:
        name: The ticker's.
        at: The moment on the ticker's grid, in UTC.
        payload: The ticker's.
        missed: How many earlier ticks it stands for, which nobody took in time.
        attempt: 1; more if those who took it before did not confirm it.
        lease: For how long it is the listener's; then it goes to another.
        token: Confirms it.
    """

    name: str
    at: datetime
    payload: Any
    missed: int = 0
    attempt: int = 1
    lease: timedelta = field(default=MAX_LEASE, repr=False)
    token: UUID = field(default_factory=new_token, repr=False)


class GridPoint(NamedTuple):
    """A tick's place on the grid: its moment, how many it stands for, and the next one."""

    at: datetime
    missed: int
    next_at: datetime


def grid_point(planned: datetime, interval: timedelta, now: datetime) -> GridPoint:
    """Return the tick that is due now: the latest one, in which those missed collapse.

    Args:
        planned: The first tick that was not given yet; not after `now`.
        interval: From tick to tick.
        now: By the clock that decides.
    """
    missed = (now - planned) // interval
    at = planned + missed * interval
    return GridPoint(at, missed, at + interval)


def with_changes(ticker: Ticker, values: Mapping[str, Any], now: datetime) -> Ticker:
    """Return a ticker with other values, and its cursors on the grid that follows from them.

    Args:
        ticker: As it is stored.
        values: Checked ones, by field.
        now: By the clock that decides.
    """
    new = replace(ticker, **values)
    if new.interval is None:
        return replace(new, next_tick_at=None, next_task_at=None, held_until=None)
    next_tick, next_task = ticker.next_tick_at, ticker.next_task_at
    if new.interval != ticker.interval or next_tick is None:
        start = _new_start(ticker, new.interval, now)
        next_tick, next_task = (
            _cursor(ticker, next_tick, start),
            _cursor(ticker, next_task, start),
        )
    if new.queue is None:
        next_task = None
    elif ticker.queue is None:
        next_task = _next_after(next_tick, new.interval, now)
    return replace(new, next_tick_at=next_tick, next_task_at=next_task)


def _new_start(ticker: Ticker, interval: timedelta, now: datetime) -> datetime:
    """Return the first moment after the last tick by another interval.

    A ticker that did not tick meanwhile has missed nothing.
    """
    last = ticker.last_at
    if ticker.next_tick_at is None:
        return now if last is None else max(last + interval, now)
    return ticker.next_tick_at if last is None else last + interval


def _cursor(ticker: Ticker, planned: datetime | None, start: datetime) -> datetime:
    """Return where a cursor stands on a new grid; a tick that it is still to give stays due."""
    last = ticker.last_at
    return last if last is not None and planned is not None and planned <= last else start


def _next_after(planned: datetime, interval: timedelta, now: datetime) -> datetime:
    """Return the first moment of a grid that is not past."""
    return planned if planned >= now else planned - (planned - now) // interval * interval


def checked_ticker_name(value: object) -> str:
    """Return a ticker's name, trimmed and in lower case."""
    return checked_name("ticker", value)


def checked_new_ticker_name(value: object) -> str:
    """Return the name of a ticker that is not stored yet.

    Raises:
        InvalidValueError: It is no name, or could not be shown under it over HTTP.
    """
    name = checked_ticker_name(value)
    if name == TICK_STREAM:
        raise InvalidValueError("ticker", f"{name!r} is reserved: the service streams ticks there")
    return name


def checked_interval(field: str, value: object) -> timedelta | None:
    """Return an interval; None is one that does not tick.

    Args:
        field: What an error should call it.
        value: A duration, or None.

    Raises:
        InvalidValueError: No duration, or not from 1 ms to 366 days.
    """
    if value is None:
        return None
    interval = duration_from(field, value)
    if not MIN_INTERVAL <= interval <= MAX_INTERVAL:
        raise InvalidValueError(field, f"{value!r} is not from 1 ms to 366 days")
    return interval


def checked_values(given: GivenTicker) -> dict[str, Any]:
    """Return what was said of a ticker, checked.

    Raises:
        InvalidValueError: A value is refused.
    """
    unknown = sorted(set(given) - set(GivenTicker.__annotations__))
    if unknown:
        raise InvalidValueError(unknown[0], "is nothing that can be said of a ticker")
    values: dict[str, Any] = {}
    if "interval" in given:
        values["interval"] = checked_interval("interval", given["interval"])
    if "payload" in given:
        payload: object = {} if given["payload"] is None else given["payload"]
        values["payload"] = json_text.decode_shown(json_text.encode("payload", payload))
    if "queue" in given:
        queue = given["queue"]
        values["queue"] = None if queue is None else checked_queue(queue)
    return values
