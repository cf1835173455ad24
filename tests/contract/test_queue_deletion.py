"""What holds of a queue that is being deleted, on every engine."""

from __future__ import annotations

import pytest

from rowlock.errors import QueueBusyError, QueueNotFoundError
from rowlock.model.changes import NOBODY
from rowlock.model.queues import Queue, QueuePolicy
from rowlock.ops import queue_deletion
from rowlock.ops.queue_deletion import Purge, purge_batch, start_deletion
from rowlock.storage.deletion_contract import Deletion
from tests.contract.steps import (
    T0,
    after,
    back,
    claim,
    done,
    finish,
    found,
    get,
    ids,
    insert,
    listed,
    new,
    release,
    renew,
    seconds,
    state_of,
)
from tests.contract.steps import held as held_by
from tests.support.backends import Backend

LARGE = '{"a":"' + "x" * 3_000 + '"}'


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_deletion, "BATCH", 2)


def ensure(backend: Backend, name: str = "default", namespace: str = "default") -> Queue:
    return backend.run(backend.storage.queues.ensure_queue, namespace, name)


def queue_names(backend: Backend) -> list[tuple[str, str]]:
    queues = backend.read(backend.storage.queues.list_queues, None)
    return [(queue.namespace, queue.name) for queue in queues]


def start(backend: Backend, name: str = "default", *, force=False, now=T0) -> Deletion:
    _, deletion = backend.run(
        start_deletion, backend.storage, "default", name, force=force, by=NOBODY, now=now
    )
    return deletion


def purge(backend: Backend, deletion: Deletion) -> bool:
    """Delete all that has to go; returns whether the queue is gone."""
    state = Purge(deletion)
    while not state.over:
        state = backend.run(purge_batch, backend.storage, state)
    return state.ended


def rows(backend: Backend, table: str) -> int:
    count: int = backend.execute(f"SELECT count(*) FROM rowlock_{table}").rows[0][0]  # noqa: S608
    return count


def test_a_queue_goes_with_all_of_its_tasks_and_what_belongs_to_them(backend, one_of_each):
    ensure(backend)
    insert(backend, *(new(payload=LARGE) for _ in range(3)))
    [retried] = claim(backend, limit=1)
    release(backend, back(retried))
    deletion = start(backend, force=True)
    assert purge(backend, deletion) is True
    assert queue_names(backend) == []
    assert [found(backend, task_id) for task_id in one_of_each] == [None] * len(one_of_each)
    for table in ("task", "history", "attempt", "payload", "log", "pause"):
        assert rows(backend, table) == 0, table


def test_other_queues_and_namespaces_stay(backend):
    ensure(backend)
    ensure(backend, "other")
    ensure(backend, namespace="elsewhere")
    mine, other, elsewhere = new(), new(queue="other"), new()
    insert(backend, mine, other)
    insert(backend, elsewhere, namespace="elsewhere")
    [ended] = claim(backend, queue="other")
    finish(backend, done(ended))
    assert purge(backend, start(backend)) is True
    assert queue_names(backend) == [("default", "other"), ("elsewhere", "default")]
    assert found(backend, mine.id) is None
    assert found(backend, other.id) is not None
    assert found(backend, elsewhere.id, namespace="elsewhere") is not None


def test_nothing_is_claimed_from_a_queue_that_is_being_deleted(backend):
    ensure(backend)
    insert(backend, new())
    start(backend)
    assert claim(backend) == []
    [queue] = backend.read(backend.storage.queues.list_queues, None)
    assert (queue.paused, queue.pause_reason) == (True, "being deleted")


def test_a_queue_of_which_tasks_run_is_not_deleted(backend):
    ensure(backend)
    insert(backend, new(), new())
    [one] = claim(backend)
    with pytest.raises(QueueBusyError) as raised:
        start(backend)
    assert (raised.value.queue, raised.value.running) == ("default", 1)
    assert renew(backend, held_by(one))[0].held
    assert len(claim(backend)) == 1


