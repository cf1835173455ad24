"""Options are checked at the door, and unique keys are derived from arguments."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowlock.backoff import Backoff, RetryPolicy
from rowlock.definitions.options import (
    TaskDefaults,
    TaskOptions,
    task_defaults,
    task_options,
    unique_key_for,
)
from rowlock.errors import InvalidValueError

ID = UUID(int=7)
NOON = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))


def test_nothing_given_is_nothing_said():
    assert task_options() == TaskOptions()


def test_none_is_not_given():
    assert task_options(queue=None, delay=None, unique=None, id=None) == TaskOptions()


@pytest.mark.parametrize(
    ("name", "given_value", "kept"),
    [
        ("queue", " Emails ", "emails"),
        ("queue", "", "default"),
        ("delay", "1h", timedelta(hours=1)),
        ("delay", 0, timedelta(0)),
        ("run_at", NOON, NOON.astimezone(UTC)),
        ("priority", -32_767, -32_767),
        ("priority", 32_767, 32_767),
        ("max_attempts", 1, 1),
        ("max_crashes", 2, 2),
        ("timeout", "30s", timedelta(seconds=30)),
        ("lifetime", 90, timedelta(seconds=90)),
        ("retry", "fixed", RetryPolicy(backoff=Backoff.FIXED)),
        ("retry", RetryPolicy(), RetryPolicy()),
        ("tags", ["b", "a", "a"], ("a", "b")),
        ("unique", " key ", "key"),
        ("unique", True, True),
        ("unique", False, False),
        ("unique", ["b", "a"], ("a", "b")),
        ("id", ID, ID),
        ("id", str(ID), ID),
        ("transaction", "anything", "anything"),
    ],
)
def test_a_good_value_is_kept_in_one_form(name: str, given_value: Any, kept: object):
    assert getattr(task_options(**{name: given_value}), name) == kept


def test_a_time_is_kept_in_utc():
    kept = task_options(run_at=NOON).run_at

    assert kept is not None
    assert kept.tzinfo is UTC


@pytest.mark.parametrize(
    ("name", "given_value"),
    [
        ("queue", "not a name"),
        ("queue", 3),
        ("delay", -1),
        ("delay", "soon"),
        ("run_at", datetime(2026, 1, 1)),  # noqa: DTZ001 - the subject
        ("run_at", "2026-01-01"),
        ("run_at", datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))),
        ("priority", 32_768),
        ("priority", -32_768),
        ("priority", True),
        ("priority", 1.0),
        ("max_attempts", 0),
        ("max_attempts", True),
        ("max_crashes", 0),
        ("timeout", 0),
        ("lifetime", "0s"),
        ("retry", "sometimes"),
        ("retry", 3),
        ("tags", "text"),
        ("unique", ""),
        ("unique", 3),
        ("unique", []),
        ("unique", ["a", "a"]),
        ("unique", ["a b"]),
        ("unique", [1]),
        ("id", "seven"),
        ("id", 7),
        ("colour", "red"),
    ],
)
def test_a_bad_value_is_refused_by_its_name(name: str, given_value: Any):
    with pytest.raises(InvalidValueError) as caught:
        task_options(**{name: given_value})
    assert caught.value.field == name


def test_a_naive_time_is_refused_with_the_remedy():
    with pytest.raises(InvalidValueError, match=re.escape("use datetime.now(UTC)")):
        task_options(run_at=datetime(2026, 1, 1))  # noqa: DTZ001 - the subject


def test_delay_and_time_together_are_refused():
    with pytest.raises(InvalidValueError, match="run_at: is given together with delay"):
        task_options(delay=0, run_at=NOON)


def test_defaults_are_checked_alike():
    found = task_defaults(queue="Emails", timeout="30s", tags=["b", "a"], unique=["b"])

    assert found == TaskDefaults(
        queue="emails", timeout=timedelta(seconds=30), tags=("a", "b"), unique=("b",)
    )


@pytest.mark.parametrize("name", ["delay", "run_at", "id", "transaction", "colour"])
def test_what_is_said_of_one_task_is_no_default(name: str):
    said: dict[str, Any] = {name: 1}
    with pytest.raises(InvalidValueError, match=f"{name}: is not an option"):
        task_defaults(**said)


@pytest.mark.parametrize("unique", [None, False])
def test_a_task_that_is_not_unique_has_no_key(unique: Any):
    assert unique_key_for("send", unique, {"a": 1}) is None


def test_a_given_key_is_kept_verbatim():
    assert unique_key_for("send", "Tom's mail", {"a": 1}) == "Tom's mail"


def test_a_derived_key_names_the_definition_and_hashes_the_arguments():
    # sha256 of {"a":1}
    digest = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"

    assert unique_key_for("send", True, {"a": 1}) == f"send:{digest}"


def test_only_the_chosen_arguments_count():
    first = unique_key_for("send", ("a",), {"a": 1, "b": 2})
    other = unique_key_for("send", ("a",), {"a": 1, "b": 3})

    assert first == other
    assert first != unique_key_for("send", True, {"a": 1, "b": 2})


arguments = st.dictionaries(st.text("abc", min_size=1), st.integers(0, 9), max_size=5)


@given(arguments, arguments)
def test_keys_are_equal_exactly_if_the_arguments_are(one: dict[str, int], other: dict[str, int]):
    keys = {unique_key_for("send", True, one), unique_key_for("send", True, other)}

    assert (len(keys) == 1) == (one == other)


@given(arguments)
def test_the_order_of_arguments_does_not_matter(one: dict[str, int]):
    reversed_one = dict(reversed(one.items()))

    assert unique_key_for("send", True, one) == unique_key_for("send", True, reversed_one)


def test_an_unknown_argument_is_refused():
    with pytest.raises(InvalidValueError, match="unique: 'b' is not an argument"):
        unique_key_for("send", ("a", "b"), {"a": 1})


def test_an_argument_left_to_its_default_counts_as_not_given():
    with_default = unique_key_for("send", ("a", "b"), {"a": 1}, known=("a", "b"))

    assert with_default == unique_key_for("send", ("a",), {"a": 1})
