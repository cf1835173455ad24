"""New arguments for waiting tasks, made from what is stored once their rows are locked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias
from uuid import UUID

from rowlock.plan import Plan
from rowlock.storage.change_contract import Content, NewContent
from rowlock.storage.storage import Storage

Rewrite: TypeAlias = Callable[[Content], NewContent | str]
"""What becomes of a task's content, or why it stays as it is; called again if the plan is."""


class Rewritten(NamedTuple):
    """What became of the contents of a batch: by task, what is new, and why others stay."""

    done: dict[UUID, NewContent]
    refused: dict[UUID, str]


def rewrite_contents(
    storage: Storage, namespace: str, ids: Sequence[UUID], rewrite: Rewrite
) -> Plan[Rewritten]:
    """Give locked tasks new contents; one whose new unique key another one holds is refused."""
    stored = yield from storage.changes.read_contents(ids)
    made: dict[UUID, NewContent] = {}
    refused: dict[UUID, str] = {}
    for task_id in ids:
        content = rewrite(stored[task_id])
        if isinstance(content, str):
            refused[task_id] = content
        else:
            made[task_id] = content
    moved = {
        task_id: content.unique_key
        for task_id, content in made.items()
        if content.unique_key is not None and content.unique_key != stored[task_id].unique_key
    }
    taken: set[str] = set()
    if moved:
        keys = sorted(set(moved.values()))
        taken |= (yield from storage.changes.find_unique_holders(namespace, keys)).keys()
    for task_id, key in moved.items():
        if key in taken:
            del made[task_id]
            refused[task_id] = "duplicate"
        taken.add(key)
    yield from storage.changes.edit_contents(made)
    return Rewritten(made, refused)
