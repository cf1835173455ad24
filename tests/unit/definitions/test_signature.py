"""A handler's parameters: which are arguments, how a call is bound to them, and what is refused."""

from __future__ import annotations

import enum
import functools
import types
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from rowlock.definitions.context import Context, context
from rowlock.definitions.signature import Signature
from rowlock.errors import ConfigError, InvalidValueError
from tests.unit.definitions.steps import refusal, takes


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Line:
    sku: str
    count: int


class Point(msgspec.Struct):
    x: float
    y: float


class Opaque:
    pass


def add(a: int, b: int) -> int:
    return a + b


def test_any_mapping_will_do_for_the_arguments():
    assert Signature(add).encode(types.MappingProxyType({"a": 1, "b": 2})) == '{"a":1,"b":2}'


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        ({"a": 1}, ("b", "is missing")),
        ({"a": 1, "b": 2, "c": 3}, ("c", "is not a known argument")),
        ([1, 2], ("payload", "expected `object`, got `array`")),
    ],
)
def test_arguments_that_are_not_the_handlers_are_refused(arguments: Any, refused: Any):
    assert refusal(lambda: Signature(add).encode(arguments)) == refused


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ('{"a":1}', "b"),
        ('{"a":1,"b":2,"old":3}', "old"),
        ('{"a":1,"b":"2"}', "b"),
        ("[1,2]", "payload"),
        ('{"a":1', "payload"),
    ],
)
def test_a_stored_payload_that_no_longer_fits_is_refused(payload: str, field: str):
    assert refusal(lambda: Signature(add).decode(payload))[0] == field


def test_reading_fills_in_the_defaults():
    def handler(a: int, b: str = "x", *, c: Colour = Colour.RED, d: float | None = None): ...

    assert Signature(handler).decode('{"a":1}') == {"a": 1, "b": "x", "c": Colour.RED, "d": None}


def test_a_mutable_default_is_the_handlers_own_object():
    shared = [1]

    def handler(a: list[int] = shared, b: object = Opaque): ...

    found = Signature(handler).decode("{}")

    assert found["a"] is shared
    assert found["b"] is Opaque


def test_a_default_that_cannot_be_stored_does_no_harm():
    def handler(a: int, b: Any = Opaque()): ...  # noqa: B008 - the subject

    assert Signature(handler).encode({"a": 1}) == '{"a":1}'


def test_a_handler_without_arguments_has_an_empty_object():
    def handler(): ...

    signature = Signature(handler)

    assert signature.encode({}) == "{}"
    assert signature.decode("{}") == {}


def test_a_first_parameter_annotated_context_is_injected():
    def handler(ctx: Context, a: int): ...

    signature = Signature(handler)
    given_context = Context.detached()

    assert signature.names == ("a",)
    assert signature.inject(given_context) == {"ctx": given_context}


def test_a_parameter_with_the_marker_is_injected_wherever_it_stands():
    def handler(a: int, job: Context = context(), *, b: int = 2): ...  # noqa: B008 - a marker

    signature = Signature(handler)

    assert signature.names == ("a", "b")
    assert signature.injected == ("job",)
    assert signature.bind((1,), {"b": 3}) == {"a": 1, "b": 3}


def test_what_is_injected_cannot_be_stored():
    def handler(ctx: Context, a: int): ...

    found = refusal(lambda: Signature(handler).encode({"ctx": 1, "a": 2}))

    assert found == ("ctx", "is injected, not an argument")


def test_a_context_that_is_neither_first_nor_marked_is_refused():
    def handler(a: int, ctx: Context): ...

    with pytest.raises(ConfigError, match=r"put 'ctx: Context' first"):
        _ = Signature(handler).names


@pytest.mark.parametrize(
    ("args", "kwargs", "bound"),
    [
        ((1, 2), {}, {"a": 1, "b": 2}),
        ((1,), {"b": 2}, {"a": 1, "b": 2}),
        ((), {"b": 2, "a": 1}, {"a": 1, "b": 2}),
    ],
)
def test_a_call_is_bound_by_name(args: Any, kwargs: Any, bound: Any):
    assert Signature(add).bind(args, kwargs) == bound


def test_defaults_are_not_bound():
    def handler(a: int, b: int = 2): ...

    assert Signature(handler).bind((1,), {}) == {"a": 1}


@pytest.mark.parametrize(
    ("args", "kwargs", "refused"),
    [
        ((1,), {}, ("b", "is missing")),
        ((1, 2, 3), {}, ("arguments", "takes 2 by position, 3 were given")),
        ((1, 2), {"a": 3}, ("a", "is given twice, by position and by name")),
        ((1, 2), {"c": 3}, ("c", "is not an argument; there are a, b")),
    ],
)
def test_a_call_that_does_not_fit_is_refused(args: Any, kwargs: Any, refused: Any):
    assert refusal(lambda: Signature(add).bind(args, kwargs)) == refused


def test_what_is_keyword_only_is_not_taken_by_position():
    def handler(*, a: int): ...

    assert refusal(lambda: Signature(handler).bind((1,), {}))[0] == "arguments"


def star(*rest: int): ...


def double_star(**rest: int): ...


def positional(a: int, /): ...


@pytest.mark.parametrize(
    ("handler", "name"), [(star, "rest"), (double_star, "rest"), (positional, "a")]
)
def test_parameters_that_cannot_be_stored_by_name_are_refused_at_once(handler: Any, name: str):
    with pytest.raises(InvalidValueError) as caught:
        Signature(handler)
    assert caught.value.field == name


@pytest.mark.parametrize("handler", [Opaque, 3, functools.partial(add, 1)])
def test_only_functions_are_handlers(handler: Any):
    with pytest.raises(InvalidValueError, match="must be a function"):
        Signature(handler)


def test_a_decorated_function_has_the_arguments_of_the_one_inside():
    @functools.wraps(add)
    def wrapper(*args: int, **kwargs: int) -> int:
        return add(*args, **kwargs)

    assert Signature(wrapper).encode({"a": 1, "b": 2}) == '{"a":1,"b":2}'


def test_a_method_is_a_handler():
    class Service:
        def run(self, a: int): ...

    assert Signature(Service().run).names == ("a",)


def late(value: DefinedBelow): ...


late_signature = Signature(late)


class DefinedBelow(msgspec.Struct):
    a: int


def test_an_annotation_may_name_what_is_defined_later():
    assert late_signature.decode('{"value":{"a":1}}') == {"value": DefinedBelow(1)}


def unresolvable(value: Nowhere): ...  # type: ignore[name-defined]  # noqa: F821 - the subject


def test_an_annotation_that_names_nothing_is_a_mistake_of_wiring():
    with pytest.raises(ConfigError, match=r"unresolvable: an annotation cannot be resolved"):
        Signature(unresolvable).encode({"value": 1})


def returns_nowhere(value: int) -> Nowhere: ...  # type: ignore[name-defined]  # noqa: F821 - the subject


def test_what_a_handler_returns_need_not_be_resolvable():
    assert Signature(returns_nowhere).encode({"value": 1}) == '{"value":1}'


def test_a_type_that_cannot_be_told_apart_in_json_is_a_mistake_of_wiring():
    with pytest.raises(ConfigError, match=r"parameter 'value'"):
        takes(Point | Line).encode({"value": Point(1, 2)})
