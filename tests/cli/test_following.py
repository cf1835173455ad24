"""`watch` and `next-ticker` at a server read its streams, and do without if it has no room."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from rowlock import Rowlock
from rowlock.cli.pacing import LONGEST_PAUSE_SECONDS
from rowlock.client import Client
from rowlock.client.settings import DEFAULT_RETRIES
from rowlock.wire.bodies.work import LogLineBody
from tests.cli.commands import cli, start
from tests.cli.served import GENEROUS, new_token, served

FULL = replace(GENEROUS, streams=0)
SETTLED_SECONDS = 2.5
"""After so long a stream has usually begun, and tells every change."""
QUIET_SECONDS = 3 * LONGEST_PAUSE_SECONDS
PATIENCE_SECONDS = 30.0


@contextmanager
def later(seconds: float, do: Callable[[], object]) -> Generator[None]:
    """Do something a while after the block has begun."""
    timer = threading.Timer(seconds, do)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def requests(caplog: pytest.LogCaptureFixture, beginning: str) -> list[float]:
    """When the server was asked for what begins so."""
    found = (one for one in caplog.records if one.getMessage().startswith(beginning))
    return [one.created for one in found]


def test_a_task_is_looked_at_when_something_becomes_of_it(url, caplog):
    caplog.set_level(logging.INFO, logger="rowlock.http")
    quiet: list[bool] = []
    with closing(Rowlock(url)) as app, served(url) as server:
        task = app.enqueue(None, 1, delay="1h")
        env = server.at("tasks:read", "payload:read")

        def end() -> None:
            """Cancel the task once nobody asks for it any more."""
            until, asked = time.time() + PATIENCE_SECONDS, time.time()
            while time.time() - asked < QUIET_SECONDS and time.time() < until:
                time.sleep(0.1)
                asked = max([asked, *requests(caplog, f"GET /api/v1/task/{task.id}")])
            quiet.append(time.time() < until)
            app.cancel(task)

        with later(0.5, end):
            told = cli("watch", str(task.id), env=env)
    assert told.exit_code == 1
    assert [line.split()[1] for line in told.stdout.splitlines()] == ["scheduled", "canceled"]
    assert told.stderr == ""
    assert quiet == [True]


def test_log_lines_of_a_running_task_are_shown_although_no_event_tells_of_them(url):
    with closing(Rowlock(url)) as app, served(url) as server:
        app.enqueue(None, 1, queue="q")
        [claim] = app.claim("w", ["q"], lease="1h")
        text = new_token(url, "tasks:read", "tasks:work", "payload:read")
        # Its end would show the line as well.
        too_late = threading.Timer(PATIENCE_SECONDS, lambda: app.complete(claim, claim.token))
        watch = ("watch", str(claim.id))
        with (
            Client(server.url, text) as client,
            start(*watch, ROWLOCK_SERVER=server.url, ROWLOCK_TOKEN=text) as process,
        ):
            assert process.stdout is not None
            assert "running" in process.stdout.readline()
            time.sleep(SETTLED_SECONDS)
            too_late.start()
            lines = [LogLineBody("a line")]
            client.add_log(claim.id, token=str(claim.token), lines=lines)
            assert "a line" in process.stdout.readline()
            assert too_late.is_alive()
            too_late.cancel()
            app.complete(claim, claim.token)
            assert "succeeded" in process.stdout.readline()
    assert process.returncode == 0


def test_without_a_free_stream_a_task_is_asked_for_and_that_is_said(url, caplog):
    caplog.set_level(logging.INFO, logger="rowlock.http")
    with closing(Rowlock(url)) as app, served(url, FULL) as server:
        task = app.enqueue(None, 1, delay="1h")

        def end() -> None:
            """Cancel the task once the client has given up to ask for a stream."""
            until = time.time() + PATIENCE_SECONDS
            while time.time() < until:
                if len(requests(caplog, "GET /api/v1/events 503")) > DEFAULT_RETRIES:
                    break
                time.sleep(0.1)
            time.sleep(QUIET_SECONDS)
            app.cancel(task)

        with later(0.5, end):
            told = cli("watch", str(task.id), env=server.at("tasks:read"))
    assert told.exit_code == 1
    assert [line.split()[1] for line in told.stdout.splitlines()] == ["scheduled", "canceled"]
    assert "no live events, asking instead: the service is full" in told.stderr


def test_ticks_are_streamed(url, caplog):
    caplog.set_level(logging.INFO, logger="rowlock.http")
    with closing(Rowlock(url)) as app, served(url) as server:
        app.create_ticker("pulse", interval="1s", payload={"n": 1})
        told = cli("next-ticker", "pulse", "--once", env=server.at("tickers:work"))
        assert told.exit_code == 0
        name, _, payload, _ = told.stdout.rstrip().split("\t")
        assert (name, payload, told.stderr) == ("pulse", '{"n": 1}', "")
        assert app.get_ticker("pulse").held_until is None, "it was confirmed"
    assert requests(caplog, "PUT /api/v1/ticker") == []


def test_without_a_free_stream_ticks_are_asked_for_and_that_is_said(url):
    with closing(Rowlock(url)) as app, served(url, FULL) as server:
        app.create_ticker("pulse", interval="1s")
        told = cli("next-ticker", "pulse", "--once", env=server.at("tickers:work"))
        assert told.exit_code == 0
        assert told.stdout.startswith("pulse\t")
        assert "no stream, asking every 1 s instead: the service is full" in told.stderr
        assert app.get_ticker("pulse").held_until is None
