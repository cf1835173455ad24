"""What a `TaskFilter` asks for, as the parameters of every statement that chooses tasks by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rowlock.model import json_text
from rowlock.model.names import definition_key
from rowlock.model.states import FINAL_STATES, LIVE_STATES, StateFilter, TaskState, state_filters
from rowlock.model.tasks import TaskFilter

_ESCAPED = str.maketrans({"!": "!!", "%": "!%", "_": "!_"})
_REGEX_SIGNS = frozenset(r".^$*+?()[]{}|\/#&~- ")


def state_marks(filters: Iterable[StateFilter]) -> set[str]:
    """Return what the statements compare a row's mark with.

    A mark is the state as shown, `+` if the task has run, `~` if it is stamped as deleted:
    one list then says everything that the words for states can ask for.
    """
    return {mark for wanted in filters for mark in _marks(wanted)}


def _marks(wanted: StateFilter) -> Iterator[str]:
    suffix = "~" if wanted.deleted else ""
    for state in wanted.states:
        if wanted.first_run is not False:
            yield f"{state.value}{suffix}"
        if wanted.first_run is not True:
            yield f"{state.value}+{suffix}"


def _has_state(marks: set[str], states: tuple[TaskState, ...]) -> bool:
    return any(mark.rstrip("+~") in states for mark in marks)


def filter_params(wanted: TaskFilter) -> dict[str, Any]:
    """Return the parameters of the conditions that a filter stands for.

    Every statement that chooses tasks has the same conditions, in `listing.sql`. `live` and
    `finished` say which of the two tables can have a match at all. Some values are given in
    more than one form, because engines differ in how they compare text.

    Raises:
        InvalidValueError: An unknown word for a state.
    """
    marks = state_marks(state_filters(wanted.states) or (StateFilter(),))
    if wanted.include_deleted:
        marks |= {f"{mark}~" for mark in marks if not mark.endswith("~")}
    ends = wanted.finished_after is not None or wanted.finished_before is not None
    return {
        "marks": sorted(marks),
        "live": not ends and _has_state(marks, (*LIVE_STATES, TaskState.EXPIRED)),
        "finished": _has_state(marks, FINAL_STATES),
        "queue": wanted.queue,
        "definition": None if wanted.definition is None else definition_key(wanted.definition),
        "tags": json_text.encode("tags", sorted(wanted.tags)) if wanted.tags else None,
        "tags_like": _tags_pattern(wanted.tags),
        "worker": wanted.worker,
        "unique_key": wanted.unique_key,
        "created_after": wanted.created_after,
        "created_before": wanted.created_before,
        "started_after": wanted.started_after,
        "started_before": wanted.started_before,
        "finished_after": wanted.finished_after,
        "finished_before": wanted.finished_before,
        # In small letters, and a pattern where making letters small knows more than ASCII.
        "error": None if wanted.error is None else _lowered(wanted.error),
        "error_pattern": None if wanted.error is None else _either_case(wanted.error),
        # One object, and pairs of path and value where nothing lists an object's keys.
        "arguments": _arguments(wanted.arguments),
        "argument_paths": _argument_paths(wanted.arguments),
    }


def _tags_pattern(tags: Iterable[str]) -> str:
    """Return a pattern that a row with all of the tags fits, and few others.

    Both stand sorted. Text alone cannot say where a tag begins, but is much faster to look at
    than JSON.
    """
    quoted = "%".join(json_text.encode("tag", tag).translate(_ESCAPED) for tag in sorted(tags))
    return f"%{quoted}%"


def _lowered(text: str) -> str:
    return "".join(sign.lower() if sign.isascii() else sign for sign in text)


def _either_case(text: str) -> str:
    """Return a regular expression that finds the text in either case of the letters a to z."""
    parts: list[str] = []
    for sign in text:
        if sign.isascii() and sign.isalpha():
            parts.append(f"[{sign.lower()}{sign.upper()}]")
        else:
            parts.append(f"\\{sign}" if sign in _REGEX_SIGNS else sign)
    return "".join(parts)


def _arguments(arguments: Mapping[str, Any] | None) -> str | None:
    return None if arguments is None else json_text.encode("arguments", dict(arguments))


def _argument_paths(arguments: Mapping[str, Any] | None) -> str | None:
    if arguments is None:
        return None
    pairs = [
        [f"$.{json_text.encode('arguments', name)}", json_text.encode(name, value)]
        for name, value in arguments.items()
    ]
    return json_text.encode("arguments", pairs)
