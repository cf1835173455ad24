"""New tasks in slices that fit into memory and into one statement, however long their payloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rowlock.model.tasks import NewTask

MAX_TASKS = 2_000
MAX_PAYLOAD_LENGTH = 2 * 1024 * 1024
"""Characters of all payloads of a slice, not counting the one with which it is full: quoted
for MySQL, where each may take four bytes, that stays below the packet of 16 MiB."""


def slices(tasks: Iterable[NewTask]) -> Iterator[list[NewTask]]:
    """Yield the tasks in lists, each made when it is asked for."""
    part: list[NewTask] = []
    length = 0
    for task in tasks:
        part.append(task)
        length += len(task.payload)
        if len(part) == MAX_TASKS or length >= MAX_PAYLOAD_LENGTH:
            yield part
            part, length = [], 0
    if part:
        yield part
