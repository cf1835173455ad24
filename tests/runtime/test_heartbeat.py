"""Renewing leases on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from rowlock.errors import StorageUnavailableError
from rowlock.model.tasks import Held, Pulse
from rowlock.runtime.attempt import RunningAttempt, monotonic
from rowlock.runtime.heartbeat import Heartbeat
from tests.runtime.claims import attempt


class Source:
    """Renews as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Sequence[Held]] = []
        self.held = True
        self.cancel = False
        self.error: Exception | None = None
        self.is_only_way = True

    def renew(self, held: Sequence[Held]) -> list[Pulse]:
        self.asked.append(held)
        if self.error is not None:
            raise self.error
        return [Pulse(one.id, self.held, self.cancel) for one in held]


class Told:
    """What the heartbeat said."""

    def __init__(self) -> None:
        self.lost: list[RunningAttempt] = []
        self.canceled: list[RunningAttempt] = []
        self.died = threading.Event()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def told() -> Told:
    return Told()


def heartbeat(source: Source, told: Told, *held: RunningAttempt) -> Heartbeat:
    return Heartbeat(
        source,  # type: ignore[arg-type] # all that it asks for
        lambda: list(held),
        on_lost=told.lost.append,
        on_cancel=told.canceled.append,
        on_death=lambda _: told.died.set(),
    )


def test_a_fresh_claim_is_not_renewed(source, told):
    heartbeat(source, told, attempt(lease=30, claimed_ago=9)).beat()
    assert source.asked == []


def test_a_claim_is_renewed_after_a_third_of_its_lease(source, told):
    running = attempt(lease=30, claimed_ago=11)
    heartbeat(source, told, running).beat()
    [[held]] = source.asked
    assert (held.id, held.token) == (running.claim.id, running.claim.token)
    assert running.lost_after > monotonic() + 29


def test_all_that_is_due_is_renewed_at_once(source, told):
    running = [attempt(lease=30, claimed_ago=11) for _ in range(5)]
    heartbeat(source, told, *running).beat()
    assert [len(asked) for asked in source.asked] == [5]


def test_a_claim_that_is_not_held_any_more_is_told(source, told):
    source.held = False
    running = attempt(lease=30, claimed_ago=11)
    heartbeat(source, told, running).beat()
    assert told.lost == [running]


def test_a_request_to_cancel_is_told(source, told):
    source.cancel = True
    running = attempt(lease=30, claimed_ago=11)
    heartbeat(source, told, running).beat()
    assert (told.canceled, told.lost) == ([running], [])


def test_an_outage_is_survived_while_the_lease_lasts(source, told):
    source.error = StorageUnavailableError("gone")
    running = attempt(lease=30, claimed_ago=11)
    beating = heartbeat(source, told, running)
    beating.beat()
    source.error = None
    beating.beat()
    assert (told.lost, len(source.asked)) == ([], 2)


def test_a_claim_that_could_not_be_renewed_in_time_counts_as_lost(source, told, monkeypatch):
    monkeypatch.setattr("rowlock.runtime.heartbeat.REFUSED_SECONDS", 0.0)
    source.error = StorageUnavailableError("gone")
    running = attempt(lease=30, claimed_ago=31)
    heartbeat(source, told, running).beat()
    assert told.lost == [running]


def test_a_late_renewal_that_still_holds_is_not_lost(source, told):
    running = attempt(lease=30, claimed_ago=31)
    heartbeat(source, told, running).beat()
    assert told.lost == []


def test_a_claim_whose_renewal_is_refused_at_once_is_not_given_up(source, told):
    """The database that refuses ours refuses the rescue of others too."""
    source.error = StorageUnavailableError("gone")
    heartbeat(source, told, attempt(lease=30, claimed_ago=31)).beat()
    assert told.lost == []


def test_a_claim_whose_renewal_a_server_refuses_is_lost_with_its_lease(source, told):
    """Others may reach the database without it."""
    source.error, source.is_only_way = StorageUnavailableError("gone"), False
    late, early = attempt(lease=30, claimed_ago=31), attempt(lease=30, claimed_ago=11)
    heartbeat(source, told, late, early).beat()
    assert told.lost == [late]


def test_a_heartbeat_that_dies_says_so(source, told, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    source.error = ZeroDivisionError()
    beating = heartbeat(source, told, attempt(lease=1, claimed_ago=1))
    beating.start()
    assert told.died.wait(10)
    assert beating._thread is not None
    beating._thread.join(10)


def test_a_stopped_heartbeat_beats_no_more(source, told):
    beating = heartbeat(source, told, attempt(lease=0.5))
    beating.start()
    beating.stop()
    assert beating._thread is not None
    beating._thread.join(10)
    assert not beating._thread.is_alive()
