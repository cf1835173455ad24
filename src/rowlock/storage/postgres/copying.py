"""Fresh tasks as the text of a COPY, which the server takes in while we write it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from rowlock.model.slices import MAX_PAYLOAD_LENGTH
from rowlock.model.tasks import NewTask
from rowlock.storage.sql.enqueue import is_inline

PIECE = 500
"""Lines that are sent at once."""

_NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _field(value: Any) -> str:
    if value is None:
        return _NULL
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).translate(_ESCAPES)


class TaskLines:
    """Lines `id, payload, common columns`, made as they are read.

    Reading pauses when the payloads that have a table of their own would fill the memory; the
    next reading goes on.

    Attributes:
        large: The tasks with such payloads that were read.
        ended: Whether all tasks were read.
    """

    def __init__(self, tasks: Iterator[NewTask], common: Mapping[str, Any]) -> None:
        self._tasks = tasks
        self._tail = "\t".join(map(_field, common.values()))
        self.large: list[NewTask] = []
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        """Yield some lines at a time."""
        length = 0
        while length < MAX_PAYLOAD_LENGTH:
            piece = list(islice(self._tasks, PIECE))
            if not piece:
                self.ended = True
                return
            tail = self._tail
            yield "".join([f"{one.id.hex}\t{_inline(one)}\t{tail}\n" for one in piece])
            large = [one for one in piece if not is_inline(one)]
            length += sum(len(one.payload) for one in large)
            self.large += large


def _inline(task: NewTask) -> str:
    # Of what COPY gives a meaning, JSON text has only the backslash.
    return task.payload.replace("\\", "\\\\") if is_inline(task) else _NULL


def payload_lines(tasks: Iterable[NewTask]) -> Iterator[str]:
    """Yield lines `task, body`."""
    for task in tasks:
        body = task.payload.replace("\\", "\\\\")
        yield f"{task.id.hex}\t{body}\n"
