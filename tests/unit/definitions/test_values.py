"""Values that fit their annotation are stored and come back; the others are named."""

from __future__ import annotations

import enum
import math
import types
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, TypedDict
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowlock.definitions.signature import Signature
from tests.unit.definitions.steps import refusal, takes


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Word(str):
    __slots__ = ()


class Number(int):
    __slots__ = ()


class Ratio(float):
    __slots__ = ()


@dataclass(frozen=True)
class Line:
    sku: str
    count: int


@dataclass
class Order:
    lines: list[Line]
    due: date | None = None
    notes: dict[str, str] = field(default_factory=dict)


class Point(msgspec.Struct):
    x: float
    y: float


class Pair(NamedTuple):
    left: int
    right: str


class Place(TypedDict):
    city: str


class Opaque:
    pass


def round_trip(hint: Any, value: object) -> object:
    signature = takes(hint)
    return signature.decode(signature.encode({"value": value}))["value"]


offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
ints = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
aware = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=offsets)  # noqa: DTZ001 - the strategy wants naive bounds
lines = st.builds(Line, sku=texts, count=ints)
values: dict[Any, st.SearchStrategy[Any]] = {
    int: ints,
    str: texts,
    float: floats,
    bool: st.booleans(),
    type(None): st.none(),
    bytes: st.binary(max_size=20),
    list[int]: st.lists(ints, max_size=5),
    dict[str, int]: st.dictionaries(texts, ints, max_size=5),
    dict[int, str]: st.dictionaries(ints, texts, max_size=5),
    dict[UUID, float]: st.dictionaries(st.uuids(), floats, max_size=5),
    datetime: aware | st.datetimes(),
    date: st.dates(),
    timedelta: st.timedeltas(),
    UUID: st.uuids(),
    Colour: st.sampled_from(Colour),
    Size: st.sampled_from(Size),
    Decimal: st.decimals(allow_nan=False),
    Line: lines,
    Order: st.builds(
        Order,
        lines=st.lists(lines, max_size=3),
        due=st.none() | st.dates(),
        notes=st.dictionaries(texts, texts, max_size=3),
    ),
    Point: st.builds(Point, x=floats, y=floats),
    Pair: st.builds(Pair, left=ints, right=texts),
    Place: st.fixed_dictionaries({"city": texts}),
    Literal["a", "b", 3]: st.sampled_from(["a", "b", 3]),
    int | None: st.none() | ints,
    datetime | int | None: st.none() | aware | ints,
    tuple[int, str]: st.tuples(ints, texts),
    tuple[int, ...]: st.lists(ints, max_size=5).map(tuple),
    set[int]: st.sets(ints, max_size=5),
    frozenset[str]: st.frozensets(texts, max_size=5),
    dict[str, list[tuple[Colour, Point | None]]]: st.dictionaries(
        texts,
        st.lists(
            st.tuples(st.sampled_from(Colour), st.none() | st.builds(Point, x=floats, y=floats)),
            max_size=3,
        ),
        max_size=3,
    ),
}


@pytest.mark.parametrize("hint", values, ids=str)
@given(data=st.data())
def test_a_value_that_fits_comes_back_equal_and_of_its_type(hint: Any, data: st.DataObject):
    value = data.draw(values[hint])

    found = round_trip(hint, value)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("hint", values, ids=str)
@given(data=st.data())
def test_json_forms_fit_as_the_values_do_and_are_stored_alike(hint: Any, data: st.DataObject):
    value = data.draw(values[hint])
    signature = takes(hint)
    stored = signature.encode({"value": value})

    assert signature.encode(msgspec.json.decode(stored)) == stored


@given(
    value=st.recursive(st.none() | st.booleans() | ints | floats | texts, st.lists, max_leaves=9)
)
def test_an_argument_without_annotation_takes_any_json(value: object):
    def handler(value): ...

    signature = Signature(handler)

    assert signature.decode(signature.encode({"value": value})) == {"value": value}


@given(value=aware)
def test_an_aware_datetime_keeps_its_offset(value: datetime):
    found = round_trip(datetime, value)

    assert isinstance(found, datetime)
    assert found.utcoffset() == value.utcoffset()


def test_a_naive_datetime_stays_naive():
    found = round_trip(datetime, datetime(2026, 1, 2, 3, 4, 5, 6))  # noqa: DTZ001 - the subject

    assert found == datetime(2026, 1, 2, 3, 4, 5, 6)  # noqa: DTZ001 - the subject


def test_the_text_is_canonical():
    def handler(b: set[int], a: int, c: str = "unsaid"): ...

    assert Signature(handler).encode({"b": {3, 1, 2}, "a": 1}) == '{"a":1,"b":[1,2,3]}'


