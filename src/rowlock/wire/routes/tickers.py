"""Routes about tickers and their ticks."""

from __future__ import annotations

from typing import Final

from rowlock.errors import (
    DuplicateTickerError,
    InvalidValueError,
    NoTickError,
    OverloadedError,
    QueueNotFoundError,
    TickerNotFoundError,
    TickLostError,
)
from rowlock.model.tickers import TICK_STREAM
from rowlock.model.tokens import Scope
from rowlock.wire.bodies.tickers import NewTickerBody, TakenTickBody, TickerBody
from rowlock.wire.documents.tickers import (
    ConfirmedDocument,
    RenewedDocument,
    TickDocument,
    TickedDocument,
    TickerDocument,
    TickerList,
)
from rowlock.wire.routes.table import LIMIT, OFFSET, REASON, Parameter, route

TICKER: Final = Parameter("ticker", "The ticker's name.")
_ENQUEUES = (Scope.TASKS_ENQUEUE,)
"""Whoever says what a ticker gives, and where, stores tasks by it."""

_FOUND = (InvalidValueError, TickerNotFoundError)

TICKERS: Final = (
    route("GET", "/ticker", "list_tickers", Scope.TICKERS_READ, summary="List tickers by name.",
          response=TickerList, queries=(OFFSET, LIMIT),
          errors=(InvalidValueError, OverloadedError)),
    route("GET", f"/ticker/{TICK_STREAM}", "watch_ticks", Scope.TICKERS_WORK,
          summary="Stream ticks, each of which goes to one listener.", response=None,
          events=(("ticker", TickedDocument),),
          queries=(Parameter("name", "Only of these tickers.", repeated=True),),
          errors=(InvalidValueError, OverloadedError)),
    route("POST", "/ticker", "create_ticker", Scope.TICKERS_WRITE, also=_ENQUEUES,
          summary="Create a ticker, which ticks at once and then by its interval.",
          request=NewTickerBody, response=TickerDocument, status=201, gives=((TICKER, "name"),),
          errors=(InvalidValueError, DuplicateTickerError, QueueNotFoundError)),
    route("PUT", "/ticker", "take_tick", Scope.TICKERS_WORK,
          summary="Take a tick that is due, of which nobody else gets any.",
          response=TickDocument, status=201, gives=((TICKER, "name"),),
          queries=(Parameter("name", "Only of these tickers.", repeated=True),),
          errors=(InvalidValueError, NoTickError)),
    route("GET", "/ticker/{ticker}", "get_ticker", Scope.TICKERS_READ, summary="Show a ticker.",
          parameters=(TICKER,), response=TickerDocument, errors=_FOUND),
    route("PATCH", "/ticker/{ticker}", "update_ticker", Scope.TICKERS_WRITE, also=_ENQUEUES,
          summary="Change what is given of a ticker.", parameters=(TICKER,),
          request=TickerBody, response=TickerDocument, errors=(*_FOUND, QueueNotFoundError)),
    route("DELETE", "/ticker/{ticker}", "delete_ticker", Scope.TICKERS_WRITE,
          summary="Remove a ticker; its tasks are left alone. Answers with it as it was.",
          parameters=(TICKER,), response=TickerDocument, queries=(REASON,), errors=_FOUND),
    route("POST", "/ticker/{ticker}/confirm", "confirm_tick", Scope.TICKERS_WORK,
          summary="Be done with a tick.", parameters=(TICKER,), request=TakenTickBody,
          response=ConfirmedDocument, errors=(*_FOUND, TickLostError)),
    route("POST", "/ticker/{ticker}/renew", "renew_tick", Scope.TICKERS_WORK,
          summary="Hold a tick for another lease from now on.", parameters=(TICKER,),
          request=TakenTickBody, response=RenewedDocument, errors=(*_FOUND, TickLostError)),
)  # fmt: skip
