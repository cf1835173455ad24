"""Storage operations as data.

A plan is a generator. It yields `Statement`s, receives their `Result`s and returns a value. It
never touches a connection, so the same plan serves a sync caller, an async caller and a
caller's own open transaction.

A plan of one statement is atomic by itself. A plan whose statements belong together yields
`BEGIN` first: a runner that owns its connection then opens a transaction and commits it when
the plan returns; a runner on the caller's transaction is in one already.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, TypeVar

from rowlock.sql_text import SqlText

T = TypeVar("T")

Row: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What a statement gave back: its rows, and how many rows it changed."""

    rows: list[Row]
    count: int


class Statement(NamedTuple):
    """One SQL statement and its parameters, ready for a driver.

    Attributes:
        name: Its name in the catalogue, for errors, plan tests and coverage.
        sql: The text, which renders itself in any driver's parameter style.
        params: Values by parameter name.
        copied: Instead of `params`: what a COPY reads, as text; it may be read only once.
        then: Instead of all else: what is called after the commit. See `after_commit`.
    """

    name: str
    sql: SqlText
    params: Mapping[str, Any]
    copied: Iterable[str] | None = None
    then: Callable[[], None] | None = None


BEGIN = Statement("begin", SqlText("BEGIN"), {})
"""What a plan yields first when its statements must take effect together."""

NOTHING = Result([], 0)


def after_commit(call: Callable[[], None]) -> Statement:
    """Return what a plan yields to have a call made once what it did is committed.

    Never, if it is rolled back or nobody knows. In the caller's own transaction, of whose end we
    hear nothing, it is made when the plan returns. It must neither block nor raise.
    """
    return Statement("after_commit", _NO_SQL, {}, then=call)


_NO_SQL = SqlText("")

Plan: TypeAlias = Generator[Statement, Result, T]


def drive(plan: Plan[T], execute: Callable[[Statement], Result]) -> T:
    """Run `plan` to its end, feeding each statement's result back into it."""
    try:
        statement = next(plan)
        while True:
            try:
                result = execute(statement)
            except Exception as error:  # noqa: BLE001 - the plan decides what a failure means
                error.add_note(f"in statement {statement.name!r}")
                statement = plan.throw(error)
            else:
                statement = plan.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value


async def drive_async(plan: Plan[T], execute: Callable[[Statement], Awaitable[Result]]) -> T:
    """Run `plan` to its end on an async connection. See `drive`."""
    try:
        statement = next(plan)
        while True:
            try:
                result = await execute(statement)
            except Exception as error:  # noqa: BLE001 - the plan decides what a failure means
                error.add_note(f"in statement {statement.name!r}")
                statement = plan.throw(error)
            else:
                statement = plan.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value