def test_an_int_is_fine_for_a_float():
    assert takes(float).encode({"value": 1}) == '{"value":1.0}'


@pytest.mark.parametrize(
    ("hint", "value", "problem"),
    [
        (int, "1", "expected `int`, got `str`"),
        (int, True, "expected `int`, got `bool`"),
        (int, 1.0, "expected `int`, got `float`"),
        (str, 1, "expected `str`, got `int`"),
        (str, date(2026, 1, 1), "expected `str`, got `date`"),
        (bool, 1, "expected `bool`, got `int`"),
        (int, None, "expected `int`, got `null`"),
        (datetime, "yesterday", "invalid RFC3339 encoded datetime"),
        (date, datetime.now(UTC), "expected `date`, got `datetime`"),
        (Colour, "green", "invalid enum value 'green'"),
        (Annotated[int, msgspec.Meta(gt=0)], 0, "expected `int` >= 1"),
        (float, math.nan, "nan is not a JSON number"),
        (float, math.inf, "inf is not a JSON number"),
        (str, "a\x00b", "has a NUL character"),
        (str, "\ud800", "has a lone surrogate, which is not text"),
        (int, 2**63, "an integer of 64 bits; 64 is the limit"),
        (Any, Opaque(), "cannot be stored: a Opaque has no JSON form"),
        (Opaque, Opaque(), "cannot be stored: a Opaque has no JSON form"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(hint: Any, value: object, problem: str):
    assert refusal(lambda: takes(hint).encode({"value": value})) == ("value", problem)


def test_a_refusal_says_where_inside_the_argument():
    broken = {"lines": [{"sku": "a", "count": "b"}]}

    found = refusal(lambda: takes(Order).encode({"value": broken}))

    assert found == ("value.lines[0].count", "expected `int`, got `str`")


def test_a_refusal_says_what_is_missing_inside_the_argument():
    assert refusal(lambda: takes(Point).encode({"value": {"x": 1}})) == ("value.y", "is missing")


def test_an_object_of_the_right_class_with_wrong_content_is_refused():
    found = refusal(lambda: takes(Line).encode({"value": Line("a", "b")}))  # type: ignore[arg-type] # what is refused

    assert found == ("value.count", "expected `int`, got `str`")


def test_a_value_that_contains_itself_is_refused():
    loop: list[Any] = []
    loop.append(loop)

    field, problem = refusal(lambda: takes(Any).encode({"value": loop}))

    assert (field, problem) == ("value", "is nested too deep, or contains itself")


def test_arguments_that_are_too_large_together_are_refused():
    def handler(a: str, b: str): ...

    half = "x" * 600_000
    field, problem = refusal(lambda: Signature(handler).encode({"a": half, "b": half}))

    assert field == "payload"
    assert "is the limit" in problem


def test_a_subclass_of_a_json_type_is_stored_as_that_type():
    assert takes(str).encode({"value": Word("x")}) == '{"value":"x"}'


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (Word("x"), '"x"'),
        (Number(3), "3"),
        (Ratio(1.5), "1.5"),
        (types.MappingProxyType({"a": 1}), '{"a":1}'),
        ({"a": 1}.keys(), '["a"]'),
    ],
)
def test_a_relative_of_a_json_type_is_a_result_of_that_type(value: object, stored: str):
    assert Signature.encode_result(value) == stored


def test_a_set_of_what_cannot_be_sorted_is_stored():
    found = round_trip(set[tuple[int, int | None]], {(1, None), (1, 2)})

    assert found == {(1, None), (1, 2)}


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (None, None),
        (False, "false"),
        (0, "0"),
        ("", '""'),
        ({"sent": True}, '{"sent":true}'),
        (Line("a", 1), '{"count":1,"sku":"a"}'),
        (Point(1.5, 2.0), '{"x":1.5,"y":2.0}'),
        (datetime(2026, 1, 1, tzinfo=UTC), '"2026-01-01T00:00:00Z"'),
        ((1, {"a": {2}}), '[1,{"a":[2]}]'),
        (Decimal("1.50"), '"1.50"'),
        ([Colour.RED], '["red"]'),
    ],
)
def test_a_result_is_stored_as_its_json(value: object, stored: str | None):
    assert Signature.encode_result(value) == stored


@pytest.mark.parametrize("value", [Opaque(), math.nan, [2**64], {"a": "\x00"}, {None: 1}])
def test_a_result_that_cannot_be_stored_is_refused(value: object):
    assert refusal(lambda: Signature.encode_result(value))[0] == "result"
