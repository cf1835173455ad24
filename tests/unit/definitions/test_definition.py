"""A definition is called like its handler and enqueues under its options."""

from __future__ import annotations

import functools
import inspect
from datetime import timedelta
from typing import Any

import pytest

from rowlock.definitions.context import Context, context
from rowlock.definitions.definition import TaskDefinition
from rowlock.definitions.options import TaskDefaults, TaskOptions
from rowlock.errors import DuplicateDefinitionError, InvalidValueError, PayloadError
from tests.unit.definitions.conftest import App


def add(ctx: Context, a: int, b: int = 2) -> int:
    """Add two numbers.

    Nothing more.
    """
    ctx.progress(50)
    return a + b


async def aadd(a: int, b: int = 2) -> int:
    return a + b


def marked(a: int, ctx: Context = context()) -> str | None:  # noqa: B008 - a marker
    return ctx.task.definition


@pytest.fixture
def adding(app: App) -> TaskDefinition[..., int]:
    return app.task(add)


def test_the_name_title_and_description_come_from_the_handler(app: App):
    definition = app.task(add)

    assert (definition.alias, definition.key) == ("add", "add")
    assert (definition.title, definition.description) == ("Add two numbers.", "Nothing more.")
    assert (definition.queue, definition.defaults) == ("default", TaskDefaults())


def test_everything_can_be_said_in_the_decorator(app: App):
    definition = app.task(
        alias="Add-Two",
        title="Adding",
        description="Adds.",
        queue="Sums",
        max_attempts=5,
        timeout="30s",
        unique=["a"],
    )(add)

    assert (definition.alias, definition.key) == ("Add-Two", "addtwo")
    assert (definition.title, definition.description) == ("Adding", "Adds.")
    assert definition.queue == "sums"
    assert definition.defaults == TaskDefaults(
        queue="sums", max_attempts=5, timeout=timedelta(seconds=30), unique=("a",)
    )


def test_a_given_title_leaves_the_whole_docstring_as_description(app: App):
    assert app.task(title="Adding")(add).description == "Add two numbers.\n\nNothing more."


def test_a_handler_without_docstring_has_neither_title_nor_description(app: App):
    definition = app.task(aadd)

    assert (definition.title, definition.description) == ("", "")


def test_a_long_first_line_is_cut_to_a_title(app: App):
    def wordy() -> None: ...

    wordy.__doc__ = "x" * 300

    assert app.task(wordy).title == "x" * 255


@pytest.mark.parametrize(
    "said",
    [
        {"alias": ""},
        {"alias": "x" * 101},
        {"title": "x" * 256},
        {"title": 3},
        {"description": 3},
        {"queue": "no name"},
        {"max_attempts": 0},
        {"timeout": "never"},
        {"unique": ["c"]},
        {"colour": "red"},
    ],
)
def test_what_is_said_wrongly_is_refused_and_registers_nothing(app: App, said: dict[str, Any]):
    with pytest.raises(InvalidValueError) as caught:
        app.task(**said)(add)
    assert [caught.value.field] == list(said)
    assert list(app.registry) == []


def generates():
    yield 1


async def generates_async():
    yield 1


@pytest.mark.parametrize("handler", [generates, generates_async, App, "text"])
def test_what_is_no_function_with_a_result_is_refused(app: App, handler: Any):
    with pytest.raises(InvalidValueError, match="handler: "):
        app.task()(handler)


def test_a_lambda_needs_an_alias(app: App):
    with pytest.raises(InvalidValueError, match="alias: must be given"):
        app.task(lambda a: a)
    assert app.task(alias="same")(lambda a: a).alias == "same"


def test_it_knows_whether_the_handler_is_async(app: App):
    assert not app.task(add).is_async
    assert app.task(aadd).is_async


def test_it_looks_like_its_handler(adding: TaskDefinition[..., int]):
    assert adding.__name__ == "add"  # type: ignore[attr-defined] # as a function
    assert adding.__doc__ == add.__doc__
    assert inspect.signature(adding) == inspect.signature(add)
    assert repr(adding) == "<TaskDefinition 'add'>"


def test_calling_it_runs_the_handler_with_a_detached_context(app: App):
    definition = app.task(add)

    assert definition(1) == 3
    assert definition(a=1, b=1) == 2
    assert app.calls == []


