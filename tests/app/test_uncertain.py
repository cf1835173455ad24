"""What enqueueing does when a commit is in doubt: the flows, driven by hand."""

from __future__ import annotations

import pytest

from rowlock import Rowlock
from rowlock.app import claiming_flows, enqueuing
from rowlock.app.flow import Pause, Run, Step
from rowlock.definitions.options import NO_OPTIONS, task_options
from rowlock.errors import StorageUnavailableError
from rowlock.model.ids import new_task_id


def doubt() -> StorageUnavailableError:
    return StorageUnavailableError("broke after it was sent", outcome_unknown=True)


def refusal() -> StorageUnavailableError:
    return StorageUnavailableError("refused", outcome_unknown=False)


@pytest.fixture
def core():
    with Rowlock("memory://") as app:
        app.register_queue("default")
        yield app.core


def outcome(core, step: Step):
    """Run what a flow asked for."""
    assert isinstance(step, Run)
    return core.storage.runner.run(step.operation)


def test_an_enqueue_in_doubt_is_sent_again_under_its_id(core):
    flow = enqueuing.enqueue(core, None, 1, NO_OPTIONS)
    first = next(flow)
    lost = outcome(core, first)
    assert isinstance(flow.throw(doubt()), Pause)
    again = next(flow)
    with pytest.raises(StopIteration) as returned:
        flow.send(outcome(core, again))
    assert returned.value.value.id == lost.task.id


def test_an_enqueue_that_was_refused_is_not_sent_again(core):
    flow = enqueuing.enqueue(core, None, 1, NO_OPTIONS)
    next(flow)
    with pytest.raises(StorageUnavailableError) as raised:
        flow.throw(refusal())
    assert not raised.value.outcome_unknown


def test_a_refusal_after_a_doubt_leaves_the_doubt(core):
    flow = enqueuing.enqueue(core, None, 1, NO_OPTIONS)
    next(flow)
    assert isinstance(flow.throw(doubt()), Pause)
    next(flow)
    assert isinstance(flow.throw(refusal()), Pause)


def test_an_enqueue_gives_up_at_last_and_says_that_it_is_in_doubt(core):
    flow = enqueuing.enqueue(core, None, 1, NO_OPTIONS)
    next(flow)
    flow.throw(doubt())
    for _ in range(enqueuing.MAX_TRIES - 2):
        next(flow)
        assert isinstance(flow.throw(refusal()), Pause)
    next(flow)
    with pytest.raises(StorageUnavailableError) as raised:
        flow.throw(refusal())
    assert raised.value.outcome_unknown


def test_a_bulk_in_doubt_that_was_stored_returns_its_ids(core):
    flow = enqueuing.enqueue_many(core, None, range(5), NO_OPTIONS)
    ids = list(outcome(core, next(flow)))
    assert isinstance(flow.throw(doubt()), Pause)
    look = next(flow)
    assert isinstance(look, Run)
    assert look.reads
    with pytest.raises(StopIteration) as returned:
        flow.send(outcome(core, look))
    assert returned.value.value == ids


def test_a_bulk_in_doubt_that_cannot_be_looked_up_stays_in_doubt(core):
    flow = enqueuing.enqueue_many(core, None, range(5), NO_OPTIONS)
    outcome(core, next(flow))
    assert isinstance(flow.throw(doubt()), Pause)
    next(flow)
    with pytest.raises(StorageUnavailableError) as raised:
        flow.throw(refusal())
    assert raised.value.outcome_unknown


def test_a_bulk_that_was_refused_is_not_looked_up(core):
    flow = enqueuing.enqueue_many(core, None, range(5), NO_OPTIONS)
    next(flow)
    with pytest.raises(StorageUnavailableError):
        flow.throw(refusal())


def test_a_given_id_that_was_replayed_is_the_task(core):
    given = task_options(id=new_task_id())
    flow = enqueuing.enqueue_if_not_exists(core, None, 1, given)
    outcome(core, next(flow))
    flow.throw(doubt())
    with pytest.raises(StopIteration) as returned:
        flow.send(outcome(core, next(flow)))
    assert returned.value.value[0].id == given.id


def claiming(core):
    """A claim by hand up to the step that takes the task."""
    flow = claiming_flows.claim(core, "w", "default", limit=1, lease=None, definitions=None)
    step = flow.send(outcome(core, next(flow)))
    return flow, step


def test_a_claim_whose_answer_was_lost_is_found_by_its_token(core):
    task = outcome(core, next(enqueuing.enqueue(core, None, 1, NO_OPTIONS))).task
    flow, step = claiming(core)
    outcome(core, step)
    again = flow.throw(doubt())
    with pytest.raises(StopIteration) as returned:
        flow.send(outcome(core, again))
    [claimed] = returned.value.value
    assert (claimed.id, claimed.attempt) == (task.id, 1)


def test_a_claim_that_was_refused_is_not_looked_for(core):
    flow, _ = claiming(core)
    with pytest.raises(StorageUnavailableError):
        flow.throw(refusal())
