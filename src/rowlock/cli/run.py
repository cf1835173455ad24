"""`rowlock run`: another name of `rowlock server`, with the URL as its argument."""

from __future__ import annotations

import click

from rowlock.cli.options import examples


@click.command(
    context_settings={"ignore_unknown_options": True},
    epilog=examples(
        "rowlock run postgresql://localhost/app",
        "rowlock run sqlite:///app.db --port 8081",
    ),
)
@click.argument("url")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(context: click.Context, *, url: str, options: tuple[str, ...]) -> None:
    """Serve the database at a URL over HTTP: 'rowlock server --url URL'.

    OPTIONS are those of 'rowlock server'.
    """
    from rowlock.cli.server import command as server

    with server.make_context("server", ["--url", url, *options], parent=context.parent) as serving:
        server.invoke(serving)
