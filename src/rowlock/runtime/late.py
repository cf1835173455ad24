"""What a handler does after it has settled its task itself: logged, not recorded."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from rowlock.definitions.context import Context
from rowlock.errors import LeaseLostError
from rowlock.model.tasks import Claim

log = logging.getLogger(__name__)


class Returned:
    """What the handler returned."""

    value: Any = None


@contextmanager
def after_settling(claim: Claim, context: Context) -> Generator[Returned]:
    """Let an error pass only while there is something to record; else log what came too late."""
    returned = Returned()
    try:
        yield returned
    except BaseException as error:
        if context.settled is None:
            raise
        if isinstance(error, LeaseLostError):
            log.warning("%s; its transaction was rolled back", error)
        else:
            log.exception("task %s: its handler failed after it was settled", claim.id)
    else:
        if context.settled and returned.value is not None:
            text = "task %s: what its handler returned is not recorded; set result in the block"
            log.warning(text, claim.id)
