"""`rowlock demo`: index a directory of real files, one task for each."""

from __future__ import annotations

import click

from rowlock.cli.options import debug_option, examples, json_option

DEFAULT_CONCURRENCY = 32


@click.command(
    epilog=examples(
        "rowlock demo",
        "rowlock demo --dir ~/src --db index.db",
        "rowlock demo --dir ~/src --db index.db      # again: goes on where it stopped",
    )
)
@click.option(
    "--dir",
    "directory",
    metavar="DIR",
    help="Every regular file below it; links are not followed.  "
    "[default: Python's standard library, without site-packages and __pycache__]",
)
@click.option(
    "--db", "path", metavar="PATH", help="The SQLite file.  [default: a new one, told at the end]"
)
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=DEFAULT_CONCURRENCY,
    show_default=True,
    metavar="N",
    help="Files at once.",
)
@debug_option
@json_option
def command(*, directory: str | None, path: str | None, concurrency: int, as_json: bool) -> None:
    """Index a directory of real files, one task for each, and watch it.

    Each file's SHA-256, bytes and lines are computed by a task that goes through a real queue
    and a real worker. Kill it whenever you like, with kill -9 too: run again with the same
    --db it goes on where it stopped. At the end everything is computed once more without the
    queue and compared. Files that cannot be read are left out and named.
    """
    from rowlock.cli.demo_run import run_demo

    run_demo(directory=directory, path=path, concurrency=concurrency, as_json=as_json)
