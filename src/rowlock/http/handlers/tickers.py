"""Tickers, and ticks that are taken by hand."""

from __future__ import annotations

from typing import cast

from rowlock.app import ticker_flows
from rowlock.app.flow import Flow
from rowlock.errors import InvalidValueError, NoTickError
from rowlock.http.answers import Answer
from rowlock.http.call import Call, Handlers
from rowlock.http.handlers.policies import given_of, one_of
from rowlock.http.handlers.queues import page_of
from rowlock.http.handlers.tasks import known_queue
from rowlock.http.streaming import EventStream
from rowlock.http.ticks import ticks
from rowlock.model.tickers import GivenTicker, Ticker
from rowlock.model.tokens import Scope
from rowlock.wire.bodies.tickers import NewTickerBody, TickerBody, TickerTermsBody
from rowlock.wire.planned import tick_document, ticker_document
from rowlock.wire.routes.table import PREFIX
from rowlock.wire.values import Wire, seconds_to_wire


async def _given(call: Call, body: TickerTermsBody) -> GivenTicker:
    given = given_of(body, TickerTermsBody)
    if given.get("queue") is not None:
        await call.run(known_queue(call.core, given["queue"]))
    return cast("GivenTicker", given)


async def list_tickers(call: Call) -> Wire | EventStream:
    """List tickers; or stream ticks, if that is asked for."""
    if call.wants_events:
        call.identity.check([Scope.TICKERS_WORK])
        return await watch_ticks(call)
    offset, limit = page_of(call)
    page = await call.run(ticker_flows.list_tickers(call.core, limit=limit, offset=offset))
    return {
        "count": await call.run(ticker_flows.count_tickers(call.core)),
        "body": [ticker_document(one, reveal=call.reveals) for one in page],
    }


async def watch_ticks(call: Call) -> EventStream:
    """Stream ticks."""
    names = ticker_flows.checked_names(call.query.get("name"))
    return call.stream(ticks(call.core, names, call.live, call.check_still))


async def create_ticker(call: Call) -> Answer:
    """Create a ticker."""
    body: NewTickerBody = call.body
    name = one_of(body, "name", "ticker")
    if name is None:
        raise InvalidValueError("name", "is missing")
    given = await _given(call, body)
    flow = ticker_flows.create_ticker(call.core, name, given, by=call.by(body.reason))
    made = await call.run(flow)
    address = f"{call.base}{PREFIX}/ticker/{made.name}"
    return Answer(ticker_document(made, reveal=call.reveals), {"Location": address})


async def get_ticker(call: Call) -> Wire:
    """Show a ticker."""
    return await _shown(call, ticker_flows.get_ticker(call.core, call.path["ticker"]))


async def update_ticker(call: Call) -> Wire:
    """Change a ticker."""
    body: TickerBody = call.body
    given = await _given(call, body)
    by = call.by(body.reason)
    return await _shown(
        call, ticker_flows.update_ticker(call.core, call.path["ticker"], given, by=by)
    )


async def delete_ticker(call: Call) -> Wire:
    """Remove a ticker."""
    by = call.by(call.query.get("reason"))
    return await _shown(call, ticker_flows.delete_ticker(call.core, call.path["ticker"], by=by))


async def _shown(call: Call, flow: Flow[Ticker]) -> Wire:
    return ticker_document(await call.run(flow), reveal=call.reveals)


async def take_tick(call: Call) -> Wire:
    """Take a tick that is due."""
    flow = ticker_flows.next_tick(call.core, call.query.get("name"), timeout=0)
    tick = await call.run(flow)
    if tick is None:
        raise NoTickError
    return tick_document(tick)


async def confirm_tick(call: Call) -> Wire:
    """Be done with a tick."""
    flow = ticker_flows.confirm_taken(call.core, call.path["ticker"], call.body.token)
    return {"name": (await call.run(flow)).name}


async def renew_tick(call: Call) -> Wire:
    """Hold a tick for longer."""
    flow = ticker_flows.renew_taken(call.core, call.path["ticker"], call.body.token)
    held = await call.run(flow)
    return {"name": held.name, "lease_seconds": seconds_to_wire(held.lease)}


HANDLERS: Handlers = {
    "list_tickers": list_tickers,
    "create_ticker": create_ticker,
    "watch_ticks": watch_ticks,
    "take_tick": take_tick,
    "get_ticker": get_ticker,
    "update_ticker": update_ticker,
    "delete_ticker": delete_ticker,
    "confirm_tick": confirm_tick,
    "renew_tick": renew_tick,
}
