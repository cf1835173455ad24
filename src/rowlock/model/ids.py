"""Task ids: UUIDv7, made by the client, strictly increasing within a process.

What is made for a moment by whoever comes first has an id that all of them derive alike.
"""

from __future__ import annotations

import os
import random
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from rowlock.errors import InvalidValueError

_VERSION_AND_VARIANT = (7 << 76) | (2 << 62)
_DERIVED_AND_VARIANT = (8 << 76) | (2 << 62)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MILLIS_BITS = 48
_COUNTER_BITS = 74
_COUNTER_MASK = (1 << _COUNTER_BITS) - 1
_LOW_MASK = (1 << 62) - 1
_STEP_BITS = 32
_MARK_BYTES = 4
_NAME_BYTES = 6
_PLACE_BITS = 16


class _Clock:
    """The last id's time and counter; both only ever grow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millis = 0
        self._counter = 0
        # Ids are no secrets: a generator that is seeded once is ten times faster than asking
        # the system each time. Tokens are secrets, see `new_token`.
        self._draw = random.Random(os.urandom(16)).getrandbits  # noqa: S311

    def advance(self) -> tuple[int, int]:
        """Return the next (milliseconds, 74-bit counter), larger than any before.

        Within one millisecond the counter grows by a random step; the method of RFC 9562,
        section 6.2, method 2.
        """
        millis = time.time_ns() // 1_000_000
        with self._lock:
            if millis > self._millis:
                self._millis = millis
                self._counter = self._draw(_COUNTER_BITS - 1)
            else:
                self._counter += 1 + self._draw(_STEP_BITS)
                if self._counter > _COUNTER_MASK:
                    self._millis += 1
                    self._counter = self._draw(_COUNTER_BITS - 1)
            return self._millis, self._counter


_clock = _Clock()


def _after_fork() -> None:
    """Give the child a clock of its own: not the parent's lock, nor the parent's numbers."""
    global _clock  # noqa: PLW0603 - one clock for each process is the point
    _clock = _Clock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def new_task_id() -> UUID:
    """Return a fresh UUIDv7, larger than every id this process made before."""
    millis, counter = _clock.advance()
    high, low = counter >> 62, counter & _LOW_MASK
    return UUID(int=(millis << 80) | _VERSION_AND_VARIANT | (high << 64) | low)


def derived_task_id(source: UUID | str, moment: datetime) -> UUID:
    """Return the id of the task that a source makes for a moment, the same for whoever asks.

    It has the layout of UUIDv7, so that it sorts among its neighbours, and says version 8: the
    moment in Unix milliseconds, the rest from SHA-256 of source and moment.

    Args:
        source: What makes the task, such as a ticker's id.
        moment: For when, to the microsecond; with a time zone.
    """
    from hashlib import sha256  # start-up time: only what makes tasks by itself gets here

    at = moment.astimezone(UTC)
    digest = sha256(f"{source} {at.isoformat(timespec='microseconds')}".encode()).digest()
    rest = int.from_bytes(digest[:10], "big") & _COUNTER_MASK
    millis = ((at - _EPOCH) // _MILLISECOND) & ((1 << _MILLIS_BITS) - 1)
    return _derived(millis, rest)


def keyed_task_ids(key: UUID, count: int) -> list[UUID]:
    """Return the ids of the tasks that are stored under one key, the same for whoever asks.

    They increase in their order, begin with the key's first 48 bits, its time if it is a UUIDv7,
    and share no more with it: keys that follow each other have nothing in common.
    """
    from hashlib import sha256  # start-up time: only the service gets here

    digest = sha256(b"rowlock batch" + key.bytes).digest()
    first = (int.from_bytes(digest[:10], "big") & _COUNTER_MASK) & ~((1 << _PLACE_BITS) - 1)
    return [_derived(key.int >> 80, first + place) for place in range(count)]


def _derived(millis: int, rest: int) -> UUID:
    high, low = rest >> 62, rest & _LOW_MASK
    return UUID(int=(millis << 80) | _DERIVED_AND_VARIANT | (high << 64) | low)


def new_token() -> UUID:
    """Return 128 random bits for a claim.

    A UUID only in shape: all bits are random, so a token never repeats, not even after a
    failover that lost commits.
    """
    return UUID(bytes=os.urandom(16))


class TokenRange(NamedTuple):
    """All tokens from the first to the last."""

    first: UUID
    last: UUID


def claim_name(*said: object) -> bytes:
    """Return how the tokens of a claim begin that its maker can ask for again.

    Args:
        said: Who claims, and a key of theirs; whoever says the same gets the same.
    """
    from hashlib import sha256  # start-up time: only the service gets here

    text = " ".join(map(str, said))
    return sha256(b"rowlock claim" + text.encode()).digest()[:_NAME_BYTES]


def tokens_of(name: bytes) -> TokenRange:
    """Return the tokens that begin so."""
    rest = 16 - len(name)
    return TokenRange(UUID(bytes=name + bytes(rest)), UUID(bytes=name + b"\xff" * rest))


def new_served_token(name: bytes = b"") -> UUID:
    """Return a claim's token that tells, by its last 32 bits, that the HTTP service made it.

    96 bits are left that nobody else guesses. In a token that begins with a name 48 of them
    come from a key that its maker alone knows; the others never repeat, so that not even whoever
    uses a key for ever has the token of a later claim.
    """
    drawn = name + os.urandom(16 - _MARK_BYTES - len(name))
    return UUID(bytes=drawn + _mark(drawn))


def is_served_token(token: UUID) -> bool:
    """Whether the HTTP service made the token; of four billion others one looks so too."""
    return token.bytes[-_MARK_BYTES:] == _mark(token.bytes[:-_MARK_BYTES])


def _mark(drawn: bytes) -> bytes:
    from hashlib import sha256  # start-up time: only the service gets here

    return sha256(b"rowlock service" + drawn).digest()[:_MARK_BYTES]


def id_in(wanted: str | UUID) -> UUID | None:
    """Return the id that a name or an id may be; None if it can only be a name."""
    try:
        return wanted if isinstance(wanted, UUID) else UUID(wanted)
    except ValueError:
        return None


def task_id_from_text(text: str) -> UUID:
    """Read a task id as a person or a program wrote it.

    Raises:
        InvalidValueError: It is not a UUID.
    """
    try:
        return UUID(text.strip())
    except ValueError as error:
        raise InvalidValueError("id", f"{text!r} is not a task id (a UUID)") from error


def checked_token(value: object) -> UUID:
    """Return the token of what was claimed.

    Raises:
        InvalidValueError: It is none.
    """
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - checked here
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidValueError("token", "is not what a claim returned (a UUID)") from error
