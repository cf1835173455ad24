"""How lists of tasks are sorted, and what counts of them say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TaskOrder(StrEnum):
    """What a list of tasks is sorted by.

    `id` is newest first; `finished_at` is the last to finish first, of final states only;
    `run_at` is the first to be due first, of waiting states only.
    """

    ID = "id"
    FINISHED_AT = "finished_at"
    RUN_AT = "run_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCount:
    """How many tasks there are.

    Attributes:
        count: The number, at most 10,000.
        capped: Whether there are more.
    """

    count: int
    capped: bool
