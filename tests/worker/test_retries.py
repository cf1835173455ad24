"""Failed attempts: how often, how much later, and what is on record."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rowlock import Attempt, Backoff, Context, RetryPolicy, TaskState, Worker
from tests.worker.steps import claim_elsewhere, lose_leases, run_again, waits

MINUTE = timedelta(minutes=1)
BASE = 2 * MINUTE


@pytest.fixture
def boom(app):
    """A definition that always fails."""

    @app.task
    def boom() -> None:
        raise ValueError("boom")

    return boom


def waited(app, task) -> list[float]:
    """How many minutes a task that always fails waits after each of its runs."""
    minutes = []
    Worker(app).run_once()
    while not (found := app.get_task(task)).state.is_final:
        minutes.append(round(waits(found, app.attempts(task)[-1]) / 60, 1))
        run_again(app)
    return minutes


@pytest.mark.parametrize(
    ("backoff", "minutes"),
    [
        ("fixed", [2, 2, 2, 2]),
        ("linear", [2, 4, 6, 8]),
        ("quadratic", [2, 8, 18, 32]),
        ("exponential", [2, 4, 8, 16]),
    ],
)
def test_each_policy_waits_as_it_says(app, boom, backoff, minutes):
    """C150."""
    policy = RetryPolicy(backoff=Backoff(backoff), base=BASE, jitter=False)
    task = boom.options(max_attempts=5, retry=policy).enqueue()
    assert waited(app, task) == minutes
    assert app.get_task(task).attempt == 5


def test_three_runs_with_quadratic_waits(app, boom):
    """C109: retries 3, delay 2 min: +2 min, +8 min, then failed; 3 executions."""
    policy = RetryPolicy(backoff=Backoff.QUADRATIC, base=BASE, jitter=False)
    task = boom.options(max_attempts=3, retry=policy).enqueue()
    assert waited(app, task) == [2, 8]
    assert (app.get_task(task).state, app.get_task(task).attempt) == (TaskState.FAILED, 3)


def test_a_cap_bounds_the_wait(app, boom):
    """C150."""
    policy = RetryPolicy(backoff=Backoff.EXPONENTIAL, base=BASE, cap=5 * MINUTE, jitter=False)
    task = boom.options(max_attempts=5, retry=policy).enqueue()
    assert waited(app, task) == [2, 4, 5, 5]


def test_jitter_waits_at_most_as_long(app, boom):
    """C150."""
    policy = RetryPolicy(backoff=Backoff.FIXED, base=10 * MINUTE, jitter=True)
    task = boom.options(max_attempts=9, retry=policy).enqueue()
    minutes = waited(app, task)
    assert all(0 <= one <= 10 for one in minutes)
    assert len(set(minutes)) > 1


def test_a_policy_of_none_never_retries(app, boom):
    """C150."""
    task = boom.options(max_attempts=9, retry="none").enqueue()
    assert Worker(app).run_once() == 1
    assert (app.get_task(task).state, app.get_task(task).attempt) == (TaskState.FAILED, 1)


def test_an_immediate_policy_does_not_wait(app, boom):
    """C150."""
    task = boom.options(max_attempts=3, retry="immediate").enqueue()
    assert Worker(app).run_once() == 3
    assert app.get_task(task).state is TaskState.FAILED


@pytest.mark.parametrize("runs", [1, 2, 4])
def test_max_attempts_counts_runs(app, boom, runs):
    """C93, C135, C113: translated from each seed's counter at the edge."""
    task = boom.options(max_attempts=runs, retry="immediate").enqueue()
    assert Worker(app).run_once() == runs
    found = app.get_task(task)
    assert (found.state, found.attempt, found.error.message) == (TaskState.FAILED, runs, "boom")


def test_four_runs_are_the_default(app, boom):
    """C93."""
    task = boom.options(retry="immediate").enqueue()
    assert Worker(app).run_once() == 4
    assert app.get_task(task).state is TaskState.FAILED


def test_a_waiting_retry_shows_its_error_and_can_be_claimed_again(app, boom):
    """C94."""
    task = boom.options(retry="fixed").enqueue()
    Worker(app).run_once()
    found = app.get_task(task)
    assert (found.state, found.attempt, found.started_at) == (TaskState.RETRYING, 1, None)
    assert found.error.message == "boom"
    assert app.list_tasks(states=("retry",)) == [found]
    assert run_again(app) == 1


def test_a_waiting_retry_takes_no_slot(app, boom):
    """C101."""
    boom.options(retry="fixed").enqueue()
    other = app.task(alias="fine")(lambda: "fine").enqueue()
    assert Worker(app, concurrency=1).run_once() == 2
    assert app.get_task(other).result == "fine"