async def test_calling_an_async_one_gives_its_coroutine(app: App):
    assert await app.task(aadd)(1) == 3


def test_a_marked_parameter_gets_the_detached_context(app: App):
    assert app.task(marked)(1) == "marked"


def test_a_caller_may_bring_the_context(app: App):
    assert app.task(marked)(1, ctx=Context.detached("mine")) == "mine"


def test_a_call_that_does_not_fit_is_a_type_error_as_ever(adding: TaskDefinition[..., int]):
    with pytest.raises(TypeError, match=r"add\(\): a: is missing"):
        adding(b=1)


def test_enqueueing_binds_the_arguments_and_leaves_defaults_out(app: App):
    task = app.task(add).enqueue(1)

    assert task.definition == "add"
    assert app.calls == [("enqueue", "add", {"a": 1}, TaskOptions())]


def test_enqueueing_what_does_not_fit_the_call_is_refused(app: App):
    with pytest.raises(PayloadError, match="c: is not an argument; there are a, b"):
        app.task(add).enqueue(1, c=3)  # type: ignore[call-arg] # what is refused
    assert app.calls == []


async def test_every_way_of_enqueueing_reaches_its_own_method(app: App):
    definition = app.task(add)
    definition.enqueue_if_not_exists(1)
    definition.enqueue_many([{"a": 1}])
    await definition.aenqueue(1)
    await definition.aenqueue_if_not_exists(1)
    await definition.aenqueue_many([{"a": 1}])

    assert app.calls == [
        ("enqueue_if_not_exists", "add", {"a": 1}, TaskOptions()),
        ("enqueue_many", "add", {"a": 1}, TaskOptions()),
        ("aenqueue", "add", {"a": 1}, TaskOptions()),
        ("aenqueue_if_not_exists", "add", {"a": 1}, TaskOptions()),
        ("aenqueue_many", "add", {"a": 1}, TaskOptions()),
    ]


async def test_options_go_with_every_way_of_enqueueing(app: App):
    bound = app.task(add).options(queue="sums", delay="1h")
    bound.enqueue(1)
    bound.enqueue_if_not_exists(1)
    bound.enqueue_many([{"a": 1}])
    await bound.aenqueue(1)
    await bound.aenqueue_if_not_exists(1)
    await bound.aenqueue_many([{"a": 1}])

    said = TaskOptions(queue="sums", delay=timedelta(hours=1))
    assert [options for _, _, _, options in app.calls] == [said] * 6


def test_options_are_checked_before_anything_is_enqueued(app: App):
    definition = app.task(add)

    with pytest.raises(InvalidValueError, match="delay: "):
        definition.options(delay=-1)


@pytest.mark.parametrize("name", ["c", "ctx"])
def test_uniqueness_over_what_is_no_argument_is_refused(app: App, name: str):
    with pytest.raises(InvalidValueError, match=f"unique: '{name}' is not an argument"):
        app.task(add).options(unique=[name])


def test_the_transaction_travels_untouched(app: App):
    session = object()
    app.task(add).options(transaction=session).enqueue(1)

    assert app.calls[0][3].transaction is session


def test_the_registry_finds_an_alias_in_any_spelling(app: App):
    definition = app.task(alias="HelloWorldTask")(add)

    assert app.registry.get("hello-world_TASK") is definition
    assert app.registry.get("unknown") is None


def test_the_registry_keeps_the_order(app: App):
    definitions = [app.task(alias=alias)(aadd) for alias in ("b", "a", "c")]

    assert list(app.registry) == definitions
    assert len(app.registry) == 3


def test_two_aliases_that_fold_alike_are_a_duplicate(app: App):
    app.task(alias="send-mail")(add)

    with pytest.raises(DuplicateDefinitionError, match="SendMail"):
        app.task(alias="SendMail")(aadd)
    assert len(app.registry) == 1


def test_adding_the_same_definition_again_changes_nothing(app: App):
    definition = app.task(add)
    app.registry.add(definition)

    assert list(app.registry) == [definition]


def test_a_wrapped_handler_is_called_through_its_wrapper(app: App):
    @functools.wraps(aadd)
    def wrapper(*args: Any, **kwargs: Any) -> str:
        return f"wrapped {args} {kwargs}"

    assert app.task()(wrapper)(1) == "wrapped () {'a': 1}"
