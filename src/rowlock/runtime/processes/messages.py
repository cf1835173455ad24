"""What a worker and its child process say to each other: JSON, each message after its length."""

from __future__ import annotations

import struct
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from rowlock.definitions.context import TaskInfo
from rowlock.model.tasks import TaskFailure


class Prepare(msgspec.Struct, tag="prepare", frozen=True):
    """The first message to a child: where the code is.

    Attributes:
        sys_path: The worker's own.
        app: `module:name` of the app; None finds each handler by its own module.
        settings: What the worker was told to use instead of the app's own database.
        main_module: How the program was started, if by `python -m`.
        main_path: The file of the program, if it has one.
        log_level: What the worker's root logger lets through.
    """

    sys_path: list[str]
    app: str | None
    settings: dict[str, str]
    main_module: str | None
    main_path: str | None
    log_level: int


class Run(msgspec.Struct, tag="run", frozen=True):
    """Run a handler.

    Attributes:
        key: The definition's.
        module: Where the handler is defined.
        qualname: Its name there.
        payload: The arguments, as stored.
    """

    key: str
    module: str
    qualname: str
    payload: str
    task: TaskInfo
    deadline: datetime | None


class Stop(msgspec.Struct, tag="stop", frozen=True):
    """The handler should stop."""


ToChild: TypeAlias = Prepare | Run | Stop


class Ready(msgspec.Struct, tag="ready", frozen=True):
    """The code is loaded."""


class Unable(msgspec.Struct, tag="unable", frozen=True):
    """The code cannot be loaded; the child ends."""

    failure: TaskFailure


class Began(msgspec.Struct, tag="began", frozen=True):
    """From here on the task is to blame for what the child does."""


class Reported(msgspec.Struct, tag="reported", frozen=True):
    """Progress and log lines since the last report, as `TakenReport`."""

    progress: float | None
    message: str | None
    log: str | None


class Logged(msgspec.Struct, tag="logged", frozen=True):
    """A record for the worker's logging."""

    logger: str
    level: int
    text: str
    created: float
    extra: dict[str, str | int]


class Returned(msgspec.Struct, tag="returned", frozen=True):
    """The handler returned: a result as JSON text, or an outcome by name and fields."""

    result: str | None = None
    outcome: str | None = None
    fields: dict[str, Any] = {}


class Raised(msgspec.Struct, tag="raised", frozen=True):
    """The handler raised; `kinds` are the names of the exception's class and its bases."""

    failure: TaskFailure
    reason: str | None = None
    kinds: list[str] = []


class Stopped(msgspec.Struct, tag="stopped", frozen=True):
    """The handler stopped because it was asked to."""


FromChild: TypeAlias = Ready | Unable | Began | Reported | Logged | Returned | Raised | Stopped

LENGTH = struct.Struct(">I")

_encode = msgspec.json.Encoder().encode
decode_to_child = msgspec.json.Decoder(ToChild).decode
decode_from_child = msgspec.json.Decoder(FromChild).decode


def framed(message: ToChild | FromChild) -> bytes:
    """Return a message as it is sent."""
    data = _encode(message)
    return LENGTH.pack(len(data)) + data