def test_each_run_is_on_record(app, boom):
    task = boom.options(max_attempts=3, retry="immediate").enqueue()
    Worker(app, worker_id="me").run_once()
    runs = app.attempts(task)
    assert [(run.attempt, run.outcome, run.worker) for run in runs] == [
        (1, "failed", "me"), (2, "failed", "me"), (3, "failed", "me"),
    ]  # fmt: skip
    assert all(run.started_at <= run.finished_at for run in runs)
    assert [run.error.message for run in runs] == ["boom"] * 3


def test_a_success_after_failures_has_all_runs_on_record(app):
    @app.task(retry="immediate")
    def flaky(ctx: Context) -> int:
        if ctx.attempt < 3:
            raise ValueError(f"try {ctx.attempt}")
        return ctx.attempt

    task = flaky.enqueue()
    assert Worker(app).run_once() == 3
    found = app.get_task(task)
    assert (found.state, found.result, found.error) == (TaskState.SUCCEEDED, 3, None)
    assert [run.outcome for run in app.attempts(task)] == ["failed", "failed", "succeeded"]
    errors = [run.error and run.error.message for run in app.attempts(task)]
    assert errors == ["try 1", "try 2", None]


def test_the_running_attempt_is_on_record(app, boom):
    task = boom.enqueue()
    claim_elsewhere(app)
    [run] = app.attempts(task)
    assert (run.attempt, run.outcome) == (1, "running")
    assert (run.finished_at, run.worker) == (None, "elsewhere")


def test_a_run_that_an_operator_asks_for_keeps_the_record(app, boom):
    """C35: every event stays on record."""
    task = boom.options(max_attempts=1).enqueue()
    Worker(app).run_once()
    app.retry(task, attempts=1)
    Worker(app).run_once()
    assert [run.attempt for run in app.attempts(task)] == [1, 2]
    assert app.get_task(task).state is TaskState.FAILED


def test_the_retry_policy_is_the_tasks_over_the_definitions_over_the_queues(app):
    app.register_queue(
        "default", retry=RetryPolicy(backoff=Backoff.FIXED, base=MINUTE, jitter=False)
    )

    @app.task(alias="plain")
    def plain() -> None:
        raise ValueError

    @app.task(retry=RetryPolicy(backoff=Backoff.FIXED, base=2 * MINUTE, jitter=False))
    def ruled() -> None:
        raise ValueError

    own = RetryPolicy(backoff=Backoff.FIXED, base=3 * MINUTE, jitter=False)
    tasks = [plain.enqueue(), ruled.enqueue(), ruled.options(retry=own).enqueue()]
    Worker(app).run_once()
    found = [(app.get_task(task), app.attempts(task)[-1]) for task in tasks]
    assert [round(waits(task, run) / 60) for task, run in found] == [1, 2, 3]


def test_an_edited_policy_applies_to_waiting_tasks(app, boom):
    task = boom.enqueue()
    app.register_queue(
        "default", retry=RetryPolicy(backoff=Backoff.FIXED, base=MINUTE, jitter=False)
    )
    Worker(app).run_once()
    assert round(waits(app.get_task(task), app.attempts(task)[-1])) == 60


def test_a_crash_is_charged_apart_from_failures(app, boom):
    """C33, C112."""
    task = boom.options(max_attempts=1).enqueue()
    claim_elsewhere(app)
    assert lose_leases(app) == 1
    found = app.get_task(task)
    assert (found.state, found.attempt, found.crashes) == (TaskState.QUEUED, 1, 1)
    assert Worker(app).run_once() == 1
    found = app.get_task(task)
    assert (found.state, found.attempt, found.crashes) == (TaskState.FAILED, 2, 1)
    assert [run.outcome for run in app.attempts(task)] == ["lost", "failed"]
    assert found.error.type == "ValueError"


def test_a_poison_pill_ends_after_three_crashes(app, boom):
    """C33."""
    task = boom.enqueue()
    for _ in range(3):
        claim_elsewhere(app)
        lose_leases(app)
    found = app.get_task(task)
    assert (found.state, found.reason, found.crashes) == (TaskState.FAILED, "crash_loop", 3)
    assert found.error.type == "WorkerLost"
    assert [run.outcome for run in app.attempts(task)] == ["lost", "lost", "failed"]


def test_a_task_can_be_started_at_most_once(app, boom):
    task = boom.options(max_attempts=1, max_crashes=1).enqueue()
    claim_elsewhere(app)
    lose_leases(app)
    assert Worker(app).run_once() == 0
    found = app.get_task(task)
    assert (found.state, found.reason, found.attempt) == (TaskState.FAILED, "crash_loop", 1)


def test_attempts_are_read_only_values(app, boom):
    task = boom.options(max_attempts=1).enqueue()
    Worker(app).run_once()
    [run] = app.attempts(task)
    assert isinstance(run, Attempt)
    with pytest.raises(AttributeError):
        run.attempt = 2  # type: ignore[misc] # what is refused
