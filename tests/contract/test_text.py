"""Contract: text comes back as it went in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rowlock.model import json_text
from rowlock.model.definitions import Definition
from rowlock.model.states import TaskState
from rowlock.model.tasks import Report
from tests.contract.steps import (
    T0,
    back,
    cancel_waiting,
    claim,
    claimed,
    done,
    failure,
    finish,
    get,
    insert,
    listed,
    new,
    release,
)

TEXTS = {
    "accents": "Grüße an Zoë, naïve façade",
    "emoji": "🎉 done 👩‍👩‍👧 🏳️‍🌈",
    "scripts": "日本語 العربية עברית Ελληνικά кириллица",
    "beyond the basic plane": "𐍈𐎠𐤀 𒀀 𠜎",
    "controls": "tab\t newline\n return\r bell\x07 delete\x7f",
    "quotes": 'it\'s "quoted" `so` $1 :name %s %(name)s ? ; -- /* */',
    "backslashes": "C:\\new\\table \\u0000 \\' \\\\",
    "wildcards": "100% _under_ [a-z] *",
    "separators": "a\u2028b\u2029c\u0085d\u00a0e\ufefff",
    "combining": "e\u0301 \u00e9 \ufb01",
    "spaces": "  leading and trailing  ",
    "empty": "",
}

each_text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())


@each_text
def test_a_payload_comes_back(backend, text):
    payload = json_text.encode("payload", {text: [text, {"text": text}]})
    one = claimed(backend, payload=payload)
    assert one.payload == payload
    finish(backend, done(one))
    assert get(backend, one.id).payload == {text: [text, {"text": text}]}


@each_text
def test_a_large_payload_comes_back(backend, text):
    payload = json_text.encode("payload", [text] * 3000)
    one = claimed(backend, payload=payload)
    assert one.payload == payload


@each_text
def test_a_fresh_payload_comes_back(backend, text):
    small, large = (json_text.encode("payload", [text] * number) for number in (1, 3000))
    tasks = [new(payload=small), new(payload=large)]
    plan = backend.storage.enqueue.insert_fresh_tasks
    backend.run(plan, tasks, namespace="default", now=T0)
    assert [one.payload for one in claim(backend, limit=2)] == [small, large]


@each_text
def test_result_error_and_reason_come_back(backend, text):
    first, second = claimed(backend), claimed(backend)
    finish(
        backend,
        done(first, result=json_text.encode("result", text)),
        done(second, state=TaskState.FAILED, error=failure(text), reason=text),
    )
    task = get(backend, second.id)
    assert task.error is not None
    assert (get(backend, first.id).result, task.error.message, task.reason) == (text, text, text)


@each_text
def test_progress_message_and_log_come_back(backend, text):
    one = claimed(backend)
    log = json_text.encode("log", [["2030-01-01T12:00:00+00:00", "INFO", text]])
    report = Report(one.id, one.token, 5, f"m{text}", log)
    backend.run(backend.storage.claims.report, [report], now=T0)
    [line] = backend.read(backend.storage.reads.read_log, one.id)
    assert (get(backend, one.id).progress_message, line.message) == (f"m{text}", text)


@each_text
def test_the_error_of_an_attempt_comes_back(backend, text):
    one = claimed(backend)
    release(backend, back(one, error=failure(text)))
    [attempt] = backend.read(backend.storage.reads.list_attempts, one.id)
    assert attempt.error is not None
    assert attempt.error.message == text


@each_text
def test_key_tags_worker_and_reason_of_a_cancel_come_back(backend, text):
    key = f"k{text}"[:100]
    task = new(unique_key=key, tags=json_text.encode("tags", [key]))
    insert(backend, task)
    cancel_waiting(backend, task.id, reason=key)
    stored = get(backend, task.id)
    assert (stored.unique_key, stored.tags, stored.reason) == (key, (key,), key)
    assert listed(backend, tags=(key,)) == [task.id]


@each_text
def test_a_definition_comes_back(backend, text):
    given = Definition(alias=f"a{text}"[:100], key="key", title=text, description=text)
    backend.run(backend.storage.definitions.put_definitions, "default", [given])
    found = backend.read(backend.storage.definitions.get_definition, "default", "key")
    assert found is not None
    assert replace(found, created_at=None, updated_at=None) == given


@pytest.mark.parametrize(
    "number", [0, -1, 2**63 - 1, -(2**63), 2**53 + 1, 0.1, 1e308, 5e-324, -0.0, 1.5]
)
def test_a_number_comes_back(backend, number):
    one = claimed(backend, payload=json_text.encode("payload", [number]))
    finish(backend, done(one, result=one.payload))
    task = get(backend, one.id)
    assert repr(task.payload) == repr(task.result) == repr([number])


def test_deep_nesting_comes_back(backend):
    value: list[object] = []
    for _ in range(json_text.MAX_DEPTH - 2):
        value = [value]
    one = claimed(backend, payload=json_text.encode("payload", value))
    assert get(backend, one.id).payload == value
