"""Parameters that providers fill."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest

from rowlock import Context, Rowlock, TaskState, Worker, context, depends
from rowlock.errors import ConfigError, HookError, InvalidValueError, PayloadError

# None of it asks the database for anything.
MEMORY = pytest.mark.parametrize("backend", ["memory"], indirect=True)

EVENTS: list[object] = []


@pytest.fixture(autouse=True)
def events() -> list[object]:
    EVENTS.clear()
    return EVENTS


class Session:
    """Something that is opened and closed, and no JSON."""


def get_session() -> Iterator[Session]:
    EVENTS.append("open")
    try:
        yield Session()
    except BaseException as error:
        EVENTS.append(f"roll back {type(error).__name__}")
        raise
    finally:
        EVENTS.append("close")


async def aget_session() -> AsyncIterator[Session]:
    EVENTS.append("open")
    await asyncio.sleep(0)
    try:
        yield Session()
    except BaseException as error:
        EVENTS.append(f"roll back {type(error).__name__}")
        raise
    finally:
        await asyncio.sleep(0)
        EVENTS.append("close")


def get_user(ctx: Context, session: Session = depends(get_session)) -> str:
    assert isinstance(session, Session)
    return f"user {ctx.attempt}"


async def get_name(user: str = depends(get_user), ctx: Context = context()) -> str:
    await asyncio.sleep(0)
    return f"name of {user} in {ctx.task.queue}"


def ended(app: Rowlock, task: object):
    return app.get_task(task)  # type: ignore[arg-type]


@MEMORY
@pytest.mark.parametrize("provider", [get_session, aget_session])
@pytest.mark.parametrize("is_async", [True, False])
def test_a_provider_that_yields_cleans_up_after_the_attempt(app, events, provider, is_async):
    def work(number: int, session: Session = depends(provider)) -> int:
        events.append(type(session).__name__)
        return number

    async def awork(number: int, session: Session = depends(provider)) -> int:
        return work(number, session)

    task = app.task(alias="work")(awork if is_async else work).enqueue(3)
    Worker(app).run_once()
    assert events == ["open", "Session", "close"]
    assert (ended(app, task).result, ended(app, task).payload) == (3, {"number": 3})


@MEMORY
@pytest.mark.parametrize("provider", [get_session, aget_session])
@pytest.mark.parametrize("is_async", [True, False])
def test_a_provider_sees_what_the_handler_raises(app, events, provider, is_async):
    def work(session: Session = depends(provider)) -> None:
        raise KeyError("mine")

    async def awork(session: Session = depends(provider)) -> None:
        work(session)

    task = app.task(alias="work", max_attempts=1)(awork if is_async else work).enqueue()
    Worker(app).run_once()
    assert events == ["open", "roll back KeyError", "close"]
    assert ended(app, task).error.type == "KeyError"


@MEMORY
@pytest.mark.parametrize("is_async", [True, False])
def test_providers_need_providers_and_each_is_made_once(app, events, is_async):
    def work(name: str = depends(get_name), session: Session = depends(get_session)) -> str:
        return name

    async def awork(name: str = depends(get_name), session: Session = depends(get_session)) -> str:
        return name

    task = app.task(alias="work")(awork if is_async else work).enqueue()
    Worker(app).run_once()
    assert ended(app, task).result == "name of user 1 in default"
    assert events == ["open", "close"]


@MEMORY
def test_each_attempt_has_its_own(app, events):
    @app.task(max_attempts=2, retry="immediate")
    async def work(session: Session = depends(get_session)) -> None:
        raise OSError

    work.enqueue()
    Worker(app).run_once()
    assert events == ["open", "roll back OSError", "close"] * 2


@MEMORY
def test_an_error_in_the_clean_up_fails_the_attempt(app):
    def get() -> Iterator[int]:
        yield 1
        raise ConnectionError("commit failed")

    @app.task(max_attempts=1)
    def work(number: int = depends(get)) -> int:
        return number

    task = work.enqueue()
    Worker(app).run_once()
    assert ended(app, task).error.message == "commit failed"


@MEMORY
def test_a_provider_cannot_swallow_the_error(app):
    def get() -> Iterator[int]:
        with suppress(OSError):
            yield 1

    @app.task(max_attempts=1)
    def work(number: int = depends(get)) -> int:
        raise OSError("mine")

    task = work.enqueue()
    Worker(app).run_once()
    assert (ended(app, task).state, ended(app, task).error.message) == (TaskState.FAILED, "mine")


@MEMORY
def test_what_a_provider_raises_is_the_attempts_failure(app, events):
    def get(session: Session = depends(get_session)) -> int:
        raise ConnectionError("no")

    @app.task(max_attempts=3, retry_for={ConnectionError: None})
    def work(number: int = depends(get)) -> int:
        return number

    task = work.enqueue()
    assert Worker(app).run_once() == 1
    assert ended(app, task).error.type == "ConnectionError"
    assert events == ["open", "roll back ConnectionError", "close"]


@MEMORY
def test_a_dependency_is_no_argument(app):
    @app.task(unique=True)
    def work(number: int = 1, session: Session = depends(get_session)) -> None: ...

    assert (work.signature.names, work.signature.injected) == (("number",), ("session",))
    with pytest.raises(PayloadError, match="session: is injected, not an argument"):
        work.enqueue(session=Session())
    with pytest.raises(PayloadError, match="session: is injected, not an argument"):
        app.enqueue("work", {"session": None})
    with pytest.raises(InvalidValueError, match="'session' is not an argument"):
        work.options(unique=["session"])
    with pytest.raises(InvalidValueError, match="'session' is not an argument"):
        app.task(alias="other", unique=["session"])(work.handler)


@MEMORY
def test_what_is_made_once_for_each_worker_lives_as_long_as_it(app, events):
    def get_pool() -> Iterator[object]:
        events.append("pool")
        yield object()
        events.append("no pool")

    async def get_client(pool: object = depends(get_pool, scope="worker")) -> AsyncIterator[object]:
        events.append("client")
        yield pool
        events.append("no client")

    @app.task
    def work(client: object = depends(get_client, scope="worker")) -> None:
        events.append(id(client))

    @app.task
    async def awork(pool: object = depends(get_pool, scope="worker")) -> None:
        events.append(id(pool))

    for _ in range(2):
        work.enqueue()
        awork.enqueue()
    Worker(app, concurrency=1).run_once()
    assert events[:2] == ["pool", "client"]
    assert len(set(events[2:6])) == 1
    assert events[6:] == ["no client", "no pool"]


@MEMORY
def test_a_worker_whose_provider_raises_does_not_start(app, events):
    def get_pool(session: Session = depends(get_session, scope="worker")) -> int:
        raise OSError("no pool")

    @app.task
    def work(pool: int = depends(get_pool, scope="worker")) -> None: ...

    with pytest.raises(HookError, match="get_pool: OSError: no pool"):
        Worker(app).run_once()
    assert events == ["open", "roll back HookError", "close"]


@MEMORY
def test_a_provider_of_a_worker_cannot_need_an_attempt(app):
    def get_pool(ctx: Context) -> int:
        return ctx.attempt

    @app.task
    def work(pool: int = depends(get_pool, scope="worker")) -> None: ...

    with pytest.raises(ConfigError, match=r"get_pool: is made once for each worker, but .* 'ctx'"):
        work.enqueue()


@MEMORY
def test_a_parameter_that_nothing_fills_is_told(app):
    def get(url: str) -> str:
        return url

    @app.task
    def work(value: str = depends(get)) -> None: ...

    with pytest.raises(ConfigError, match=r"work: 'value': provider get: .* 'url'"):
        work.enqueue()


@pytest.mark.parametrize("provider", [None, 7, []])
def test_a_provider_must_be_callable(provider):
    with pytest.raises(InvalidValueError, match="provider: must be a function"):
        depends(provider)


def test_there_are_two_scopes():
    with pytest.raises(InvalidValueError, match="scope: 'task' is neither"):
        depends(get_session, scope="task")  # type: ignore[call-overload]


@MEMORY
def test_another_provider_may_stand_in(app, events):
    @app.task
    def work(name: str = depends(get_name)) -> str:
        return name

    def fake(ctx: Context) -> str:
        return f"fake {ctx.attempt}"

    with app.override(get_user, fake):
        task = work.enqueue()
        Worker(app).run_once()
        assert ended(app, task).result == "name of fake 1 in default"
        with app.override(get_user, lambda: "nobody"):
            assert work() == "name of nobody in default"
        assert work() == "name of fake 1 in default"
    assert events == []
    assert work() == "name of user 1 in default"
    assert events == ["open", "close"]


@MEMORY
def test_a_stand_in_that_needs_itself_is_told(app):
    @app.task(max_attempts=1)
    def work(user: str = depends(get_user)) -> str:
        return user

    def fake(user: str = depends(get_user)) -> str:
        return user

    with app.override(get_user, fake), pytest.raises(ConfigError, match="fake: needs itself"):
        work()


@MEMORY
def test_a_stand_in_that_nothing_fills_is_refused(app):
    def fake(url: str) -> str:
        return url

    with pytest.raises(ConfigError, match="'url'"), app.override(get_user, fake):
        pass


@MEMORY
@pytest.mark.parametrize("provider", [get_session, aget_session])
async def test_a_direct_call_has_its_dependencies_too(app, events, provider):
    @app.task
    async def awork(number: int, session: Session = depends(provider)) -> int:
        events.append(type(session).__name__)
        return number

    assert await awork(3) == 3
    assert events == ["open", "Session", "close"]
    events.clear()
    assert await awork(4, session=Session()) == 4
    assert events == ["Session"]


@MEMORY
@pytest.mark.parametrize("provider", [get_session, aget_session])
def test_a_direct_call_of_a_function_has_its_dependencies_too(app, events, provider):
    @app.task
    def work(ctx: Context, number: int, session: Session = depends(provider)) -> int:
        return number + ctx.attempt

    assert work(3) == 4
    assert events == ["open", "close"]


@MEMORY
async def test_a_function_that_needs_an_event_loop_says_so_within_one(app):
    @app.task
    def work(session: Session = depends(aget_session)) -> None: ...

    with pytest.raises(ConfigError, match="event loop runs already"):
        work()


@MEMORY
def test_what_is_not_async_is_made_on_the_handlers_thread(app, events):
    def get_thread() -> threading.Thread:
        return threading.current_thread()

    @app.task
    def work(thread: threading.Thread = depends(get_thread)) -> bool:
        return thread is threading.current_thread()

    @app.task
    async def awork(thread: threading.Thread = depends(get_thread)) -> bool:
        return thread is threading.current_thread()

    tasks = work.enqueue(), awork.enqueue()
    Worker(app).run_once()
    assert [ended(app, task).result for task in tasks] == [True, True]
