"""Routes that change every task which passes a filter, or is old."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from rowlock.errors import InvalidValueError, OperationNotFoundError, QueueNotFoundError
from rowlock.model.tokens import Scope
from rowlock.wire.bodies.operations import CleanupBody, OperationBody
from rowlock.wire.documents.operations import CleanedDocument, OperationDocument, OperationList
from rowlock.wire.routes.table import LIMIT, OFFSET, Parameter, route

OPERATION: Final = Parameter("operation", "The operation's id.", UUID)
_FOUND = (InvalidValueError, OperationNotFoundError)

OPERATIONS: Final = (
    route("POST", "/operation", "start_operation", Scope.TASKS_WRITE,
          summary="Change every task that passes a filter, as far as a few seconds allow.",
          request=OperationBody, response=OperationDocument, errors=(InvalidValueError,)),
    route("POST", "/cleanup", "cleanup", Scope.TASKS_WRITE,
          summary="Remove finished tasks for good that ended long ago, as far as a few seconds "
          "allow.", request=CleanupBody, response=CleanedDocument,
          errors=(InvalidValueError, QueueNotFoundError)),
    route("GET", "/operation", "list_operations", Scope.TASKS_READ,
          summary="List operations, newest first.", queries=(OFFSET, LIMIT),
          response=OperationList, errors=(InvalidValueError,)),
    route("GET", "/operation/{operation}", "get_operation", Scope.TASKS_READ,
          summary="Show an operation.", parameters=(OPERATION,), response=OperationDocument,
          errors=_FOUND),
    route("POST", "/operation/{operation}/resume", "resume_operation", Scope.TASKS_WRITE,
          summary="Go on with an operation that is not done.", parameters=(OPERATION,),
          response=OperationDocument, errors=_FOUND),
)  # fmt: skip
