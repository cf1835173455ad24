"""Tickers and their ticks, for both facades."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from rowlock.app import ticker_flows as flows
from rowlock.app.running import AsyncRunning, Running
from rowlock.app.ticker_flows import Stop
from rowlock.definitions.tickers import TickHandler, checked_tick_handler, is_async
from rowlock.errors import InvalidValueError
from rowlock.model.changes import checked_by
from rowlock.model.durations import Duration
from rowlock.model.tickers import GivenTicker, Tick, Ticker


class TickerMethods(Running):
    """Tickers and their ticks."""

    def create_ticker(
        self,
        name: str,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        **given: Unpack[GivenTicker],
    ) -> Ticker:
        """Store a new ticker, which ticks at once and then by its interval.

        Args:
            name: A letter, then up to 63 letters, digits, `.`, `_`, `-`; case is ignored.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.
            **given: `interval`, from 1 ms to 366 days, a minute if not given; None does not
                tick. `payload`, any JSON, `{}` if not given. `queue`, where each tick makes a
                task of the payload.

        Raises:
            DuplicateTickerError: The name is taken.
            InvalidValueError: A value is refused; nothing was stored.
        """
        return self._run(flows.create_ticker(self.core, name, given, by=checked_by(actor, reason)))

    def register_ticker(self, name: str, /, **given: Unpack[GivenTicker]) -> Ticker:
        """Store what code says of a ticker; doing so again changes nothing and does not tick.

        What is not given has its default, also where it was stored otherwise.

        Args:
            name: As for `create_ticker`.
            **given: As for `create_ticker`.

        Raises:
            InvalidValueError: A value is refused; nothing was stored.
        """
        return self._run(flows.register_ticker(self.core, name, given))

    def get_ticker(self, name: str, /) -> Ticker:
        """Return a ticker as it is stored.

        Raises:
            TickerNotFoundError: The namespace has none of that name.
        """
        return self._run(flows.get_ticker(self.core, name))

    def list_tickers(self, *, limit: int = 100, offset: int = 0) -> list[Ticker]:
        """Return the tickers of the namespace by name.

        Args:
            limit: At most this many, up to 1,000.
            offset: Leave out this many first.

        Raises:
            InvalidValueError: A value is refused.
        """
        return self._run(flows.list_tickers(self.core, limit=limit, offset=offset))

    def count_tickers(self) -> int:
        """Return how many tickers the namespace has."""
        return self._run(flows.count_tickers(self.core))

    def update_ticker(
        self,
        name: str,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        **given: Unpack[GivenTicker],
    ) -> Ticker:
        """Change what is given of a ticker.

        Another payload leaves the moments of its ticks alone. Another interval counts from the
        last tick. A worker whose code declares the ticker writes all of it again at its start.

        Args:
            name: Which ticker.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.
            **given: As for `create_ticker`; `interval=None` stops it, `queue=None` makes no
                more tasks.

        Raises:
            TickerNotFoundError: The namespace has none of that name.
            InvalidValueError: A value is refused, or none is given; nothing changed.
        """
        return self._run(flows.update_ticker(self.core, name, given, by=checked_by(actor, reason)))

    def delete_ticker(
        self, name: str, /, *, actor: str | None = None, reason: str | None = None
    ) -> Ticker:
        """Remove a ticker; the tasks that it made are left alone.

        Args:
            name: Which ticker.
            actor: Who asks for it, for the audit.
            reason: Why, for the audit.

        Returns:
            The ticker as it was.

        Raises:
            TickerNotFoundError: The namespace has none of that name.
        """
        return self._run(flows.delete_ticker(self.core, name, by=checked_by(actor, reason)))

    def next_tick(
        self, names: Sequence[str] | str | None = None, *, timeout: Duration | None = None
    ) -> Tick | None:
        """Take the next tick, of which nobody else gets any: wait until there is one.

        It is yours for its `lease`. Call `confirm_tick` when you are done with it; otherwise
        it goes to somebody else, or comes to you again.

        Args:
            names: Of these tickers alone; of all in the namespace if not given.
            timeout: For how long to wait at most; 0 only looks. Without one, for ever.

        Returns:
            The tick, or None if there was none in time.

        Raises:
            InvalidValueError: A name or the timeout is refused.
        """
        return self._run(flows.next_tick(self.core, names, timeout=timeout))

    def confirm_tick(self, tick: Tick, /) -> bool:
        """Be done with a tick; False if its lease ran out and it went to somebody else."""
        return self._run(flows.confirm_tick(self.core, tick))

    def renew_tick(self, tick: Tick, /) -> bool:
        """Hold a tick for another `lease` from now on; False if it is no longer yours."""
        return self._run(flows.renew_tick(self.core, tick))

    def run_ticker_loop(
        self,
        handler: TickHandler,
        /,
        names: Sequence[str] | str | None = None,
        *,
        poll: Duration = flows.POLL_SECONDS,
        stop: Stop | None = None,
    ) -> None:
        """Give ticks to a handler, one after the other, until stopped.

        A tick is renewed while its handler runs, and confirmed at its end. What the handler
        raises is logged; that tick does not come again.

        Args:
            handler: Takes a `Tick`.
            names: Ticks of these tickers alone; of all in the namespace if not given.
            poll: How long to sleep at most between two looks for what was changed elsewhere.
            stop: An event that ends the loop between two ticks, within `poll`. Without one it
                goes on until it is interrupted.

        Raises:
            InvalidValueError: A value is refused, or the handler cannot be called so.
        """
        if is_async(checked_tick_handler(handler)):
            raise InvalidValueError("handler", "is async: use AsyncRowlock, or a worker")
        handle = flows.blocking_handle(self.core, handler)
        self._run(flows.run_ticker_loop(self.core, handle, names, poll=poll, stop=stop))


class AsyncTickerMethods(AsyncRunning):
    """Tickers and their ticks, for async code. See `TickerMethods`."""

    async def create_ticker(
        self,
        name: str,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        **given: Unpack[GivenTicker],
    ) -> Ticker:
        """Store a new ticker, which ticks at once and then by its interval.

        See `Rowlock.create_ticker`.
        """
        return await self._run(
            flows.create_ticker(self.core, name, given, by=checked_by(actor, reason))
        )

    async def register_ticker(self, name: str, /, **given: Unpack[GivenTicker]) -> Ticker:
        """Store what code says of a ticker; doing so again changes nothing and does not tick.

        See `Rowlock.register_ticker`.
        """
        return await self._run(flows.register_ticker(self.core, name, given))

    async def get_ticker(self, name: str, /) -> Ticker:
        """Return a ticker as it is stored. See `Rowlock.get_ticker`."""
        return await self._run(flows.get_ticker(self.core, name))

    async def list_tickers(self, *, limit: int = 100, offset: int = 0) -> list[Ticker]:
        """Return the tickers of the namespace by name. See `Rowlock.list_tickers`."""
        return await self._run(flows.list_tickers(self.core, limit=limit, offset=offset))

    async def count_tickers(self) -> int:
        """Return how many tickers the namespace has. See `Rowlock.count_tickers`."""
        return await self._run(flows.count_tickers(self.core))

    async def update_ticker(
        self,
        name: str,
        /,
        *,
        actor: str | None = None,
        reason: str | None = None,
        **given: Unpack[GivenTicker],
    ) -> Ticker:
        """Change what is given of a ticker. See `Rowlock.update_ticker`."""
        return await self._run(
            flows.update_ticker(self.core, name, given, by=checked_by(actor, reason))
        )

    async def delete_ticker(
        self, name: str, /, *, actor: str | None = None, reason: str | None = None
    ) -> Ticker:
        """Remove a ticker; the tasks that it made are left alone.

        See `Rowlock.delete_ticker`.
        """
        return await self._run(flows.delete_ticker(self.core, name, by=checked_by(actor, reason)))

    async def next_tick(
        self, names: Sequence[str] | str | None = None, *, timeout: Duration | None = None
    ) -> Tick | None:
        """Take the next tick, of which nobody else gets any: wait until there is one.

        See `Rowlock.next_tick`.
        """
        return await self._run(flows.next_tick(self.core, names, timeout=timeout))

    async def confirm_tick(self, tick: Tick, /) -> bool:
        """Be done with a tick; False if its lease ran out and it went to somebody else.

        See `Rowlock.confirm_tick`.
        """
        return await self._run(flows.confirm_tick(self.core, tick))

    async def renew_tick(self, tick: Tick, /) -> bool:
        """Hold a tick for another `lease` from now on; False if it is no longer yours.

        See `Rowlock.renew_tick`.
        """
        return await self._run(flows.renew_tick(self.core, tick))

    async def run_ticker_loop(
        self,
        handler: TickHandler,
        /,
        names: Sequence[str] | str | None = None,
        *,
        poll: Duration = flows.POLL_SECONDS,
        stop: Stop | None = None,
    ) -> None:
        """Give ticks to a handler, one after the other, until stopped.

        See `Rowlock.run_ticker_loop`.
        """
        handles_async = is_async(checked_tick_handler(handler))
        handle = flows.awaited_handle(self.core, handler, is_async=handles_async)
        await self._run(flows.run_ticker_loop(self.core, handle, names, poll=poll, stop=stop))
