"""Many values about tasks, of each task one at a time."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID


class AboutTask(Protocol):
    """Names its task."""

    @property
    def id(self) -> UUID:
        """The task's."""
        ...


V = TypeVar("V", bound=AboutTask)


def rounds(values: Sequence[V]) -> Generator[dict[int, V], Any]:
    """Yield values by their places; the second one about a task comes a round after the first."""
    left = dict(enumerate(values))
    while left:
        first = {one.id: place for place, one in reversed(left.items())}
        yield {place: left.pop(place) for place in sorted(first.values())}
