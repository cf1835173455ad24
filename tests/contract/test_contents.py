"""Contract: replacing what waiting tasks are given to work on, and what a pause says."""

from __future__ import annotations

import pytest

from rowlock.model import json_text
from rowlock.storage.change_contract import Content, NewContent
from tests.contract.steps import after, claim, get, insert, new

LARGE = json_text.encode("payload", {"text": "ü" * 3_000})


def contents(backend, *ids):
    return backend.read(backend.storage.changes.read_contents, list(ids))


def edit(backend, given):
    backend.run(backend.storage.changes.edit_contents, given)


def holders(backend, *keys, namespace="default"):
    return backend.read(backend.storage.changes.find_unique_holders, namespace, list(keys))


def test_contents_are_read_as_they_were_stored(backend):
    small = new(payload='{"a":1}', unique_key="k", definition="add")
    large = new(payload=LARGE, definition=None)
    insert(backend, small, large)
    assert contents(backend, small.id, large.id, new().id) == {
        small.id: Content(small.id, "add", '{"a":1}', "k"),
        large.id: Content(large.id, None, LARGE, None),
    }


def test_contents_become_large_and_small(backend):
    one, two, other = new(payload='{"a":1}'), new(payload=LARGE), new(payload=LARGE)
    insert(backend, one, two, other)
    edit(backend, {one.id: NewContent(LARGE, "k"), two.id: NewContent('{"b":"\\\\"}', None)})
    assert get(backend, one.id).payload == {"text": "ü" * 3_000}
    assert get(backend, one.id).unique_key == "k"
    assert get(backend, two.id).payload == {"b": "\\"}
    assert get(backend, other.id).payload == {"text": "ü" * 3_000}
    edit(backend, {one.id: NewContent('{"a":2}', None)})
    assert contents(backend, one.id)[one.id][2:] == ('{"a":2}', None)
    edit(backend, {})


@pytest.mark.parametrize("key", ["k", "K", "k ", "kä", "k🎉", "k'\\", "100%"])
def test_the_holders_of_keys_are_found_to_the_letter(backend, key):
    keys = ["k", "K", "kä", "k🎉", "k'\\", "100%"]
    tasks = {one: new(unique_key=one) for one in keys}
    insert(backend, *tasks.values())
    found = {key: tasks[key].id} if key in tasks else {}
    assert holders(backend, key, "nobody's") == found
    assert holders(backend, key, namespace="other") == {}
    assert holders(backend, *keys) == {one: task.id for one, task in tasks.items()}


@pytest.mark.parametrize("reason", ["why", 'say "ü"\\', "🎉\n\t", "null", "{}"])
def test_a_pause_says_why_and_until_when_beside_the_options(backend, reason):
    task = new(options='{"timeout":5.0}')
    insert(backend, task)
    changes = backend.storage.changes

    def said():
        found = get(backend, task.id)
        assert found.timeout is not None
        return found.timeout.total_seconds(), found.paused_until, found.pause_reason

    backend.run(changes.pause, [task.id], until=after(60), reason=reason)
    assert said() == (5, after(60), reason)
    backend.run(changes.pause, [task.id], reason=reason)
    assert said() == (5, None, reason)
    backend.run(changes.pause, [task.id], until=after(60))
    assert said() == (5, after(60), None)
    backend.run(changes.pause, [task.id])
    assert said() == (5, None, None)
    backend.run(changes.pause, [task.id], reason=reason)
    backend.run(changes.resume, [task.id], now=after(0))
    assert said() == (5, None, None)


def test_options_that_only_a_pause_made_are_gone_with_it(backend):
    task = new()
    insert(backend, task)
    changes = backend.storage.changes
    backend.run(changes.pause, [task.id], reason="why")
    backend.run(changes.resume, [task.id], now=after(0))
    [taken] = claim(backend)
    assert taken.options is None
