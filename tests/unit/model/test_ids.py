"""Ids are UUIDv7 and only ever grow; tokens are random."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID

import pytest

from rowlock.errors import InvalidValueError
from rowlock.model.ids import (
    derived_task_id,
    keyed_task_ids,
    new_task_id,
    new_token,
    task_id_from_text,
)


def test_ids_of_one_process_grow():
    ids = [new_task_id() for _ in range(20_000)]
    assert ids == sorted(set(ids))


def test_ids_of_many_threads_differ():
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: [new_task_id() for _ in range(2_000)], range(8)))
    assert len({one for part in made for one in part}) == 16_000
    assert all(part == sorted(part) for part in made)


def test_an_id_has_the_layout_of_version_7_and_the_time_in_front():
    before = time.time_ns() // 1_000_000
    task_id = new_task_id()
    assert (task_id.version, task_id.variant) == (7, "specified in RFC 4122")
    assert before <= task_id.int >> 80 <= before + 5_000


def test_a_token_is_random():
    assert len({new_token() for _ in range(1_000)}) == 1_000


FORK = """
import os
from rowlock.model.ids import new_task_id
new_task_id()
child = os.fork()
os.write(1, f"{new_task_id()}\\n".encode())
if child:
    os.waitpid(child, 0)
"""


def test_a_forked_child_makes_other_ids():
    ended = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, text=True, check=True, timeout=60
    )
    assert len(set(ended.stdout.split())) == 2


@pytest.mark.parametrize("text", ["", "abc", "g" * 32, "1" * 31])
def test_what_is_no_id_is_refused(text):
    """C17."""
    with pytest.raises(InvalidValueError) as refused:
        task_id_from_text(text)
    assert refused.value.field == "id"


def test_an_id_is_read_in_any_of_its_forms():
    task_id = new_task_id()
    for text in (str(task_id), task_id.hex, str(task_id).upper(), f" {{{task_id}}} ", task_id.urn):
        assert task_id_from_text(text) == task_id


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_derived_id_is_the_same_for_whoever_derives_it():
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5)))
    assert derived_task_id("nightly", NOON) == derived_task_id("nightly", elsewhere)
    assert str(derived_task_id("nightly", NOON)) == "019ca945-0a00-8321-8922-baf24a87b805"


def test_derived_ids_differ_by_source_and_by_microsecond():
    later = NOON + timedelta(microseconds=1)
    ids = {
        derived_task_id(source, at) for source in ("a", "b", UUID(int=1)) for at in (NOON, later)
    }
    assert len(ids) == 6


def test_a_derived_id_sorts_by_its_moment_and_says_version_8():
    derived = derived_task_id("nightly", NOON)
    assert derived.version == 8
    assert derived.variant == RFC_4122
    assert derived.int >> 80 == int(NOON.timestamp() * 1000)
    assert derived < derived_task_id("nightly", NOON + timedelta(milliseconds=1))


def test_the_ids_of_a_key_grow_and_are_the_same_for_whoever_asks():
    key = new_task_id()
    ids = keyed_task_ids(key, 1_001)
    assert ids == sorted(set(ids))
    assert keyed_task_ids(key, 3) == ids[:3]
    assert {(one.version, one.variant, one.int >> 80) for one in ids} == {
        (8, RFC_4122, key.int >> 80)
    }  # fmt: skip


def test_the_ids_of_keys_that_follow_each_other_have_nothing_in_common():
    key = new_task_id()
    keys = [UUID(int=key.int + step) for step in range(50)]
    assert len({one for near in keys for one in keyed_task_ids(near, 20)}) == 1_000
