"""Contract: whatever is done in whatever order, storage and a small model of it agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rowlock.errors import DuplicateTaskError
from rowlock.model.ids import new_task_id, new_token
from rowlock.model.states import TaskState
from rowlock.model.tasks import Finish, Held, Outcome, Release, TaskFilter
from tests.contract import steps
from tests.support.backends import Backend, empty_tables

QUEUES = ("a", "b")
FINAL = {"succeeded", "failed", "canceled", "expired"}
LEASE = timedelta(seconds=30)


@dataclass
class Model:
    """What a task should be."""

    id: UUID
    queue: str
    state: str
    run_at: datetime
    priority: int
    key: str | None
    expires_at: datetime | None
    attempt: int = 0
    max_attempts: int = 3
    crashes: int = 0
    max_crashes: int = 2
    token: UUID | None = None
    lease_until: datetime | None = None
    cancel_requested: bool = False
    finished_at: datetime | None = None
    ran: bool = False
    settled: set[UUID] = field(default_factory=set)
    attempts: int = 0

    def shown(self, now: datetime) -> str:
        if self.state in {"queued", "scheduled"} and self.expires_at and self.expires_at <= now:
            return "expired"
        return "retrying" if self.state == "scheduled" and self.attempt else self.state

    def end(self, state: str, now: datetime) -> None:
        self.ran = self.token is not None
        self.state, self.finished_at = state, now
        self.token = self.lease_until = None
        self.cancel_requested = False

    def wait(self, state: str) -> None:
        self.state, self.token, self.lease_until = state, None, None
        self.attempts += 1


class StorageMachine(RuleBasedStateMachine):
    """Drives a backend and the model side by side."""

    claims: Bundle[tuple[UUID, UUID]] = Bundle("claims")

    def __init__(self, backend: Backend) -> None:
        super().__init__()
        self.backend = backend
        self.tasks: dict[UUID, Model] = {}
        self.known: list[UUID] = []
        self.now = steps.T0

    @initialize()
    def begin(self) -> None:
        empty_tables(self.backend.storage)

    def live(self) -> list[Model]:
        return [task for task in self.tasks.values() if task.state not in FINAL]

    def holder(self, key: str | None) -> Model | None:
        return next((task for task in self.live() if key and task.key == key), None)

    @rule(seconds=st.sampled_from([0.001, 1, 10, 31, 100]))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(
        queue=st.sampled_from(QUEUES),
        priority=st.integers(-2, 2),
        delay=st.sampled_from([None, 5, 50]),
        lifetime=st.sampled_from([None, 20]),
        key=st.sampled_from([None, None, "k", "l"]),
    )
    def enqueue(self, queue, priority, delay, lifetime, key) -> None:
        task_id = new_task_id()
        self.insert(task_id, queue, priority, delay, lifetime, key, replayed=False)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def replay(self, data) -> None:
        task_id = data.draw(st.sampled_from(self.known))
        self.insert(task_id, "a", 0, None, None, None, replayed=True)

    def insert(self, task_id, queue, priority, delay, lifetime, key, *, replayed) -> None:
        task = steps.new(
            id=task_id,
            queue=queue,
            priority=priority,
            delay=None if delay is None else timedelta(seconds=delay),
            lifetime=None if lifetime is None else timedelta(seconds=lifetime),
            unique_key=key,
            max_crashes=2,
        )
        expected = set()
        if task_id not in self.tasks and not self.holder(key):
            expected = {task_id}
            due = self.now + timedelta(seconds=delay or 0)
            self.tasks[task_id] = Model(
                id=task_id,
                queue=queue,
                state="scheduled" if due > self.now else "queued",
                run_at=due,
                priority=priority,
                key=key,
                expires_at=due + timedelta(seconds=lifetime) if lifetime else None,
            )
            self.known.append(task_id)
        assert steps.insert(self.backend, task, now=self.now, replayed=replayed) == expected

    @rule(target=claims, queue=st.sampled_from(QUEUES), limit=st.integers(1, 3))
    def claim(self, queue, limit):
        ready = [
            task for task in self.live()
            if (task.queue, task.state) == (queue, "queued") and task.shown(self.now) == "queued"
        ]  # fmt: skip
        ready.sort(key=lambda task: (-task.priority, task.run_at, task.id))
        token = new_token()
        taken = steps.claim(self.backend, queue=queue, limit=limit, token=token, now=self.now)
        assert [one.id for one in taken] == [task.id for task in ready[:limit]]
        for task, one in zip(ready[:limit], taken, strict=True):
            task.state, task.token, task.lease_until = "running", token, self.now + LEASE
            task.attempt += 1
            task.expires_at = None
            assert (one.attempt, one.crashes) == (task.attempt, task.crashes)
        return multiple(*((one.id, token) for one in taken))

    def expected_answer(self, task_id: UUID, token: UUID) -> set[UUID]:
        task = self.tasks.get(task_id)
        known = task is not None and (task.token == token or token in task.settled)
        return {task_id} if known else set()

    @rule(claim=claims, state=st.sampled_from(sorted(FINAL)), wrong=st.booleans())
    def finish(self, claim, state, wrong) -> None:
        task_id, token = claim[0], new_token() if wrong else claim[1]
        expected = self.expected_answer(task_id, token)
        end = Finish(task_id, token, TaskState(state))
        assert steps.finish(self.backend, end, now=self.now) == expected
        task = self.tasks.get(task_id)
        if task is not None and task.token == token:
            task.end(state, self.now)
            task.settled.add(token)

    @rule(
        claim=claims,
        outcome=st.sampled_from([Outcome.FAILED, Outcome.SNOOZED, Outcome.HANDED_BACK]),
        delay=st.sampled_from([None, 5]),
        wrong=st.booleans(),
    )
    def release(self, claim, outcome, delay, wrong) -> None:
        task_id, token = claim[0], new_token() if wrong else claim[1]
        expected = self.expected_answer(task_id, token)
        wait = None if delay is None else timedelta(seconds=delay)
        end = Release(task_id, token, outcome, wait)
        assert steps.release(self.backend, end, now=self.now) == expected
        task = self.tasks.get(task_id)
        if task is None or task.token != token:
            return
        task.settled.add(token)
        if task.cancel_requested:
            task.end("canceled", self.now)
            return
        task.attempt -= outcome is not Outcome.FAILED
        task.run_at = task.run_at if wait is None else self.now + wait
        task.wait("queued" if wait is None else "scheduled")

    @rule(claim=consumes(claims))
    def forget(self, claim) -> None:
        """A worker dies and says nothing more."""

    @rule(claim=claims)
    def heartbeat(self, claim) -> None:
        task_id, token = claim
        task = self.tasks.get(task_id)
        expected = (False, False)
        if task is not None and task.token == token:
            task.lease_until = self.now + LEASE
            expected = (True, task.cancel_requested)
        [pulse] = steps.renew(self.backend, Held(task_id, token, LEASE), now=self.now)
        assert (pulse.held, pulse.cancel_requested) == expected

    @rule(grace=st.sampled_from([0, 15]))
    def rescue(self, grace) -> None:
        limit = self.now - timedelta(seconds=grace)
        lost = [task for task in self.live() if task.lease_until and task.lease_until < limit]
        final = {}
        for task in lost:
            task.crashes += 1
            final[task.id] = task.cancel_requested or task.crashes >= task.max_crashes
            if final[task.id]:
                task.end("canceled" if task.cancel_requested else "failed", self.now)
            else:
                task.wait("queued")
        grace = timedelta(seconds=grace)
        rescued = steps.rescue(self.backend, now=self.now, grace=grace)
        assert {one.id: one.final for one in rescued} == final

    @rule()
    def promote(self) -> None:
        due = [t for t in self.live() if t.state == "scheduled" and t.run_at <= self.now]
        for task in due:
            task.state = "queued"
        promoted = steps.promote(self.backend, now=self.now)
        assert sorted(promoted) == sorted(("default", task.queue) for task in due)

    @rule()
    def expire(self) -> None:
        late = [task for task in self.live() if task.shown(self.now) == "expired"]
        for task in late:
            task.end("expired", self.now)
        assert steps.expire(self.backend, now=self.now) == len(late)

    @precondition(lambda self: self.known)
    @rule(data=st.data(), force=st.booleans())
    def cancel(self, data, force) -> None:
        task_id = data.draw(st.sampled_from(self.known))
        task = self.tasks.get(task_id)
        operate, run = self.backend.storage.operate, self.backend.run
        waits = task is not None and task.state in {"queued", "scheduled"}
        runs = task is not None and task.state == "running"
        if force:
            done = run(operate.cancel_running, "default", task_id, reason="f", now=self.now)
            assert done is runs
        else:
            done = run(operate.cancel_waiting, "default", task_id, reason="c", now=self.now)
            assert done is waits
            assert run(operate.request_cancel, "default", task_id) is runs
        if done and task is not None:
            task.end("canceled", self.now)
        elif runs and task is not None:
            task.cancel_requested = True

    @precondition(lambda self: self.known)
    @rule(data=st.data(), attempts=st.integers(1, 3))
    def retry(self, data, attempts) -> None:
        task_id = data.draw(st.sampled_from(self.known))
        task = self.tasks.get(task_id)
        if task is None or task.state not in FINAL:
            assert not steps.retry(self.backend, task_id, attempts=attempts, now=self.now)
            return
        if holder := self.holder(task.key):
            with pytest.raises(DuplicateTaskError) as refused:
                steps.retry(self.backend, task_id, attempts=attempts, now=self.now)
            assert refused.value.task_id == holder.id
            return
        assert steps.retry(self.backend, task_id, attempts=attempts, now=self.now)
        task.attempts += task.ran
        task.state, task.run_at, task.finished_at = "queued", self.now, None
        task.expires_at, task.crashes = None, 0
        task.max_attempts = task.attempt + attempts

    @rule(queue=st.sampled_from(QUEUES), age=st.sampled_from([0, 40]))
    def prune(self, queue, age) -> None:
        limit = self.now - timedelta(seconds=age)
        old = [
            task.id for task in self.tasks.values()
            if task.queue == queue and task.finished_at and task.finished_at < limit
        ]  # fmt: skip
        for task_id in old:
            del self.tasks[task_id]
        plan = self.backend.storage.upkeep.prune_history
        age = timedelta(seconds=age)
        pruned = self.backend.run(plan, "default", queue, older_than=age, limit=1000, now=self.now)
        assert pruned == len(old)

    @invariant()
    def storage_shows_what_the_model_says(self) -> None:
        reads = self.backend.storage.reads
        stored = self.backend.read(
            reads.list_tasks, "default", TaskFilter(), limit=10_000, now=self.now
        )
        shown = {
            task.id: (
                task.state.value, task.attempt, task.crashes, task.max_attempts, task.run_at,
                task.lease_until, task.finished_at, task.cancel_requested, task.expires_at,
            )
            for task in stored
        }  # fmt: skip
        assert shown == {
            task.id: (
                task.shown(self.now), task.attempt, task.crashes, task.max_attempts, task.run_at,
                task.lease_until, task.finished_at, task.cancel_requested, task.expires_at,
            )
            for task in self.tasks.values()
        }  # fmt: skip

    def teardown(self) -> None:
        for task_id in self.known:
            expected = self.tasks[task_id].attempts if task_id in self.tasks else 0
            assert len(steps.attempts(self.backend, task_id)) == expected


@pytest.mark.parametrize(
    ("backend", "examples"),
    [("memory", 40), ("postgres", 12), ("mariadb", 8)],
    indirect=["backend"],
)
def test_storage_and_model_agree(backend, examples):
    run_state_machine_as_test(
        lambda: StorageMachine(backend),  # type: ignore[arg-type] # made anew each time
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
