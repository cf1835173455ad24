"""What handlers do to a table of their own, next to the queue's tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rowlock import Context, Rowlock, Task, Worker
from tests.support.backends import sql_plan

Handler = Callable[[Context], Any]


def insertion(number: int) -> str:
    """SQL for one effect."""
    return f"INSERT INTO effect VALUES ({number:d})"  # noqa: S608 - a number


def insert(connection: Any, number: int = 1) -> None:
    """Have one effect, through any sync driver."""
    cursor = connection.cursor()
    cursor.execute(insertion(number))
    cursor.close()


def run(app: Rowlock, handler: Handler, **options: Any) -> Task:
    """Run one task with this handler; return it as it is then."""
    task = app.task(alias="work", **options)(handler).enqueue()
    Worker(app, concurrency=2).run_once()
    return app.get_task(task)


class Effects:
    """The table `effect`, empty at first."""

    def __init__(self, app: Rowlock) -> None:
        app.core.open()
        self._run = app.core.storage.runner.run
        self._run(sql_plan, "CREATE TABLE IF NOT EXISTS effect (number integer)")
        self._run(sql_plan, "DELETE FROM effect")

    def __call__(self) -> list[int]:
        """The numbers in it."""
        return sorted(row[0] for row in self._run(sql_plan, "SELECT number FROM effect").rows)
