"""The app under measurement: tasks that do nothing."""

from __future__ import annotations

from rowlock import Rowlock

SLOTS = 1_000


def make_app(url: str, *, listen_url: str | None = None, poll: str | None = None) -> Rowlock:
    """Return an app with one definition, `noop`."""
    app = Rowlock(url, migrate=True, listen_url=listen_url, poll=poll)

    @app.task(alias="noop")
    async def noop() -> None:
        """Do nothing."""

    assert noop.alias == "noop"
    return app
