"""How an attempt ends: the decision, before anything is written."""

from __future__ import annotations

import logging
import traceback
from datetime import timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from rowlock.backoff import RetryPolicy
from rowlock.definitions.outcomes import OUTCOMES, Cancel, Fail, Retry, Snooze
from rowlock.definitions.reports import shortened
from rowlock.definitions.signature import Signature
from rowlock.errors import PayloadError
from rowlock.model import json_text
from rowlock.model.failures import failure_to_text
from rowlock.model.states import TaskState
from rowlock.model.tasks import Claim, Finish, Outcome, Release, TaskFailure

log = logging.getLogger(__name__)

End = Finish | Release


class Ended(NamedTuple):
    """A claim whose end is recorded, and for how many seconds it ran."""

    claim: Claim
    end: End
    took: float


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
        message=shortened(message, MAX_MESSAGE_LENGTH),
        traceback=_end_of(text),
    )


def _end_of(text: str) -> str:
    less = len(text) - MAX_TRACEBACK_LENGTH
    return text if less <= 0 else f"({less:,} characters left out) …{text[-MAX_TRACEBACK_LENGTH:]}"


class Attempted(Protocol):
    """What decides whether a failed attempt was the last one."""

    @property
    def id(self) -> UUID:
        """The task's."""
        ...

    @property
    def token(self) -> UUID:
        """The claim's."""
        ...

    @property
    def attempt(self) -> int:
        """Runs so far."""
        ...

    @property
    def failures(self) -> int:
        """Those that failed, with this one."""
        ...

    @property
    def is_last_attempt(self) -> bool:
        """Whether a failure is final."""
        ...


def end_of_failure(
    claim: Attempted,
    retry: RetryPolicy,
    failure: TaskFailure,
    *,
    reason: str | None = None,
    final: bool = False,
    delay: timedelta | None = None,
) -> End:
    """Return what a failed attempt becomes: another one later, or the end.

    Args:
        claim: The attempt, as its claim or its standing tells it.
        retry: The policy that applies.
        failure: Why.
        reason: What the finished task says besides.
        final: No retry, whatever is left.
        delay: How long to wait for the next attempt; None leaves it to the policy.
    """
    error = failure_to_text(failure)
    over = final or (delay is None and not retry.retries)
    last = over or claim.is_last_attempt
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
    if delay is None:
        delay = retry.delay(claim.failures)
    return Release(claim.id, claim.token, Outcome.FAILED, delay or None, error)


def end_of_return(
    claim: Claim, value: Any, retry: RetryPolicy, *, max_bytes: int = json_text.MAX_BYTES
) -> End:
    """Return what a handler's return value means: a result, or one of the outcomes.

    Args:
        claim: The attempt.
        value: What the handler returned.
        retry: The policy that applies to a failure.
        max_bytes: A longer result is a failure.
    """
    if isinstance(value, OUTCOMES):
        return _end_of_outcome(claim, value, retry)
    try:
        result = Signature.encode_result(value, max_bytes=max_bytes)
    except PayloadError as error:
        return end_of_failure(claim, retry, failure_from(error), reason="result_invalid")
    return Finish(claim.id, claim.token, TaskState.SUCCEEDED, result)


def _end_of_outcome(
    claim: Claim, outcome: Snooze | Retry | Cancel | Fail, retry: RetryPolicy
) -> End:
    match outcome:
        case Snooze():
            return Release(claim.id, claim.token, Outcome.SNOOZED, outcome.delay or None)
        case Retry():
            failure = TaskFailure(
                type="Retry", message=shortened(str(outcome.reason), MAX_MESSAGE_LENGTH)
            )
            return end_of_failure(claim, retry, failure, delay=outcome.delay)
        case Cancel():
            reason = json_text.printable(str(outcome.reason))
            return Finish(claim.id, claim.token, TaskState.CANCELED, reason=reason)
        case Fail():
            failure = TaskFailure(
                type="Fail", message=shortened(str(outcome.message), MAX_MESSAGE_LENGTH)
            )
            return end_of_failure(claim, retry, failure, final=not outcome.retry)


def end_of_cancel(claim: Claim) -> End:
    """Return the end of an attempt that stopped because it was asked to."""
    return Finish(claim.id, claim.token, TaskState.CANCELED, reason="canceled")


def end_of_refused(end: End, error: Exception) -> Finish:
    """Return what is recorded in place of an end that cannot be stored."""
    failure = TaskFailure(type=type(error).__name__, message=str(error))
    return Finish(
        end.id, end.token, TaskState.FAILED, None, failure_to_text(failure), "result_invalid"
    )


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
