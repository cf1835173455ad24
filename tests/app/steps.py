"""What the tests of the facades say in one word each."""

from __future__ import annotations

from typing import Any

from rowlock import Rowlock, TaskDefinition
from tests.support.backends import sql_plan


def greeting(app: Rowlock, **defaults: Any) -> TaskDefinition[..., Any]:
    """A definition `send_greeting` on the app."""

    @app.task(alias="send_greeting", **defaults)
    def send_greeting(name: str = "you", times: int = 1) -> str:
        """Greet somebody."""
        return f"hello {name}" * times

    return send_greeting


def count(app: Rowlock, table: str) -> int:
    """How many rows one of our tables has."""
    app.core.open()
    text = f"SELECT count(*) FROM rowlock_{table}"  # noqa: S608 - a name from a test
    result = app.core.storage.runner.read(sql_plan, text)
    return int(result.rows[0][0])


def is_empty(app: Rowlock) -> bool:
    """Whether no part of any task is stored."""
    return [count(app, table) for table in ("task", "history", "payload", "attempt")] == [0] * 4
