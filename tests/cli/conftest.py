"""A directory with an app, and a database that the app has been at work on."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from rowlock import Context, Rowlock, Worker

APP = '''
import os, time
from rowlock import Context, Rowlock

app = Rowlock(os.environ.get("APP_URL", "sqlite:///own.db"))

@app.task
def add(ctx: Context, a: int, b: int = 2) -> int:
    """Add two numbers."""
    ctx.log.info("adding %s and %s", a, b)
    return a + b

@app.task(queue="slow")
def sleep(ctx: Context, seconds: float) -> str:
    """Sleep, and say so."""
    end = time.monotonic() + seconds
    ctx.progress(50, "asleep")
    print("asleep", flush=True)
    while time.monotonic() < end:
        time.sleep(0.02)
    return "awake"

@app.task(max_attempts=1)
def boom(text: str) -> None:
    """Fail."""
    raise ValueError(text)
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the app `jobs:app` in it."""
    (tmp_path / "jobs.py").write_text(APP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


@pytest.fixture
def url(folder: Path) -> str:
    """The URL of a SQLite file that is not there yet."""
    return f"sqlite:///{folder}/tasks.db"


class Seeded:
    """What is in the database: one task of each kind."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ids: dict[str, UUID] = {}
        with closing(Rowlock(url)) as app:
            self._fill(app)

    def _fill(self, app: Rowlock) -> None:
        @app.task(max_attempts=2)
        def add(ctx: Context, a: int, b: int = 2) -> int:
            ctx.log.info("adding %s and %s", a, b)
            ctx.progress(50, "half")
            return a + b

        @app.task(max_attempts=1)
        def boom(text: str) -> None:
            raise ValueError(text)

        self.ids["succeeded"] = add.enqueue(1).id
        self.ids["failed"] = boom.enqueue("no \x1b[31mred\x1b[0m\n[bold]second line").id
        Worker(app).run_once()
        self.ids["queued"] = add.options(tags=["monthly"], priority=3).enqueue(2).id
        self.ids["scheduled"] = add.options(queue="later", delay="1h").enqueue(3).id

    def __getitem__(self, state: str) -> str:
        return str(self.ids[state])


@pytest.fixture
def seeded(url: str) -> Seeded:
    """A database with a succeeded, a failed, a queued and a scheduled task."""
    return Seeded(url)


def stored(url: str) -> list[Any]:
    """Every task in a database, which may not be there."""
    path = Path(url.removeprefix("sqlite:///"))
    if not path.exists():
        return []
    with closing(Rowlock(url)) as app:
        return list(app.list_tasks(limit=1000))
