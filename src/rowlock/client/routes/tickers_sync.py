"""The routes about tickers, as methods of a client.

Written by `python -m tests.docs.client_routes`; do not edit.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Any

from msgspec import UNSET, UnsetType

from rowlock.client.calls import Call, fields, path_with, queries
from rowlock.client.sending import Sender, numbered_pages
from rowlock.client.streams import ServerEvent
from rowlock.wire.bodies.common import Duration
from rowlock.wire.documents.tickers import (
    ConfirmedDocument,
    RenewedDocument,
    TickDocument,
    TickedDocument,
    TickerDocument,
    TickerList,
)

# fmt: off


class TickersRoutes(Sender):
    """The routes about tickers, as methods of a client."""

    def list_tickers(self, *, offset: int | None = None, limit: int | None = None) -> TickerList:
        """List tickers by name.

        `GET /api/v1/ticker`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            OverloadedError: The service has no room for a request; `retry_after` is how many
                seconds to wait.
        """
        return self._send(Call(
            method="GET",
            path="/api/v1/ticker",
            answer=TickerList,
            queries=queries(offset=offset, limit=limit),
        ))

    def iter_tickers(self, *, limit: int | None = None) -> Iterator[TickerDocument]:
        """Yield what `list_tickers` lists, page after page.

        `limit` is the size of a page.
        """
        return numbered_pages(lambda page: self.list_tickers(
            limit=limit, offset=page,
        ))

    def watch_ticks(
        self, *, name: Iterable[str] | None = None,
    ) -> Generator[ServerEvent[TickedDocument | None]]:
        """Stream ticks, each of which goes to one listener.

        `GET /api/v1/ticker/next`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            OverloadedError: The service has no room for a request; `retry_after` is how many
                seconds to wait.
        """
        return self._stream(Call(
            method="GET",
            path="/api/v1/ticker/next",
            answer=str,
            queries=queries(name=name),
        ), {
            "ticker": TickedDocument,
        })

    def create_ticker(
        self, *, interval: Duration | UnsetType | None = UNSET, payload: Any = UNSET,
        queue: str | UnsetType | None = UNSET, name: str | None = None, ticker: str | None = None,
        reason: str | None = None,
    ) -> TickerDocument:
        """Create a ticker, which ticks at once and then by its interval.

        `POST /api/v1/ticker`, whose body is a `NewTickerBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            DuplicateTickerError: The namespace, or this app, has a ticker of that name already.
            QueueNotFoundError: The namespace has no queue of that name.
        """
        return self._send(Call(
            method="POST",
            path="/api/v1/ticker",
            answer=TickerDocument,
            body=fields(
                interval=interval, payload=payload, queue=queue, name=name, ticker=ticker,
                reason=reason,
            ),
        ))

    def take_tick(self, *, name: Iterable[str] | None = None) -> TickDocument:
        """Take a tick that is due, of which nobody else gets any.

        `PUT /api/v1/ticker`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            NoTickError: No tick can be taken now.
        """
        return self._send(Call(
            method="PUT",
            path="/api/v1/ticker",
            answer=TickDocument,
            queries=queries(name=name),
        ))

    def get_ticker(self, ticker: str) -> TickerDocument:
        """Show a ticker.

        `GET /api/v1/ticker/{ticker}`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TickerNotFoundError: The namespace has no ticker of that name.
        """
        return self._send(Call(
            method="GET",
            path=path_with("/api/v1/ticker/{ticker}", ticker=ticker),
            answer=TickerDocument,
        ))

    def update_ticker(
        self, ticker: str, *, interval: Duration | UnsetType | None = UNSET, payload: Any = UNSET,
        queue: str | UnsetType | None = UNSET, reason: str | None = None,
    ) -> TickerDocument:
        """Change what is given of a ticker.

        `PATCH /api/v1/ticker/{ticker}`, whose body is a `TickerBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TickerNotFoundError: The namespace has no ticker of that name.
            QueueNotFoundError: The namespace has no queue of that name.
        """
        return self._send(Call(
            method="PATCH",
            path=path_with("/api/v1/ticker/{ticker}", ticker=ticker),
            answer=TickerDocument,
            body=fields(interval=interval, payload=payload, queue=queue, reason=reason),
        ))

    def delete_ticker(self, ticker: str, *, reason: str | None = None) -> TickerDocument:
        """Remove a ticker; its tasks are left alone. Answers with it as it was.

        `DELETE /api/v1/ticker/{ticker}`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TickerNotFoundError: The namespace has no ticker of that name.
        """
        return self._send(Call(
            method="DELETE",
            path=path_with("/api/v1/ticker/{ticker}", ticker=ticker),
            answer=TickerDocument,
            queries=queries(reason=reason),
        ))

    def confirm_tick(self, ticker: str, *, token: str) -> ConfirmedDocument:
        """Be done with a tick.

        `POST /api/v1/ticker/{ticker}/confirm`, whose body is a `TakenTickBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TickerNotFoundError: The namespace has no ticker of that name.
            TickLostError: A tick is no longer its taker's: it was not renewed in time, or its
                ticker was stopped.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/ticker/{ticker}/confirm", ticker=ticker),
            answer=ConfirmedDocument,
            body=fields(token=token),
        ))

    def renew_tick(self, ticker: str, *, token: str) -> RenewedDocument:
        """Hold a tick for another lease from now on.

        `POST /api/v1/ticker/{ticker}/renew`, whose body is a `TakenTickBody`.

        Raises:
            InvalidValueError: A value was refused at the door; nothing was stored.
            TickerNotFoundError: The namespace has no ticker of that name.
            TickLostError: A tick is no longer its taker's: it was not renewed in time, or its
                ticker was stopped.
        """
        return self._send(Call(
            method="POST",
            path=path_with("/api/v1/ticker/{ticker}/renew", ticker=ticker),
            answer=RenewedDocument,
            body=fields(token=token),
        ))
