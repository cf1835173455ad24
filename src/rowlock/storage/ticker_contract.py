"""What every engine promises about tickers. See `rowlock.storage.contract`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from rowlock.model.tickers import Tick, Ticker
from rowlock.plan import Plan

NO_LIMIT = 2**31 - 1


class LockedTicker(NamedTuple):
    """A ticker that nobody else can change now.

    Attributes:
        ticker: As it is stored.
        due_at: When a listener may take a tick: the next one if none is held, else the held
            one, whose lease has run out by then; None if it does not tick.
        token: The holder's; None if no tick is held.
        now: By the clock that decides.
    """

    ticker: Ticker
    due_at: datetime | None
    token: UUID | None
    now: datetime


class Upcoming(NamedTuple):
    """A ticker and in how many seconds it is due; zero or less if it is."""

    namespace: str
    name: str
    seconds: float


class TickerStore(Protocol):
    """Tickers and their two cursors; each move of a cursor is guarded by where it stood."""

    def insert_ticker(
        self, namespace: str, ticker: Ticker, /, *, now: datetime | None = None
    ) -> Plan[bool]:
        """Store a new ticker, due at once unless it has no interval; False if its name is taken."""
        ...

    def get_ticker(self, namespace: str, name: str, /) -> Plan[Ticker | None]:
        """Return the ticker of that name."""
        ...

    def lock_ticker(
        self, namespace: str, name: str, /, *, now: datetime | None = None
    ) -> Plan[LockedTicker | None]:
        """Return the ticker of that name as nobody else can change it now."""
        ...

    def update_ticker(
        self,
        namespace: str,
        locked: LockedTicker,
        changed: Ticker,
        /,
        *,
        now: datetime | None = None,
    ) -> Plan[None]:
        """Write what people and code say of a ticker that was just locked, and its cursors.

        A held tick stays held, unless the ticker has no interval any more.
        """
        ...

    def delete_ticker(self, namespace: str, ticker: Ticker, /) -> Plan[None]:
        """Remove a ticker that was just locked."""
        ...

    def list_tickers(
        self, namespace: str, /, *, limit: int = NO_LIMIT, offset: int = 0
    ) -> Plan[list[Ticker]]:
        """Return the namespace's tickers by name."""
        ...

    def count_tickers(self, namespace: str, /) -> Plan[int]:
        """Return how many tickers the namespace has."""
        ...

    def upcoming_ticks(
        self,
        namespace: str,
        names: Sequence[str] | None,
        /,
        *,
        limit: int,
        now: datetime | None = None,
    ) -> Plan[list[Upcoming]]:
        """Return which tickers listeners can take a tick of, now or next, the earliest first.

        Args:
            namespace: Whose tickers.
            names: Which of them; None for all.
            limit: At most so many.
            now: Instead of the database's clock; for tests.
        """
        ...

    def take_tick(
        self, namespace: str, name: str, /, *, token: UUID, now: datetime | None = None
    ) -> Plan[Tick | None]:
        """Take the tick that is due; None if none is, or another has it.

        A held tick whose lease ran out is taken again, for the same moment.
        """
        ...

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
        """Hold a tick for longer; False if it is not held under this token any more."""
        ...

    def confirm_tick(self, namespace: str, name: str, /, *, token: UUID) -> Plan[bool]:
        """Be done with a tick; False if it is not held under this token any more."""
        ...

    def upcoming_tasks(self, *, limit: int, now: datetime | None = None) -> Plan[list[Upcoming]]:
        """Return which tickers of any namespace make a task, now or next, the earliest first."""
        ...

    def move_task_cursor(self, namespace: str, locked: LockedTicker, /) -> Plan[Tick | None]:
        """Move a locked ticker's cursor of tasks on; returns the tick, or None if none is due.

        The tick belongs to whoever moved the cursor: its task is to be made in the same
        transaction. Its token means nothing.
        """
        ...
