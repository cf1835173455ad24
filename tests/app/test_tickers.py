"""Tickers through the facades, on every engine."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rowlock import AsyncRowlock, Rowlock, Tick, Ticker
from rowlock.errors import (
    DuplicateTickerError,
    InvalidValueError,
    PayloadError,
    TickerNotFoundError,
)
from rowlock.testing import clock
from tests.app.steps import count, is_empty
from tests.worker.steps import until


def moments(ticker: Ticker) -> tuple[Any, ...]:
    return (ticker.last_tick_at, ticker.next_tick_at, ticker.last_task_at, ticker.next_task_at)


def test_a_ticker_is_created_and_found_in_any_case(app):
    made = app.create_ticker(" Beat ", interval="1h30m", payload=[1, "ü"], queue="Mail")
    assert (made.name, made.interval) == ("beat", timedelta(hours=1.5))
    assert (made.payload, made.queue, made.namespace) == ([1, "ü"], "mail", "default")
    assert app.get_ticker("BEAT") == made
    with pytest.raises(DuplicateTickerError, match="'beat' already exists"):
        app.create_ticker("beat")


def test_no_ticker_is_called_as_the_stream_of_the_service(app):
    for register in (app.create_ticker, app.register_ticker):
        with pytest.raises(InvalidValueError, match=r"ticker: 'next' is reserved"):
            register("NEXT")
    with pytest.raises(InvalidValueError, match=r"ticker: 'next' is reserved"):
        app.ticker("next", every="1h")(lambda: None)
    assert app.list_tickers() == []


def test_a_ticker_of_which_nothing_is_said_has_the_defaults(app):
    made = app.create_ticker("beat")
    assert (made.interval, made.payload, made.queue) == (timedelta(minutes=1), {}, None)
    assert app.create_ticker("other", payload=None).payload == {}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"interval": 0}, "interval"),
        ({"interval": -1}, "interval"),
        ({"interval": "0.9ms"}, "interval"),
        ({"interval": "367d"}, "interval"),
        ({"interval": "often"}, "interval"),
        ({"interval": float("nan")}, "interval"),
        ({"payload": {1: 2}}, "payload"),
        ({"payload": float("inf")}, "payload"),
        ({"payload": "\ud800"}, "payload"),
        ({"payload": "x" * 2_000_000}, "payload"),
        ({"queue": "1x"}, "queue"),
        ({"queue": 1}, "queue"),
        ({"every": "1h"}, "every"),
    ],
)
def test_what_is_refused_names_the_field_and_stores_nothing(app, given, field):
    for method in (app.create_ticker, app.register_ticker):
        with pytest.raises(InvalidValueError) as caught:
            method("beat", **given)
        assert caught.value.field == field
    kept = app.create_ticker("beat")
    with pytest.raises(InvalidValueError):
        app.update_ticker("beat", **given)
    assert app.get_ticker("beat") == kept
    assert app.count_tickers() == 1


@pytest.mark.parametrize("name", ["", "  ", "1st", "a b", "ä", "x" * 65, 5, None])
def test_a_bad_name_is_refused_everywhere(app, name):
    methods = (app.create_ticker, app.register_ticker, app.get_ticker, app.delete_ticker)
    for method in (*methods, app.next_tick):
        if name is None and method == app.next_tick:
            continue
        with pytest.raises(InvalidValueError, match=r"ticker|names"):
            method(name)


def test_registering_again_changes_nothing_and_does_not_tick(app):
    made = app.register_ticker("beat", interval="1h", payload={"a": 1}, queue="mail")
    tick = app.next_tick(timeout=0)
    app.confirm_tick(tick)
    before = app.get_ticker("beat")
    assert app.register_ticker("beat", interval=3600, payload={"a": 1}, queue="mail") == before
    assert app.next_tick(timeout=0) is None
    assert before.id == made.id


def test_registering_otherwise_changes_what_is_stored(app):
    app.create_ticker("beat", interval="1h", payload={"a": 1}, queue="mail")
    changed = app.register_ticker("beat", interval="2h")
    assert (changed.interval, changed.payload, changed.queue) == (timedelta(hours=2), {}, None)


def test_only_what_is_given_is_updated(app):
    app.create_ticker("beat", interval="1h", payload={"a": 1}, queue="mail")
    before = app.get_ticker("beat")
    changed = app.update_ticker("beat", payload=[2])
    assert (changed.interval, changed.payload, changed.queue) == (timedelta(hours=1), [2], "mail")
    assert moments(changed) == moments(before)
    with pytest.raises(InvalidValueError, match="nothing is given"):
        app.update_ticker("beat")
    with pytest.raises(TickerNotFoundError, match="'other': not found"):
        app.update_ticker("other", interval="1h")


def test_tickers_are_listed_in_pages_and_counted(app):
    for name in ("c", "a", "b"):
        app.create_ticker(name)
    assert [one.name for one in app.list_tickers()] == ["a", "b", "c"]
    assert [one.name for one in app.list_tickers(limit=1, offset=1)] == ["b"]
    assert app.count_tickers() == 3
    for wrong in ({"limit": 0}, {"limit": 1_001}, {"offset": -1}, {"limit": "1"}):
        with pytest.raises(InvalidValueError):
            app.list_tickers(**wrong)


def test_a_deleted_ticker_is_returned_and_gone(app):
    made = app.create_ticker("beat")
    assert app.delete_ticker("beat") == made
    with pytest.raises(TickerNotFoundError):
        app.get_ticker("beat")
    with pytest.raises(TickerNotFoundError):
        app.delete_ticker("beat")


def test_nothing_crosses_a_namespace(app, opened):
    other = opened(namespace="other")
    other.create_ticker("beat")
    if app.core.storage.durable:
        assert app.count_tickers() == 0
    assert app.next_tick(timeout=0) is None
    app.create_ticker("beat", interval=None)
    assert other.get_ticker("beat").interval is not None
    assert other.next_tick(timeout=0).name == "beat"


def test_what_people_change_is_in_the_audit_and_what_code_says_is_not(app):
    app.register_ticker("code", interval="1h")
    app.register_ticker("code", interval="2h")
    app.create_ticker("beat", payload={"a": 1}, actor="ann", reason="daily")
    app.update_ticker("beat", interval="5m", queue=None, actor="bob")
    app.delete_ticker("beat", actor="ann")
    entries = [(one.action, one.kind, one.target, one.actor, one.detail) for one in app.audit()]
    created = {"interval": 60.0, "payload": {"a": 1}, "queue": None}
    assert entries == [
        ("delete", "ticker", "beat", "ann", None),
        ("edit", "ticker", "beat", "bob", {"interval": 300.0, "queue": None}),
        ("create", "ticker", "beat", "ann", created),
    ]


def test_a_tick_is_taken_once_and_comes_again_unless_it_is_confirmed(app):
    app.create_ticker("beat", interval="1h", payload={"a": 1})
    with clock(app) as time_:
        first = app.next_tick("beat", timeout=0)
        assert (first.name, first.payload, first.attempt) == ("beat", {"a": 1}, 1)
        assert app.next_tick(timeout=0) is None
        time_.advance("20s")
        assert app.renew_tick(first)
        time_.advance("29s")
        assert app.next_tick(timeout=0) is None
        time_.advance("1s")
        again = app.next_tick(timeout=0)
        assert (again.at, again.attempt) == (first.at, 2)
        assert not app.confirm_tick(first)
        assert not app.renew_tick(first)
        assert app.confirm_tick(again)
        time_.advance("3h")
        assert app.next_tick(timeout=0).missed == 2


def test_ticks_of_other_names_are_left_for_others(app):
    """C120."""
    app.create_ticker("theirs")
    assert app.next_tick(["mine", "also-mine"], timeout=0) is None
    assert app.next_tick("theirs", timeout=0).name == "theirs"


def test_waiting_for_a_tick_ends_after_its_timeout_or_with_the_tick(app):
    app.create_ticker("beat", interval="300ms")
    app.confirm_tick(app.next_tick(timeout=0))
    began = time.monotonic()
    assert app.next_tick(timeout=0.05) is None
    assert app.next_tick(timeout=20).at - app.get_ticker("beat").created_at >= timedelta(0)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("wrong", [[], 5, {}, ["1x"], [5]])
def test_names_that_are_none_are_refused(app, wrong):
    for call in (app.next_tick, lambda names: app.run_ticker_loop(print, names)):
        with pytest.raises(InvalidValueError):
            call(wrong)


def test_what_is_no_tick_is_refused(app):
    for method in (app.confirm_tick, app.renew_tick):
        with pytest.raises(InvalidValueError, match="must be a Tick"):
            method("beat")


def handled_by_loop(app: Rowlock, handler: Any, *, ticks: int, **given: Any) -> list[Tick]:
    """What a loop gives to a handler until so many ticks came."""
    got: list[Tick] = []
    stop = threading.Event()

    def handle(tick: Tick) -> None:
        got.append(tick)
        if len(got) == ticks:
            stop.set()
        handler(tick)

    app.run_ticker_loop(handle, poll="20ms", stop=stop, **given)
    return got


def test_a_loop_gives_ticks_to_a_handler_and_confirms_them(app):
    app.create_ticker("beat", interval="20ms")
    app.create_ticker("other", interval="20ms")
    got = handled_by_loop(app, print, ticks=3, names="beat")
    assert {tick.name for tick in got} == {"beat"}
    assert sorted({tick.at for tick in got}) == [tick.at for tick in got]
    assert app.get_ticker("beat").held_until is None


def test_what_a_handler_raises_is_logged_and_its_tick_does_not_come_again(app, caplog):
    app.create_ticker("beat", interval="20ms")

    def fail(tick: Tick) -> None:
        raise ValueError(tick.name)

    got = handled_by_loop(app, fail, ticks=2)
    assert [tick.attempt for tick in got] == [1, 1]
    assert caplog.text.count("ticker beat: its handler failed") == 2


def test_a_loop_renews_the_tick_of_a_slow_handler(app):
    app.create_ticker("beat", interval="1s")
    handled_by_loop(app, lambda _tick: time.sleep(1.6), ticks=1)
    assert app.get_ticker("beat").attempt == 1
    assert app.get_ticker("beat").held_until is None


def test_a_handler_whose_tick_was_lost_does_not_confirm_it(app, caplog):
    app.create_ticker("beat", interval="1s")

    def stopped_meanwhile(_tick: Tick) -> None:
        app.update_ticker("beat", interval=None)
        time.sleep(0.6)

    handled_by_loop(app, stopped_meanwhile, ticks=1)
    assert "the tick is no longer ours" in caplog.text


def test_an_interrupted_handler_leaves_its_tick_to_others(app):
    app.create_ticker("beat", interval="1h")

    def interrupted(_tick: Tick) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        app.run_ticker_loop(interrupted)
    assert app.get_ticker("beat").held_until is not None


def test_a_sync_loop_refuses_an_async_handler(app):
    async def handle(tick: Tick) -> None: ...

    with pytest.raises(InvalidValueError, match="use AsyncRowlock"):
        app.run_ticker_loop(handle)
    for wrong in (print.__class__, lambda: None, 5):
        with pytest.raises(InvalidValueError, match="handler"):
            app.run_ticker_loop(wrong if wrong != print.__class__ else "x")


@pytest.mark.parametrize("is_async", [True, False])
async def test_an_async_loop_handles_ticks_and_ends_when_cancelled(backend, is_async):
    got: list[Tick] = []

    async def handle(tick: Tick) -> None:
        got.append(tick)

    async with AsyncRowlock(backend.url) as app:
        await app.create_ticker("beat", interval="20ms")
        loop = asyncio.create_task(
            app.run_ticker_loop(handle if is_async else got.append, poll="20ms")
        )
        await until(lambda: len(got) >= 3)
        loop.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loop
    assert len({tick.at for tick in got}) == len(got)


async def test_an_async_loop_survives_a_handler_that_exits(backend):
    stop = asyncio.Event()

    async def leave(_tick: Tick) -> None:
        stop.set()
        raise SystemExit(3)

    async with AsyncRowlock(backend.url) as app:
        await app.create_ticker("beat", interval="20ms")
        await app.run_ticker_loop(leave, stop=stop)
        assert (await app.get_ticker("beat")).held_until is None


def test_a_ticker_is_declared_once(app):
    @app.ticker("beat", every="1h")
    def beat(tick: Tick) -> str:
        return tick.name

    assert beat(Tick(name="x", at=datetime.now(UTC), payload=1)) == "x"
    with pytest.raises(DuplicateTickerError):
        app.ticker("Beat")(beat)


@pytest.mark.parametrize(
    ("name", "given", "handler"),
    [
        ("1x", {}, print),
        ("beat", {"every": 0}, print),
        ("beat", {"payload": {1}}, print),
        ("beat", {"queue": ""}, lambda: None),
        ("beat", {}, "no function"),
    ],
)
def test_a_declaration_is_checked_when_it_is_made(app, name, given, handler):
    with pytest.raises(InvalidValueError):
        app.ticker(name, **given)(handler)
    assert app.core.extensions.tickers == {}


def test_the_payload_of_a_ticker_is_checked_before_it_is_stored(app):
    deep: Any = 1
    for _ in range(31):
        deep = [deep]
    with pytest.raises(PayloadError):
        app.create_ticker("beat", payload=deep)
    assert count(app, "ticker") == 0
    assert is_empty(app)


@pytest.mark.parametrize("namespace", ["rowlock", "pgqueue"])
def test_the_system_s_namespace_is_reserved(backend, namespace):
    with pytest.raises(InvalidValueError, match="reserved"):
        Rowlock(backend.url, namespace=namespace)
