"""Every run of a task, put together from the task and the record of its earlier runs."""

from __future__ import annotations

from rowlock.model.tasks import Outcome, Task
from rowlock.ops.tasks import attempts_of
from tests.contract.steps import T0, after, back, claim, claimed, done, finish, get, release


def runs(backend, task: Task) -> list[tuple[int, str]]:
    found = backend.read(attempts_of, backend.storage, task)
    return [(run.attempt, run.outcome) for run in found]


def test_the_run_that_goes_on_comes_last(backend):
    one = claimed(backend)
    release(backend, back(one), now=after(1))
    claim(backend, now=after(2))
    assert runs(backend, get(backend, one.id)) == [(1, "failed"), (2, "running")]


def test_the_run_that_ended_the_task_comes_last(backend):
    one = claimed(backend)
    release(backend, back(one), now=after(1))
    [two] = claim(backend, now=after(2))
    finish(backend, done(two), now=after(3))
    assert runs(backend, get(backend, one.id)) == [(1, "failed"), (2, "succeeded")]


def test_a_run_that_is_handed_back_and_its_successor_share_a_number(backend):
    one = claimed(backend)
    release(backend, back(one, Outcome.HANDED_BACK), now=after(1))
    claim(backend, now=after(2))
    assert runs(backend, get(backend, one.id)) == [(1, "handed_back"), (1, "running")]


def test_a_run_that_ends_while_one_looks_is_told_once(backend):
    one = claimed(backend, now=T0)
    seen = get(backend, one.id)
    release(backend, back(one), now=after(1))
    assert runs(backend, seen) == [(1, "failed")]
    [two] = claim(backend, now=after(2))
    release(backend, back(two), now=after(3))
    assert runs(backend, seen) == [(1, "failed"), (2, "failed")]
