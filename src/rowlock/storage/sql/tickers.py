"""Plans for tickers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rowlock.model import json_text
from rowlock.model.tickers import GridPoint, Tick, Ticker, grid_point
from rowlock.plan import BEGIN, Plan, Row
from rowlock.storage.rows import ticker_from_row
from rowlock.storage.sql.base import Plans
from rowlock.storage.ticker_contract import NO_LIMIT, LockedTicker, Upcoming
from rowlock.storage.values import microseconds


def _columns(ticker: Ticker) -> dict[str, Any]:
    """Return what code and people may say of a ticker, by parameter."""
    interval = ticker.interval
    return {
        "interval": None if interval is None else microseconds(interval),
        "payload": json_text.encode("payload", ticker.payload),
        "queue": ticker.queue,
    }


class TickerPlans(Plans):
    """`TickerStore` over a statement catalogue.

    Where a cursor goes is arithmetic, done here; that it still stood where it was seen is
    checked by the write.
    """

    def insert_ticker(
        self, namespace: str, ticker: Ticker, /, *, now: datetime | None = None
    ) -> Plan[bool]:
        yield BEGIN
        clock = yield self._sql.bind("read_clock", now=now)
        # One reading of the clock, so that both cursors stand on one grid.
        start = self._values.read_time(clock.rows[0][0])
        next_tick = None if ticker.interval is None else start
        yield self._sql.bind(
            "insert_ticker",
            namespace=namespace,
            name=ticker.name,
            id=ticker.id,
            next_tick=next_tick,
            next_task=None if ticker.queue is None else next_tick,
            now=start,
            **_columns(ticker),
        )
        # A row of another id was there first, and not every engine counts alike.
        stored = yield from self.get_ticker(namespace, ticker.name)
        return stored is not None and stored.id == ticker.id

    def get_ticker(self, namespace: str, name: str, /) -> Plan[Ticker | None]:
        result = yield self._sql.bind("get_ticker", namespace=namespace, name=name)
        return ticker_from_row(result.rows[0], self._values) if result.rows else None

    def lock_ticker(
        self, namespace: str, name: str, /, *, now: datetime | None = None
    ) -> Plan[LockedTicker | None]:
        yield BEGIN
        result = yield self._sql.bind("lock_ticker", namespace=namespace, name=name, now=now)
        if not result.rows:
            return None
        *row, clock = result.rows[0]
        due_at, token = row[10:12]
        return LockedTicker(
            ticker_from_row(tuple(row), self._values),
            self._values.optional_time(due_at),
            self._values.optional_id(token),
            self._values.read_time(clock),
        )

    def update_ticker(
        self,
        namespace: str,
        locked: LockedTicker,
        changed: Ticker,
        /,
        *,
        now: datetime | None = None,
    ) -> Plan[None]:
        stops = changed.interval is None
        yield self._sql.bind(
            "update_ticker",
            namespace=namespace,
            name=changed.name,
            next_tick=changed.next_tick_at,
            next_task=changed.next_task_at,
            due=changed.next_tick_at if stops or locked.token is None else locked.due_at,
            token=None if stops else locked.token,
            now=now,
            **_columns(changed),
        )

    def delete_ticker(self, namespace: str, ticker: Ticker, /) -> Plan[None]:
        yield self._sql.bind("remove_ticker", namespace=namespace, name=ticker.name, id=ticker.id)

    def list_tickers(
        self, namespace: str, /, *, limit: int = NO_LIMIT, offset: int = 0
    ) -> Plan[list[Ticker]]:
        result = yield self._sql.bind(
            "list_tickers", namespace=namespace, limit=limit, offset=offset
        )
        return [ticker_from_row(row, self._values) for row in result.rows]

    def count_tickers(self, namespace: str, /) -> Plan[int]:
        result = yield self._sql.bind("count_tickers", namespace=namespace)
        count: int = result.rows[0][0]
        return count

    def upcoming_ticks(
        self,
        namespace: str,
        names: Sequence[str] | None,
        /,
        *,
        limit: int,
        now: datetime | None = None,
    ) -> Plan[list[Upcoming]]:
        asked: dict[str, Any] = {"namespace": namespace, "limit": limit, "now": now}
        if names is None:
            result = yield self._sql.bind("upcoming_ticks", **asked)
        else:
            batch: Any = self._batch(ids=list(names))
            result = yield self._sql.bind("upcoming_ticks_named", **batch, **asked)
        return self._upcoming(result.rows)

    def upcoming_tasks(self, *, limit: int, now: datetime | None = None) -> Plan[list[Upcoming]]:
        result = yield self._sql.bind("upcoming_tasks", limit=limit, now=now)
        return self._upcoming(result.rows)

    def _upcoming(self, rows: Sequence[Row]) -> list[Upcoming]:
        read = self._values.read_time
        return [
            Upcoming(namespace, name, (read(due_at) - read(clock)).total_seconds())
            for namespace, name, due_at, clock in rows
        ]

    def take_tick(
        self, namespace: str, name: str, /, *, token: UUID, now: datetime | None = None
    ) -> Plan[Tick | None]:
        locked = yield from self.lock_ticker(namespace, name, now=now)
        if locked is None or locked.due_at is None or locked.due_at > locked.now:
            return None
        ticker = locked.ticker
        point, attempt = _tick_to_take(locked)
        result = yield self._sql.bind(
            "take_tick",
            namespace=namespace,
            name=name,
            at=point.at,
            next=point.next_at,
            missed=point.missed,
            attempt=attempt,
            token=token,
            until=locked.now + ticker.lease,
            seen=locked.due_at,
            held=locked.token,
        )
        if result.count != 1:
            return None
        return _tick(ticker, point, token, attempt)

    def renew_tick(
        self,
        namespace: str,
        name: str,
        /,
        *,
        token: UUID,
        lease: timedelta,
        now: datetime | None = None,
    ) -> Plan[bool]:
        held = {"namespace": namespace, "name": name, "token": token}
        result = yield self._sql.bind("renew_tick", lease=lease, now=now, **held)
        if result.count == 0:
            # Not every engine counts a row that stays as it was: a clock may stand still.
            found = yield self._sql.bind("is_tick_held", **held)
            return bool(found.rows[0][0])
        return True

    def confirm_tick(self, namespace: str, name: str, /, *, token: UUID) -> Plan[bool]:
        result = yield self._sql.bind("confirm_tick", namespace=namespace, name=name, token=token)
        return result.count == 1

    def move_task_cursor(self, namespace: str, locked: LockedTicker, /) -> Plan[Tick | None]:
        ticker = locked.ticker
        planned, interval = ticker.next_task_at, ticker.interval
        if planned is None or interval is None or planned > locked.now:
            return None
        point = grid_point(planned, interval, locked.now)
        result = yield self._sql.bind(
            "move_task_cursor",
            namespace=namespace,
            name=ticker.name,
            at=point.at,
            next=point.next_at,
            seen=planned,
        )
        return _tick(ticker, point, ticker.id, 1) if result.count == 1 else None


def _tick_to_take(locked: LockedTicker) -> tuple[GridPoint, int]:
    """Return the tick that is due, and how often it was taken by then."""
    ticker = locked.ticker
    assert ticker.interval is not None  # noqa: S101 - what is due ticks
    assert ticker.next_tick_at is not None  # noqa: S101 - as above
    if locked.token is not None and ticker.last_tick_at is not None:
        again = GridPoint(ticker.last_tick_at, ticker.missed, ticker.next_tick_at)
        return again, ticker.attempt + 1
    return grid_point(ticker.next_tick_at, ticker.interval, locked.now), 1


def _tick(ticker: Ticker, point: GridPoint, token: UUID, attempt: int) -> Tick:
    return Tick(
        name=ticker.name,
        at=point.at,
        payload=ticker.payload,
        missed=point.missed,
        attempt=attempt,
        lease=ticker.lease,
        token=token,
    )
