"""The checker accepts what may happen to a task, and finds each thing that may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.checker import (
    Answer,
    Asked,
    AttemptRow,
    Claimed,
    History,
    Ran,
    TaskRow,
    check,
    counts,
)


def eventful() -> History:
    """A task whose first claim froze, whose second failed, whose third succeeded.

    The frozen one comes back with its end and is refused. Another task was handed back once,
    and a third took its workers down until it was given up.
    """
    return History(
        acknowledged=["a", "b", "c"],
        claims=[
            Claimed("a", "a1", 1, 10),
            Claimed("a", "a2", 2, 20),
            Claimed("a", "a3", 3, 30),
            Claimed("b", "b1", 1, 10),
            Claimed("b", "b2", 1, 20),
            Claimed("c", "c1", 1, 10),
        ],
        starts=[
            Ran("a", "a1", True),
            Ran("a", "a2", True),
            Ran("a", "a3", True),
            Ran("b", "b2", True),
        ],
        ends=[
            Ran("a", "a1", True),
            Ran("a", "a2", False),
            Ran("a", "a3", True),
            Ran("b", "b2", True),
        ],
        asked=[
            Asked("a", "a1", True, "succeeded"),
            Asked("a", "a2", False, "failed"),
            Asked("a", "a3", True, "succeeded"),
            Asked("b", "b1", False, "handed_back"),
            Asked("b", "b2", True, "succeeded"),
        ],
        answers=[
            Answer("a", "a2", False, "failed", True),
            Answer("a", "a3", True, "succeeded", True),
            Answer("a", "a1", True, "succeeded", False),
            Answer("b", "b1", False, "handed_back", True),
            Answer("b", "b2", True, "succeeded", True),
        ],
        tasks=[
            TaskRow("a", "succeeded", 3, 1, 4, "a3", None, True),
            TaskRow("b", "succeeded", 1, 0, 4, "b2", None, True),
            TaskRow("c", "failed", 1, 1, 4, None, "crash_loop", True),
        ],
        attempts=[
            AttemptRow("a", "a1", 1, "lost", 10),
            AttemptRow("a", "a2", 2, "failed", 20),
            AttemptRow("b", "b1", 1, "handed_back", 10),
        ],
    )


def rules_broken(history: History) -> set[str]:
    return {violation.rule for violation in check(history)}


def test_what_may_happen_is_accepted():
    assert check(eventful()) == []


def test_figures_are_counted():
    expected = {"tasks": 3, "claims": 6, "starts": 4, "ends": 4, "retried": 1, "rescued": 2}
    expected |= {"refused": 1, "lost": 0, "double": 0, "stale": 0, "violations": 0}
    assert counts(eventful()) == expected


def test_an_end_may_be_asked_and_confirmed_twice_with_the_same_token():
    history = eventful()
    history.asked.append(history.asked[2])
    history.answers.append(history.answers[1])
    assert check(history) == []


def test_a_task_that_was_never_acknowledged_may_be_there():
    history = eventful()
    history.acknowledged.remove("b")
    assert check(history) == []


def test_a_claim_whose_worker_was_killed_before_it_knew_is_accepted():
    history = eventful()
    history.claims.pop(0)
    history.starts.pop(0)
    history.ends.pop(0)
    history.asked.pop(0)
    history.answers.pop(2)
    assert check(history) == []


def test_an_acknowledged_task_that_is_gone_is_lost():
    history = eventful()
    history.acknowledged.append("d")
    assert rules_broken(history) == {"lost"}


def test_a_task_in_both_tables_is_copied():
    history = eventful()
    history.tasks.append(history.tasks[1])
    assert rules_broken(history) == {"copied"}


def test_a_task_that_still_waits_is_unfinished():
    history = eventful()
    history.acknowledged.append("d")
    history.tasks.append(TaskRow("d", "queued", 0, 0, 4, None, None, False))
    assert rules_broken(history) == {"unfinished"}


def test_a_claim_that_is_given_twice_is_restarted():
    history = eventful()
    history.claims.append(history.claims[2])
    assert rules_broken(history) == {"restarted"}


def test_a_claim_that_starts_twice_is_restarted():
    history = eventful()
    history.starts.append(history.starts[2])
    assert rules_broken(history) == {"restarted"}


def test_a_start_without_a_claim_is_restarted():
    history = eventful()
    history.starts.append(Ran("a", "a4", True))
    assert rules_broken(history) == {"restarted"}


def test_two_claims_that_record_the_end_are_double():
    history = eventful()
    history.answers[2] = history.answers[2]._replace(recorded=True)
    assert "double" in rules_broken(history)


def test_an_end_recorded_by_a_claim_that_was_taken_over_is_stale():
    history = eventful()
    history.answers[1] = history.answers[1]._replace(recorded=False)
    history.answers[2] = history.answers[2]._replace(recorded=True)
    assert "stale" in rules_broken(history)


def test_an_end_whose_token_the_row_does_not_carry_is_stale():
    history = eventful()
    history.tasks[1] = history.tasks[1]._replace(token=None)
    assert "stale" in rules_broken(history)


def test_a_claim_after_the_recorded_end_makes_that_stale():
    history = eventful()
    history.claims.append(Claimed("b", "b3", 2, 40))
    assert "stale" in rules_broken(history)


@pytest.mark.parametrize("outcome", ["lost", "snoozed"])
def test_a_recorded_release_that_no_attempt_tells_is_stale(outcome):
    history = eventful()
    history.attempts[1] = history.attempts[1]._replace(outcome=outcome)
    assert "stale" in rules_broken(history)


def test_a_refused_end_of_the_last_claim_is_unexplained():
    history = eventful()
    history.answers[4] = history.answers[4]._replace(recorded=False)
    assert rules_broken(history) == {"unexplained"}


def test_a_refused_end_of_the_last_claim_is_explained_by_its_rescue():
    history = eventful()
    history.claims = [claim for claim in history.claims if claim.token not in {"a2", "a3"}]
    assert "unexplained" not in rules_broken(history)


def test_a_refused_end_is_explained_by_a_crash_loop():
    history = eventful()
    history.asked.append(Asked("c", "c1", True, "succeeded"))
    history.answers.append(Answer("c", "c1", True, "succeeded", False))
    assert check(history) == []


@pytest.mark.parametrize(
    "row",
    [
        TaskRow("a", "succeeded", 4, 1, 4, "a3", None, True),
        TaskRow("a", "succeeded", 3, 0, 4, "a3", None, True),
        TaskRow("a", "succeeded", 3, 1, 1, "a3", None, True),
    ],
    ids=["attempts", "crashes", "too many attempts"],
)
def test_a_row_that_the_attempts_do_not_give_fails_the_replay(row):
    assert rules_broken(replace(eventful(), tasks=[row, *eventful().tasks[1:]])) == {"replay"}


def test_an_attempt_with_a_number_out_of_turn_fails_the_replay():
    history = eventful()
    history.attempts[1] = history.attempts[1]._replace(attempt=3)
    assert rules_broken(history) == {"replay"}


def test_a_claim_without_a_trace_fails_the_replay():
    history = eventful()
    history.claims.append(Claimed("a", "a0", 1, 5))
    assert rules_broken(history) == {"replay"}


def test_an_attempt_that_nobody_asked_for_fails_the_replay():
    history = eventful()
    history.asked.pop(3)
    assert rules_broken(history) == {"replay"}


def test_a_handler_that_ended_twice_has_two_effects():
    history = eventful()
    history.ends.append(Ran("b", "b2", True))
    assert rules_broken(history) == {"effect"}


def test_a_recorded_success_without_an_end_of_its_handler_has_no_effect():
    history = eventful()
    history.ends.pop()
    assert rules_broken(history) == {"effect"}


def test_a_recorded_success_whose_handler_failed_has_another_effect():
    history = eventful()
    history.ends[-1] = Ran("b", "b2", False)
    assert rules_broken(history) == {"effect"}


def test_a_recorded_failure_without_an_end_of_its_handler_has_no_effect():
    history = eventful()
    history.ends.pop(1)
    assert rules_broken(history) == {"effect"}
