"""What queues, namespaces, definitions, keys and tags may be called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowlock.errors import InvalidValueError
from rowlock.model.names import (
    checked_alias,
    checked_name,
    checked_namespace,
    checked_queue,
    checked_tags,
    checked_unique_key,
    checked_worker,
    definition_key,
)


@pytest.mark.parametrize(
    ("given_name", "name"),
    [(" Emails ", "emails"), ("a", "a"), ("a" * 64, "a" * 64), ("A.b_C-9", "a.b_c-9")],
)
def test_a_name_is_trimmed_and_lowered(given_name, name):
    """C106."""
    assert checked_name("queue", given_name) == name


@pytest.mark.parametrize(
    "name", ["1x", "a b", "", " ", "a" * 65, "_a", "-a", "ä", "a\nb", "a/b", None, 5, b"a"]
)
def test_any_other_name_is_refused(name):
    """C106."""
    with pytest.raises(InvalidValueError) as refused:
        checked_name("queue", name)
    assert refused.value.field == "queue"


def test_an_empty_queue_is_the_default_one():
    """C5."""
    assert checked_queue("  ") == "default"


@pytest.mark.parametrize("name", ["pgqueue", "Rowlock"])
def test_reserved_namespaces_are_refused(name):
    with pytest.raises(InvalidValueError, match="reserved"):
        checked_namespace(name)


@pytest.mark.parametrize(
    "spelling",
    [
        "HelloWorldTask",
        "hello-world-task",
        "HELLO_WORLD_TASK",
        "helloworldtask",
        " h-ello_WorldTask",
    ],
)
def test_an_alias_is_matched_ignoring_case_and_separators(spelling):
    """C38."""
    assert definition_key(spelling) == "helloworldtask"


def test_an_alias_keeps_its_spelling():
    assert checked_alias(" Hello-World ") == "Hello-World"


@pytest.mark.parametrize("alias", ["", " ", "-_-", "x" * 101, "a\tb", "a\x00", "\ud800", None])
def test_a_bad_alias_is_refused(alias):
    with pytest.raises(InvalidValueError):
        checked_alias(alias)


def test_a_unique_key_is_kept_verbatim():
    assert checked_unique_key(" Order 17 / ä ") == "Order 17 / ä"
    assert len(checked_unique_key("x" * 255)) == 255


def test_tags_are_sorted_and_bounded():
    assert checked_tags({"b", "a"}) == ("a", "b")
    assert checked_tags([str(number) for number in range(20)])
    assert checked_tags(["x"] * 50) == ("x",)


def test_a_workers_name_is_bounded():
    with pytest.raises(InvalidValueError):
        checked_worker("x" * 101)


@given(st.text())
def test_a_checked_name_is_always_accepted_again(text):
    try:
        name = checked_name("queue", text)
    except InvalidValueError:
        return
    assert checked_name("queue", name) == name
    assert len(name) <= 64
