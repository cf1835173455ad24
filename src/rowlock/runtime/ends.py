"""How an attempt ends: the decision, before anything is written."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from rowlock.backoff import RetryPolicy
from rowlock.definitions.outcomes import Cancel, Fail, Snooze
from rowlock.definitions.signature import Signature
from rowlock.errors import PayloadError
from rowlock.model import json_text
from rowlock.model.failures import failure_to_text
from rowlock.model.states import TaskState
from rowlock.model.tasks import Claim, Finish, Outcome, Release, TaskFailure

log = logging.getLogger(__name__)

End = Finish | Release

MAX_MESSAGE_LENGTH = 10_000
MAX_TRACEBACK_LENGTH = 50_000


def failure_from(error: BaseException) -> TaskFailure:
    """Return an exception as data, bounded; its traceback keeps the end, where the cause is."""
    try:
        message = str(error)
    except Exception as broken:  # noqa: BLE001 - an exception whose text fails is still recorded
        message = f"<{type(broken).__name__} while reading the message>"
    text = "".join(traceback.format_exception(error))
    return TaskFailure(
        type=type(error).__name__,
        message=message[:MAX_MESSAGE_LENGTH],
        traceback=text[-MAX_TRACEBACK_LENGTH:],
    )


def end_of_failure(
    claim: Claim,
    retry: RetryPolicy,
    failure: TaskFailure,
    *,
    reason: str | None = None,
    final: bool = False,
) -> End:
    """Return what a failed attempt becomes: another one later, or the end.

    Args:
        claim: The attempt.
        retry: The policy that applies.
        failure: Why.
        reason: What the finished task says besides.
        final: No retry, whatever is left.
    """
    error = failure_to_text(failure)
    last = final or claim.is_last_attempt or not retry.retries
    log.log(
        logging.WARNING if last else logging.INFO,
        "task %s: attempt %d failed, %s: %s: %s",
        claim.id,
        claim.attempt,
        "the task has failed" if last else "it is tried again",
        failure.type,
        json_text.printable(failure.message.partition("\n")[0]),
    )
    if last:
        return Finish(claim.id, claim.token, TaskState.FAILED, None, error, reason)
    delay = retry.delay(claim.failures)
    return Release(claim.id, claim.token, Outcome.FAILED, delay or None, error)


def end_of_return(claim: Claim, value: Any, retry: RetryPolicy) -> End:
    """Return what a handler's return value means: a result, or one of the outcomes."""
    if value is None:
        return Finish(claim.id, claim.token, TaskState.SUCCEEDED)
    if isinstance(value, Snooze):
        return Release(claim.id, claim.token, Outcome.SNOOZED, value.delay or None)
    if isinstance(value, Cancel):
        reason = json_text.printable(str(value.reason))
        return Finish(claim.id, claim.token, TaskState.CANCELED, reason=reason)
    if isinstance(value, Fail):
        failure = TaskFailure(type="Fail", message=str(value.message))
        return end_of_failure(claim, retry, failure, final=not value.retry)
    try:
        result = Signature.encode_result(value)
    except PayloadError as error:
        return end_of_failure(claim, retry, failure_from(error), reason="result_invalid")
    return Finish(claim.id, claim.token, TaskState.SUCCEEDED, result)


def end_of_cancel(claim: Claim) -> End:
    """Return the end of an attempt that stopped because it was asked to."""
    return Finish(claim.id, claim.token, TaskState.CANCELED, reason="canceled")


def hand_back(claim: Claim) -> End:
    """Return the end of a claim that never started: the attempt does not count."""
    return Release(claim.id, claim.token, Outcome.HANDED_BACK)


def end_of_giving_up(claim: Claim) -> End:
    """Return the end of a started attempt that a stopping worker gives up.

    It does not count either and the task runs again, unless it was promised to start at most
    once.
    """
    if claim.max_attempts > 1 or claim.max_crashes > 1:
        return hand_back(claim)
    failure = TaskFailure(
        type="WorkerStopped", message="the worker stopped, and the task starts at most once"
    )
    return Finish(
        claim.id, claim.token, TaskState.FAILED, None, failure_to_text(failure), "worker_stopped"
    )
