"""`rowlock server`: the HTTP service."""

from __future__ import annotations

from typing import Any

import click

from rowlock.cli.exits import ExitCode
from rowlock.cli.options import Database, database_options, examples, number
from rowlock.cli.output import warn
from rowlock.cli.worker import log_level_option, log_to_stderr
from rowlock.errors import InvalidValueError

LOOPBACK = "127.0.0.1"
WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 - what is told apart here


@click.command(
    epilog=examples(
        "rowlock server --url sqlite:///app.db",
        "rowlock server tasks:app --worker",
        "rowlock server --host 0.0.0.0 --allow-host queue.example",
    )
)
@click.argument("app", required=False)
@click.option("--host", default=LOOPBACK, show_default=True, metavar="ADDRESS", help="Where.")
@click.option(
    "--port", type=number, default=8080, show_default=True, metavar="PORT", help="0: any free one."
)
@click.option(
    "--no-auth",
    is_flag=True,
    help="Answer requests without a token; only on this machine's own addresses.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="What requests may call the server, besides its address and localhost; again for more. "
    "'*': anything.",
)
@click.option(
    "--trust-proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    help="A proxy, or a network of them, whose X-Forwarded-For tells the client's address; again "
    "for more.",
)
@click.option(
    "--root-path",
    default="",
    metavar="PATH",
    help="What a proxy takes off the paths on the way, such as /queue.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Requests a second of one token, and of one address.  [default: 500]",
)
@click.option(
    "--streams",
    type=click.IntRange(min=0),
    metavar="N",
    help="Streams of live events at once.  [default: 1000]",
)
@click.option("--no-graphql", is_flag=True, help="Leave /graphql out, also if it is installed.")
@click.option("--worker", is_flag=True, help="Also run the app's tasks, in this process.")
@log_level_option
@database_options
def command(  # noqa: PLR0913 - one parameter for each option
    database: Database,
    *,
    app: str | None,
    host: str,
    port: int,
    no_auth: bool,
    hosts: tuple[str, ...],
    proxies: tuple[str, ...],
    root_path: str,
    rate: float | None,
    streams: int | None,
    no_graphql: bool,
    worker: bool,
    log_level: str,
) -> None:
    """Serve the queue over HTTP until told to stop.

    APP is module:name, such as tasks:app; without one, a database is enough. Every request needs
    a token: 'rowlock token create'. The first SIGTERM or Ctrl-C lets requests finish. It also
    does the upkeep of the database, as a worker does.
    """
    import asyncio

    from rowlock.worker.health import checked_port

    checked_port("port", port)
    if worker and app is None:
        raise click.UsageError("--worker needs APP, whose tasks it runs: module:name")
    from rowlock.http import Limits, create_asgi
    from rowlock.http.front import checked_front
    from rowlock.http.hosts import LOCAL_HOSTS
    from rowlock.http.serving import Place, serve
    from rowlock.wire.hosts import is_loopback

    if no_auth and not is_loopback(host):
        raise InvalidValueError(
            "host",
            f"--no-auth is for {LOOPBACK} alone, others could reach {host or 'every address'}: "
            "leave it out and make a token with 'rowlock token create'",
        )
    front = checked_front(proxies, root_path)
    log_to_stderr(log_level)
    served = _app(app, database)
    own = () if host in WILDCARDS else (host,)
    asgi = create_asgi(
        served,
        needs_token=not no_auth,
        allowed_hosts=(*LOCAL_HOSTS, *own, *hosts),
        limits=Limits(**_limits(rate, streams)),
        graphql=not no_graphql,
    )
    beside = _worker(served) if worker else None
    try:
        given_up = asyncio.run(serve(served, asgi, Place(host, port), front=front, worker=beside))
    finally:
        served.core.close()
    if given_up:
        warn(f"rowlock: {given_up} tasks were given up; they run again")
        raise click.exceptions.Exit(ExitCode.FAILED)


def _limits(rate: float | None, streams: int | None) -> dict[str, Any]:
    """Return what was given of `Limits`."""
    given: dict[str, Any] = {}
    if rate is not None:
        given |= {"rate": rate, "burst": max(1, round(2 * rate))}
    if streams is not None:
        given |= {"streams": streams, "streams_each": streams}
    return given


def _app(app: str | None, database: Database) -> Any:
    if app is not None:
        from rowlock.cli.apps import load_app

        return load_app(app, database)
    from rowlock import AsyncRowlock

    return AsyncRowlock(database.needed_url, **database.given())


def _worker(served: Any) -> Any:
    from rowlock import Worker
    from rowlock.model.names import DEFAULT_QUEUE

    own = {definition.queue: None for definition in served.core.registry}
    return Worker(served, own or {DEFAULT_QUEUE: None})
