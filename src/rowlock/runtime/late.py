"""What a handler does after it has settled its task itself: logged, not recorded."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Any, Self

from rowlock.definitions.context import Context
from rowlock.errors import LeaseLostError
from rowlock.model.tasks import Claim

log = logging.getLogger(__name__)


class AfterSettling:
    """Lets an error pass only while there is something to record; else logs what came too late.

    Not a generator: every attempt passes through here, and few handlers settle themselves.

    Attributes:
        value: What the handler returned.
    """

    __slots__ = ("_claim", "_context", "value")

    def __init__(self, claim: Claim, context: Context) -> None:
        self._claim = claim
        self._context = context
        self.value: Any = None

    def __enter__(self) -> Self:
        """Begin to watch."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Stop an error if the attempt's end is known already."""
        settled = self._context.settled
        if settled is None:
            return False
        if isinstance(error, LeaseLostError):
            log.warning("%s; its transaction was rolled back", error)
        elif error is not None:
            text = "task %s: its handler failed after it was settled"
            log.error(text, self._claim.id, exc_info=error)
        elif settled and self.value is not None:
            text = "task %s: what its handler returned is not recorded; set result in the block"
            log.warning(text, self._claim.id)
        return True
