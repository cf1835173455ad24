"""`TaskHandler` classes: what they say, what they are given, and what their return means."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest

from rowlock import Context, Fail, Snooze, TaskHandler
from rowlock.errors import ConfigError, DuplicateDefinitionError, InvalidValueError, PayloadError
from tests.unit.definitions.conftest import App


class Echo(TaskHandler):
    """Say it back.

    In as many words.
    """

    def handle(self) -> Any:
        return self.param("value", None)


def test_a_class_says_what_its_definition_is(app: App):
    class Report(Echo):
        alias = "nightly-report"
        title = "Nightly report"
        description = "Every night."
        queue = "slow"
        max_attempts = 2
        timeout = "5m"
        tags = ("b", "a")

    made = app.task(Report)
    assert (made.alias, made.key) == ("nightly-report", "nightlyreport")
    assert (made.title, made.description) == ("Nightly report", "Every night.")
    assert (made.queue, made.defaults.max_attempts) == ("slow", 2)
    assert (made.defaults.timeout, made.defaults.tags) == (timedelta(minutes=5), ("a", "b"))


def test_a_class_is_named_and_described_by_itself(app: App):
    made = app.task(Echo)
    assert (made.alias, made.title, made.description) == (
        "Echo", "Say it back.", "In as many words."
    )  # fmt: skip
    assert (vars(made)["__name__"], made.__doc__) == ("Echo", Echo.__doc__)


def test_what_is_said_at_registration_goes_over_what_the_class_says(app: App):
    class Report(Echo):
        queue = "slow"
        priority = 3

    made = app.task(alias="other", title="Other", queue="fast", priority=None)(Report())
    assert (made.alias, made.title, made.queue) == ("other", "Other", "fast")
    assert made.defaults.priority == 3


class Needy(Echo):
    def __init__(self, needed: int) -> None:
        self.needed = needed


@pytest.mark.parametrize(
    ("handler", "problem"),
    [
        (TaskHandler, "has neither handle nor handle_with_context"),
        (Needy, "needs arguments"),
        (type("Bad", (Echo,), {"max_attempts": 0}), "max_attempts"),
        (type("Bad", (Echo,), {"alias": "--"}), "alias"),
        (type("Bad", (Echo,), {"title": "x" * 256}), "title"),
    ],
)
def test_a_class_that_cannot_be_run_is_refused(app: App, handler: Any, problem: str):
    with pytest.raises(InvalidValueError, match=problem):
        app.task(handler)
    assert len(app.registry) == 0


@pytest.mark.parametrize("value", [7, "text", [1, None], {"a": 1.5}, True, None, ""])
def test_a_parameter_is_any_json(app: App, value: object):
    """Values are not turned into text on the way."""
    made = app.task(Echo)
    arguments = made.signature.decode(made.signature.encode({"value": value}))
    assert arguments == {"value": value}
    assert made(value=[value]) == [value]


def test_arguments_are_stored_by_name_only(app: App):
    made = app.task(Echo)
    made.options(unique=["user"]).enqueue(user=7, context=1)
    [(_, _, arguments, _)] = app.calls
    assert arguments == {"user": 7, "context": 1}
    with pytest.raises(PayloadError, match="by position"):
        made.enqueue(7)


def test_a_value_without_a_json_form_is_named(app: App):
    made = app.task(Echo)
    with pytest.raises(PayloadError, match=r"^bad: "):
        made.signature.encode({"good": 1, "bad": object()})


def test_a_missing_parameter_is_empty(app: App):
    class Asking(TaskHandler):
        def handle(self) -> Any:
            return [self.param("none"), self.param("none", 5), dict(self.params)]

    assert app.task(Asking)(a=1) == ["", 5, {"a": 1}]


@pytest.mark.parametrize(
    ("given", "items"),
    [
        ({"x": "a;b;c"}, ["a", "b", "c"]),
        ({"x": "x"}, ["x"]),
        ({"x": ""}, []),
        ({"x": None}, []),
        ({}, []),
        ({"x": [1, "a;b"]}, [1, "a;b"]),
        ({"x": 7}, [7]),
    ],
)
def test_a_list_is_text_split_at_semicolons(app: App, given: dict[str, Any], items: list[Any]):
    """C39."""

    class Listing(TaskHandler):
        def handle(self) -> Any:
            return self.param_list("x")

    assert app.task(Listing)(**given) == items


class Ending(TaskHandler):
    def handle(self) -> Any:
        if self.param("log"):
            self.log_error("no %s", "answer")
        self.set_output(self.param("output", None))
        return {"true": True, "none": None, "false": False, "list": [1]}[self.param("end")]


def test_the_output_is_the_result_of_what_ends_well(app: App):
    made = app.task(Ending)
    assert made(end="true", output={"a": 1}) == {"a": 1}
    assert made(end="none", output=5) == 5
    assert made(end="true") is None
    assert made(end="list") == [1]


def test_false_fails_with_the_last_error(app: App):
    made = app.task(Ending)
    assert made(end="false", output=5) == Fail("the handler returned False")
    assert made(end="false", log=True) == Fail("no answer")


def test_other_outcomes_are_as_for_functions(app: App):
    class Later(TaskHandler):
        def handle(self) -> Any:
            return Snooze("5m")

    assert app.task(Later)() == Snooze("5m")


def test_the_last_line_of_each_level_can_be_read(app: App, caplog: pytest.LogCaptureFixture):
    """C40."""
    caplog.set_level(logging.INFO)

    class Talking(TaskHandler):
        def handle(self) -> Any:
            before = (self.last_info, self.last_error, self.last_success)
            self.log_info("one")
            self.log_info("%d of %d", 2, 2)
            self.log_error("100 %")
            self.log_success("three")
            return [*before, self.last_info, self.last_error, self.last_success]

    assert app.task(Talking)() == ["", "", "", "2 of 2", "100 %", "three"]
    assert [record.funcName for record in caplog.records] == ["handle"] * 4
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO", "ERROR", "SUCCESS"]


def test_a_handler_with_context_gets_it_instead_of_handle(app: App):
    class Both(Echo):
        def handle_with_context(self, context: Context) -> Any:
            return [context is self.context, context.has_task, self.has_task, self.task]

    assert app.task(Both)() == [True, False, False, None]


def test_async_handlers_are_awaited(app: App):
    class Waiting(TaskHandler):
        async def handle(self) -> bool:
            await asyncio.sleep(0)
            self.set_output(self.param("x"))
            return True

    made = app.task(Waiting)
    assert made.is_async
    assert asyncio.run(made(x=3)) == 3


class Counting(TaskHandler):
    """Counts its own runs."""

    def __init__(self, start: int = 0) -> None:
        self.runs = start

    def handle(self) -> Any:
        self.runs += 1
        return self.runs


def test_each_run_has_an_object_of_its_own(app: App):
    made, instance = app.task(Counting), Counting(5)
    other = app.task(alias="other")(instance)
    assert [made(), made(), other(), other()] == [1, 1, 6, 6]
    assert instance.runs == 5


def test_a_handler_enqueues_its_own_kind(app: App):
    class Again(TaskHandler):
        def handle(self) -> Any:
            if self.param("enqueue") == "yes" and not self.has_task:
                self.enqueue(enqueue="no")
            return self.definition.alias

    assert app.task(Again)(enqueue="yes") == "Again"
    assert [call[:3] for call in app.calls] == [("enqueue", "Again", {"enqueue": "no"})]


def test_an_async_handler_enqueues_without_blocking(app: App):
    class Again(TaskHandler):
        async def handle(self) -> None:
            await self.aenqueue(x=1)

    asyncio.run(app.task(Again)())
    assert [call[0] for call in app.calls] == ["aenqueue"]


def test_an_object_made_by_hand_logs_and_has_no_definition():
    echo = Echo()
    echo.log_info("hello")
    assert (echo.handle(), echo.last_info, echo.has_task) == (None, "hello", False)
    with pytest.raises(ConfigError, match="Echo"):
        echo.enqueue()


def test_what_was_registered_is_found_again(app: App):
    made = app.task(Echo)
    assert app.registry.adopt(app._definition_of(Echo)) is made
    counting = app.task(Counting(3))
    assert app.registry.adopt(app._definition_of(Counting(3))) is counting
    assert len(app.registry) == 2


@pytest.mark.parametrize("other", [Counting(4), Counting])
def test_another_handler_under_a_taken_alias_is_refused(app: App, other: Any):
    app.task(Counting(3))
    with pytest.raises(DuplicateDefinitionError):
        app.registry.adopt(app._definition_of(other))


def test_a_definition_of_another_app_enqueues_here(app: App):
    class Again(TaskHandler):
        def handle(self) -> None:
            self.enqueue()

    def plain() -> None: ...

    there = App()
    for handler in (Again, plain):
        adopted = app._definition_of(there.task(queue="slow")(handler))
        assert (adopted.queue, adopted.enqueuer) == ("slow", app.enqueuer)
        adopted()
        adopted.enqueue()
    assert (len(app.calls), len(there.calls)) == (3, 0)


def test_a_definition_takes_nothing_more_at_registration(app: App):
    with pytest.raises(InvalidValueError, match="queue"):
        app._definition_of(app.task(Echo), queue="other")