def test_by_force_holders_find_their_tasks_gone(backend):
    ensure(backend)
    insert(backend, new())
    [one] = claim(backend)
    start(backend, force=True)
    assert not renew(backend, held_by(one))[0].held
    assert finish(backend, done(one)) == set()
    assert release(backend, back(one)) == set()
    assert found(backend, one.id) is None


def test_what_was_claimed_at_that_moment_is_left_to_its_holder(backend):
    ensure(backend)
    insert(backend, new(), new())
    deletion = start(backend)
    backend.execute("UPDATE rowlock_queue SET paused = false")
    [one] = claim(backend)
    assert purge(backend, deletion) is False
    assert listed(backend) == [one.id]
    assert finish(backend, done(one)) == {one.id}
    assert purge(backend, deletion) is True
    assert found(backend, one.id) is None


def test_what_is_enqueued_meanwhile_stays_in_a_queue_as_new(backend):
    own = QueuePolicy(max_attempts=9)
    backend.run(backend.storage.queues.update_queue, "default", "default", own)
    old, later = new(), new()
    insert(backend, old)
    deletion = start(backend, now=after(1))
    insert(backend, later, now=after(2))
    assert claim(backend, now=after(3)) == []
    assert purge(backend, deletion) is True
    assert listed(backend) == [later.id]
    [queue] = backend.read(backend.storage.queues.list_queues, None)
    assert (queue.paused, queue.pause_reason, queue.created_at) == (False, None, after(1))
    assert queue.policy == QueuePolicy()
    assert ids(claim(backend, now=after(3))) == [later.id]


def test_what_was_enqueued_meanwhile_and_is_finished_stays_too(backend):
    ensure(backend)
    deletion = start(backend, now=after(1))
    insert(backend, new(), now=after(2))
    backend.execute("UPDATE rowlock_queue SET paused = false")
    [one] = claim(backend, now=after(3))
    finish(backend, done(one), now=after(4))
    assert purge(backend, deletion) is True
    assert get(backend, one.id).id == one.id
    assert queue_names(backend) == [("default", "default")]


def test_a_second_deletion_takes_what_came_after_the_first(backend):
    ensure(backend)
    insert(backend, new(), now=T0)
    first = start(backend, now=after(1))
    insert(backend, new(), now=after(2))
    second = start(backend, now=after(3))
    assert purge(backend, first) is False
    assert purge(backend, second) is True
    assert (listed(backend), queue_names(backend)) == ([], [])


def test_a_deletion_that_has_ended_is_no_more(backend):
    ensure(backend)
    deletion = start(backend)
    assert purge(backend, deletion) is True
    assert purge(backend, deletion) is False
    assert backend.read(backend.storage.deletions.list_deletions) == []


def test_deletions_are_listed_of_all_namespaces(backend):
    ensure(backend)
    ensure(backend, "other")
    ensure(backend, namespace="elsewhere")
    deletion = start(backend)
    assert backend.read(backend.storage.deletions.list_deletions) == [deletion]
    of = backend.storage.deletions.deletion_of
    assert backend.read(of, "default", "default") == deletion
    assert backend.read(of, "default", "other") is None
    assert backend.read(of, "elsewhere", "default") is None


def test_a_unique_key_is_free_once_its_task_is_gone(backend):
    ensure(backend)
    insert(backend, new(unique_key="k"))
    purge(backend, start(backend))
    again = new(unique_key="k")
    assert insert(backend, again) == {again.id}


def test_scheduled_and_retrying_tasks_go(backend):
    ensure(backend)
    insert(backend, new(delay=seconds(60)))
    insert(backend, new())
    [one] = claim(backend)
    release(backend, back(one, delay=seconds(60)))
    assert state_of(backend, one.id).value == "retrying"
    assert purge(backend, start(backend)) is True
    assert listed(backend) == []


def test_a_queue_that_is_not_there_is_not_deleted(backend):
    with pytest.raises(QueueNotFoundError):
        start(backend)
