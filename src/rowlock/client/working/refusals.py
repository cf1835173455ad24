"""What the runtime makes of a server that cannot be reached: it waits, as for a database."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from rowlock.client.working.converting import MAX_SENT_BYTES
from rowlock.errors import (
    BodyTimeoutError,
    BodyTooLargeError,
    RateLimitError,
    ServerUnavailableError,
    StorageUnavailableError,
    UnexpectedAnswerError,
)

_TOO_LARGE = 413
_FIRST_OF_SERVERS = 500


@contextmanager
def waited_for() -> Generator[None]:
    """Raise what passes by itself as the runtime knows it; all else is the end of the worker.

    Raises:
        StorageUnavailableError: The server cannot be reached, is too busy, or failed.
        BodyTooLargeError: A request was too long.
    """
    try:
        yield
    except ServerUnavailableError as error:
        raise StorageUnavailableError(str(error), error.outcome_unknown) from error
    except (RateLimitError, BodyTimeoutError) as error:
        raise StorageUnavailableError(str(error)) from error
    except UnexpectedAnswerError as error:
        if error.status == _TOO_LARGE:  # of something before the server
            raise BodyTooLargeError(MAX_SENT_BYTES) from error
        if error.status < _FIRST_OF_SERVERS:
            raise
        raise StorageUnavailableError(str(error), outcome_unknown=True) from error
