"""The end of an attempt, as a worker tells it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rowlock.app.served_flows import UNEXPLAINED
from rowlock.app.settling_flows import told_failure
from rowlock.definitions.reports import shortened
from rowlock.definitions.signature import Signature
from rowlock.errors import InvalidValueError
from rowlock.model import json_text
from rowlock.model.durations import duration_from
from rowlock.model.ends import Ending, ToldEnd
from rowlock.model.tasks import TaskFailure
from rowlock.wire.bodies.work import EndBody, FailureBody

MAX_REASON_LENGTH = 1_000

# Which fields say something of which ends.
_ENDINGS_OF = {
    "result": (Ending.SUCCEEDED, Ending.FAILED),
    "error": (Ending.FAILED,),
    "retry": (Ending.FAILED,),
    "delay": (Ending.FAILED, Ending.SNOOZED),
    "reason": (Ending.FAILED, Ending.CANCELED),
}
_SILENT: dict[str, Any] = {"retry": True}


def told_end(body: EndBody, task_id: UUID, token: UUID) -> ToldEnd:
    """Return the end that a body tells.

    Raises:
        InvalidValueError: It contradicts itself, or a value is refused.
        PayloadError: The result cannot be stored.
    """
    ending = _ending_of(body)
    for name, endings in _ENDINGS_OF.items():
        if getattr(body, name) != _SILENT.get(name) and ending not in endings:
            raise InvalidValueError(name, f"says nothing of an attempt that is {ending}")
    if ending is Ending.SNOOZED and body.delay is None:
        raise InvalidValueError("delay", "is missing: how long is the task snoozed?")
    if body.delay is not None and not body.retry:
        raise InvalidValueError("delay", "excludes retry false: it is not tried again")
    succeeded, failed = ending is Ending.SUCCEEDED, ending is Ending.FAILED
    return ToldEnd(
        task_id,
        token,
        ending,
        result=Signature.encode_result(body.result) if succeeded else None,
        failure=_failure(body) if failed else None,
        retry=body.retry,
        delay=None if body.delay is None else duration_from("delay", body.delay),
        reason=None if body.reason is None else _shown(body.reason),
    )


def _ending_of(body: EndBody) -> Ending:
    if body.outcome is not None:
        ending = Ending(body.outcome)
        if body.fail and ending is not Ending.FAILED:
            raise InvalidValueError("fail", f"contradicts outcome, which is {ending}")
        return ending
    return Ending.FAILED if body.fail or body.error is not None else Ending.SUCCEEDED


def _shown(text: str) -> str:
    return shortened(json_text.printable(text), MAX_REASON_LENGTH)


def _failure(body: EndBody) -> TaskFailure:
    """Return what is recorded of a failure: its parts, or a text, and anything else."""
    error, detail = body.error, body.result
    if isinstance(error, FailureBody):
        if error.detail is not None and detail is not None:
            raise InvalidValueError("result", "is another name of error.detail: give one of them")
        both = detail if error.detail is None else error.detail
        return told_failure(error.type, error.message, error.traceback, both)
    if error is None and isinstance(detail, str):
        return told_failure("Failed", detail, None, detail)
    return told_failure("Failed", error or UNEXPLAINED, None, detail)
