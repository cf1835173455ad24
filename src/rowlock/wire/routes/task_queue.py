"""Routes of a queue in memory that this one takes the place of, for pages that poll it."""

from __future__ import annotations

from typing import Final

from rowlock.errors import TaskNotFoundError
from rowlock.model.tokens import Scope
from rowlock.wire.documents.task_queue import (
    AllTasksDocument,
    TaskStatusDocument,
    TaskTotalsDocument,
)
from rowlock.wire.routes.table import TASK, TASK_QUEUE, route

TASK_QUEUE_ROUTES: Final = (
    route("GET", "/status/{task}", "task_status", Scope.TASKS_READ, door=TASK_QUEUE,
          summary="Tell how a task is, in four words for states.", parameters=(TASK,),
          response=TaskStatusDocument, errors=(TaskNotFoundError,)),
    route("GET", "/all", "all_tasks", Scope.TASKS_READ, door=TASK_QUEUE,
          summary="List the newest 1,000 tasks, in the order in which they were stored.",
          response=AllTasksDocument),
    route("GET", "/stats", "task_totals", Scope.TASKS_READ, door=TASK_QUEUE,
          summary="Count tasks in four words for states.", response=TaskTotalsDocument),
)  # fmt: skip
