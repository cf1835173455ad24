"""Tickers and their ticks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rowlock import Tick
from tests.app.one_api.journal import Journal


class StopAfter:
    """Ends a loop once so many ticks were handled."""

    def __init__(self, ticks: int) -> None:
        self._left = ticks

    def handle(self, tick: Tick) -> None:
        """Count a tick."""
        assert tick.attempt == 1
        self._left -= 1

    def is_set(self) -> bool:
        """Whether all were handled."""
        return self._left <= 0


def storing_tickers(call: Journal) -> None:
    """Making, finding and changing tickers."""
    call("create_ticker", "Beat", interval="1h", payload=[1, None, "ü"], queue="beats", actor="a")
    call("create_ticker", "beat")
    call("create_ticker", "plain")
    call("create_ticker", "stopped", interval=None)
    for wrong in (
        {"interval": 0},
        {"interval": "-1s"},
        {"interval": "0.5ms"},
        {"interval": "367d"},
        {"interval": True},
        {"payload": {1}},
        {"payload": "\x00"},
        {"queue": "no queue"},
        {"every": "1h"},
    ):
        call("create_ticker", "wrong", **wrong)
    for name in ("", "1st", "a b", 5, None, "x" * 65):
        call("create_ticker", name)
        call("get_ticker", name)
    call("register_ticker", "code", interval="90s", payload={"a": 1})
    call("register_ticker", "code", interval=90, payload={"a": 1})
    call("register_ticker", "code", interval=90, payload={"a": True})
    call("get_ticker", "BEAT")
    call("list_tickers", limit=2, offset=1)
    call("list_tickers", limit=0)
    call("count_tickers")
    call("update_ticker", "beat", interval="30m", reason="oftener")
    call("update_ticker", "beat")
    call("update_ticker", "nothing", interval="30m")
    call("update_ticker", "beat", queue=None, payload=None)
    call("delete_ticker", "plain", actor="a")
    call("delete_ticker", "plain")


def taking_ticks(call: Journal) -> None:
    """One tick to one taker."""
    tick: Any = call("next_tick", "beat", timeout=0)
    call("next_tick", ["beat", "unknown"], timeout=0)
    call("renew_tick", tick)
    call.time.advance("31s")
    again: Any = call("next_tick", ["beat"], timeout=0)
    for method in ("renew_tick", "confirm_tick"):
        call(method, tick)
        call(method, again)
        call(method, "beat")
    call("next_tick", [], timeout=0)
    call("next_tick", timeout="soon")
    call("next_tick", "no name", timeout=0)
    call.time.advance(timedelta(hours=2, minutes=10))
    stop = StopAfter(1)
    call("run_ticker_loop", stop.handle, "beat", poll="10ms", stop=stop)
    call("run_ticker_loop", stop.handle, "beat", poll=0, stop=stop)
    call("run_ticker_loop", "no handler")
    call("get_ticker", "beat")


def declaring_tickers(call: Journal) -> None:
    """Tickers in code, whose ticks a worker handles."""
    handled: list[Tick] = []
    call("ticker", "declared", every="1h", payload={"x": 1})(handled.append)
    call("ticker", "broken", every=0)
    call("ticker", "declared")
    call.work("beats")
    call.note("handled", handled)
    call("get_ticker", "declared")
    call("update_ticker", "declared", interval=None)
