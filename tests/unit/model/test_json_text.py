"""What is stored as JSON comes back unchanged, or is refused at the door."""

from __future__ import annotations

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowlock.errors import PayloadError
from rowlock.model import json_text

STORABLE_TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
STORABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | STORABLE_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STORABLE_TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(STORABLE)
def test_what_is_encoded_is_decoded_unchanged(value):
    text = json_text.encode("payload", value)
    assert json_text.decode(text) == value
    assert json_text.parse("payload", text) == value
    assert json_text.encode("payload", json_text.decode(text)) == text


@given(st.dictionaries(STORABLE_TEXT, st.integers(0, 9)))
def test_the_order_of_keys_does_not_matter(value):
    backwards = dict(reversed(list(value.items())))
    assert json_text.encode("payload", backwards) == json_text.encode("payload", value)


@given(st.text())
def test_text_from_outside_is_read_or_refused(text):
    with suppress(PayloadError):
        json_text.encode("payload", json_text.parse("payload", text))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a":1,"a":2}', "twice"),
        ("[" * 100_000 + "]" * 100_000, "deeper"),
        ("", "not JSON"),
        ("{", "not JSON"),
        ("'a'", "not JSON"),
    ],
)
def test_what_is_no_json_is_refused(text, problem):
    with pytest.raises(PayloadError, match=problem):
        json_text.parse("args", text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[NaN]", "nan"),
        ("[-Infinity]", "-inf"),
        ("[1e999]", "inf"),
        ('["\\u0000"]', "NUL"),
        ('["\\ud800"]', "surrogate"),
        ("[" * 31 + "]" * 31, "deeper"),
        (str(2**63), "64"),
        ("1" * 5_000, "inf"),
        ('"' + "x" * 1_100_000 + '"', "limit"),
    ],
)
def test_a_value_from_outside_is_refused_by_who_encodes_it(text, problem):
    value = json_text.parse("args", text)
    with pytest.raises(PayloadError, match=problem) as refused:
        json_text.encode("payload", value)
    assert refused.value.field == "payload"
    with pytest.raises(PayloadError, match=problem) as refused:
        json_text.encode_arguments({"good": 1, "bad": value})
    assert refused.value.field == "bad"


def test_arguments_that_only_together_are_too_large_are_refused_as_the_payload():
    with pytest.raises(PayloadError) as refused:
        json_text.encode_arguments({"one": "x" * 600_000, "two": "x" * 600_000})
    assert refused.value.field == "payload"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (math.nan, "nan"),
        ([math.inf], "inf"),
        ("\x00", "NUL"),
        ({"\x00": 1}, "NUL"),
        ("\\\x00", "NUL"),
        ("\\\\\x00", "NUL"),
        ("\\u0000\x00", "NUL"),
        ({"a": "\udc00"}, "surrogate"),
        ({1: 2}, "keys are text"),
        (2**63, "64"),
        (object(), "object"),
        ({1, 2}, "set"),
    ],
)
def test_a_value_without_a_json_form_is_refused(value, problem):
    with pytest.raises(PayloadError, match=problem):
        json_text.encode("payload", value)


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "a\\\\\\u0000", "\x01\\"])
def test_what_only_looks_like_nul_is_stored(text):
    assert json.loads(json_text.encode("payload", {text: text})) == {text: text}


def test_the_limit_counts_bytes():
    assert json_text.encode("payload", "é" * 5, max_bytes=12)
    with pytest.raises(PayloadError, match="13 bytes"):
        json_text.encode("payload", "é" * 5 + "x", max_bytes=12)


@given(st.text())
def test_printable_text_can_always_be_stored(text):
    shown = json_text.printable(text)
    assert json.loads(json_text.encode("error", shown)) == shown
    assert json_text.printable(shown) == shown


def test_printable_text_shows_what_it_replaced():
    assert json_text.printable("a\x00b\ud800") == "a\\x00b\\ud800"
    assert json_text.printable("naïve 🚣") == "naïve 🚣"
