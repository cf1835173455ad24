"""Contract: hints for sleeping workers. Within a process they arrive; in a plan they do no harm."""

from __future__ import annotations

from tests.support.backends import sql_plan


def announce_and_read(storage, *queues: str, coalesce: bool = True):
    yield from storage.wakeups.announce("default", queues, coalesce=coalesce)
    return (yield from sql_plan("SELECT count(*) FROM rowlock_queue")).rows[0][0]


def test_an_announcement_is_part_of_a_plan_on_every_engine(backend):
    for coalesce in (True, False):
        assert backend.run(announce_and_read, backend.storage, "a", "b", coalesce=coalesce) == 0


def test_everybody_who_listens_here_is_told(backend):
    wakeups, told = backend.storage.wakeups, []
    first = wakeups.subscribe(lambda *where: told.append((1, *where)))
    second = wakeups.subscribe(lambda *where: told.append((2, *where)))
    wakeups.wake_here("theirs", "emails")
    first()
    second()
    assert {(1, "theirs", "emails"), (2, "theirs", "emails")} <= set(told)


def test_who_ceased_to_listen_is_told_nothing(backend):
    wakeups, told, others = backend.storage.wakeups, [], []
    cease = wakeups.subscribe(lambda *where: told.append(where))
    rest = wakeups.subscribe(lambda *where: others.append(where))
    cease()
    cease()
    told.clear()
    wakeups.wake_here("default", "emails")
    rest()
    assert told == []
    assert ("default", "emails") in others


def test_listening_can_begin_again(backend):
    wakeups, told = backend.storage.wakeups, []
    for _ in range(3):
        cease = wakeups.subscribe(lambda *where: told.append(where))
        wakeups.wake_here("default", "emails")
        cease()
    assert told.count(("default", "emails")) == 3


def test_whoever_waits_looks_again_in_time(backend):
    wakeups = backend.storage.wakeups
    assert 0 < wakeups.poll_seconds <= 5
    assert all(0 < seconds < wakeups.poll_seconds for seconds in wakeups.second_looks)
