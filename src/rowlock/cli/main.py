"""Where the `rowlock` command starts; nothing is imported before Ctrl-C is taken care of."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from rowlock.cli.loading import loading

        with loading():
            from rowlock.cli.program import program

        program.main()
    except KeyboardInterrupt:
        sys.exit(130)
