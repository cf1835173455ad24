"""New arguments for stored tasks: checked by their definition, with the key that follows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

from rowlock.app.flow import Flow, Run
from rowlock.app.intake import Intake
from rowlock.app.orders import Target, payload_text, unique_key_of
from rowlock.definitions.options import CheckedUnique
from rowlock.errors import InvalidValueError, PayloadError, UnknownDefinitionError
from rowlock.model import json_text
from rowlock.model.names import definition_key
from rowlock.model.tasks import Task
from rowlock.ops.contents import Rewrite
from rowlock.storage.change_contract import Content, NewContent

_DIGEST_LENGTH = 64
_REASONS = {"arguments": "no_arguments", "unique": "unknown_unique_key"}


def known_target(core: Intake, definition: str | None) -> Flow[Target]:
    """Return what a stored alias stands for; the database is asked if the code is not here.

    Raises:
        UnknownDefinitionError: The database does not know it either.
    """
    target = core.target(definition)
    if target is None:
        assert definition is not None  # noqa: S101 - only an alias can be unknown here
        yield Run(partial(core.read_row, definition), reads=True)
        target = core.target(definition)
        assert target is not None  # noqa: S101 - it was just read
    return target


def unique_of(target: Target, payload: Any, key: str | None) -> CheckedUnique | None:
    """Return what a task's unique key was made from: arguments, or itself if it was given."""
    if key is None:
        return None
    text = json_text.encode_plain(payload)
    for unique in (target.unique, True):
        if unique is None or isinstance(unique, str):
            continue
        if unique_key_of(target, text, unique) == key:
            return unique
    return key


def refuse_unknown_key(
    target: Target, unique: CheckedUnique | None, before: Any, after: Collection[str]
) -> None:
    """Refuse new arguments for a key of which nobody here knows what it is made from.

    Without the code, a key of all arguments cannot be told from one of some that happened to
    be all: the two part when the task gets arguments of other names.

    Args:
        target: What the task runs.
        unique: As `unique_of` found it.
        before: The payload as it is stored.
        after: The names of the new arguments.

    Raises:
        InvalidValueError: It is such a key.
    """
    if isinstance(unique, str):
        prefix, _, digest = unique.rpartition(":")
        made = len(digest) == _DIGEST_LENGTH and not digest.strip("0123456789abcdef")
        unknown = made and prefix == (target.key or "")
    else:
        coded = target.key is None or target.signature is not None
        unknown = unique is True and not coded and set(before) != set(after)
    if unknown:
        raise InvalidValueError(
            "unique",
            "the task's key may be made from some of its arguments, and only a process with the"
            " definition's code can tell which: change them there",
        )


def merged(payload: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task's arguments with some of them set; the others stay.

    Raises:
        InvalidValueError: The payload has no arguments by name.
    """
    if not isinstance(payload, dict):
        raise InvalidValueError("arguments", "the task's payload has no arguments by name")
    return {**payload, **arguments}  # pyright: ignore[reportUnknownMemberType] - JSON


def rewriting(
    target: Target, arguments: Mapping[str, Any], *, merge: bool
) -> Callable[[Content], NewContent]:
    """Return what an edit of arguments makes of a task's content, or raises.

    Args:
        target: What the task runs.
        arguments: All of its arguments, or those to set.
        merge: Whether the arguments that are not given stay.
    """

    def rewrite(stored: Content) -> NewContent:
        payload = json_text.decode(stored.payload)
        unique = unique_of(target, payload, stored.unique_key)
        given = merged(payload, arguments) if merge else arguments
        refuse_unknown_key(target, unique, payload, given)
        text = payload_text(target, given)
        return NewContent(text, None if unique is None else unique_key_of(target, text, unique))

    return rewrite


def rewriting_many(
    core: Intake, tasks: Iterable[Task], arguments: Mapping[str, Any]
) -> Flow[Rewrite]:
    """Return what setting some arguments makes of the content of each, or why it stays."""
    targets: dict[str | None, Target] = {}
    for definition in {task.definition for task in tasks}:
        try:
            target = yield from known_target(core, definition)
        except UnknownDefinitionError:
            continue
        targets[None if definition is None else definition_key(definition)] = target

    def rewrite(stored: Content) -> NewContent | str:
        target = targets.get(stored.definition)
        if target is None:
            return "unknown_definition"
        try:
            return rewriting(target, arguments, merge=True)(stored)
        except InvalidValueError as error:
            return why_refused(error)

    return rewrite


def why_refused(error: InvalidValueError) -> str:
    """Return the word by which a bulk operation counts what a task was refused for."""
    if isinstance(error, PayloadError):
        return "invalid_arguments"
    return _REASONS.get(error.field, error.field)
