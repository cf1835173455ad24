"""The worker of the place that a command was told: a database, or a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from rowlock.app.core import Application
from rowlock.cli.doors import Place
from rowlock.cli.options import Database
from rowlock.cli.places import Server
from rowlock.worker.life import WorkerLife
from rowlock.worker.upkeep import release_worker
from rowlock.worker.worker import Worker

_WAYS = ("URL", "SERVER", "TOKEN", "PROFILE", "NAMESPACE", "PREFIX", "SCHEMA")


def worker_at(
    place: Place, app: Application, queues: Mapping[str, int | None], **settings: Any
) -> WorkerLife:
    """Return a worker of that place, which is not started.

    Raises:
        InvalidValueError: A setting is refused.
        MissingExtraError: What speaks HTTP is not installed.
    """
    if not isinstance(place, Server):
        return Worker(app, queues, **settings)
    from rowlock.client import HttpWorker

    return HttpWorker(app, place.url, place.token, queues, namespace=place.namespace, **settings)


def releasing_at(place: Place, app: Application) -> Callable[[str], Awaitable[int]]:
    """Return what takes back the tasks of a dead worker; a server leaves them to their leases."""
    if isinstance(place, Server):
        return _left
    return partial(release_worker, app.core.storage, app.core.namespace)


async def _left(worker: str) -> int:
    del worker
    return 0


def environment_at(place: Place, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of worker processes; an argument would show secrets."""
    ours = {f"ROWLOCK_{way}" for way in _WAYS}
    kept = {name: value for name, value in inherited.items() if name not in ours}
    said = _said(place)
    return kept | {f"ROWLOCK_{name}": value for name, value in said.items() if value is not None}


def _said(place: Place) -> dict[str, str | None]:
    if isinstance(place, Server):
        return {"SERVER": place.url, "TOKEN": place.token, "NAMESPACE": place.namespace}
    assert isinstance(place, Database)  # noqa: S101 - there is no third kind
    return {"URL": place.url, **{name.upper(): value for name, value in place.given().items()}}
